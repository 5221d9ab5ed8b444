//! Connections that are open: no more than so many, of which those that ask nothing give way.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
};

/// Places for connections.
///
/// Where all are taken, the connection that has asked nothing for the longest time is closed for who comes: whoever
/// opens connections and says nothing keeps nobody out.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    open: Mutex<Vec<Arc<Connection>>>,
    began: Instant,
}

/// A connection, and what it does.
pub(crate) struct Connection {
    requests: AtomicUsize,
    /// When it last ended a request, or was sent something, in milliseconds.
    active: AtomicU64,
    /// Whether it has asked anything yet.
    has_asked: AtomicBool,
    /// Whether there is more to send than is taken.
    is_sending: AtomicBool,
    give_way: Notify,
}

/// A connection is open for as long as this is held.
pub(crate) struct Place {
    connection: Arc<Connection>,
    all: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

/// A request is asked for as long as this is held.
pub(crate) struct Asking(Arc<Connection>, Arc<Connections>);

/// What asked a moment ago may be about to ask again.
const MOMENT: Duration = Duration::from_secs(2);

/// Who is sent an answer and takes nothing of it for so long has had its time.
const PATIENCE: Duration = Duration::from_secs(20);

impl Connections {
    pub(crate) fn new(most: usize) -> Arc<Connections> {
        Arc::new(Connections {
            places: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            open: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// A place, as soon as there is one.
    pub(crate) async fn place(self: &Arc<Connections>) -> Place {
        let permit = loop {
            let wait = Arc::clone(&self.places).acquire_owned();
            if self.places.available_permits() == 0 {
                self.make_room();
            }
            if let Ok(permit) = tokio::time::timeout(Duration::from_millis(50), wait).await {
                break permit.expect("places are never closed");
            }
        };
        let connection = Arc::new(Connection {
            requests: AtomicUsize::new(0),
            active: AtomicU64::new(self.now()),
            has_asked: AtomicBool::new(false),
            is_sending: AtomicBool::new(false),
            give_way: Notify::new(),
        });
        self.lock().push(Arc::clone(&connection));
        Place { connection, all: Arc::clone(self), _permit: permit }
    }

    /// Closes the connection that has asked nothing for the longest time: first of those that never have, then of those
    /// that have not for a moment.
    pub(crate) fn make_room(&self) {
        let now = self.now();
        let open = self.lock();
        let idle = open.iter().filter(|connection| {
            let is_sending = connection.is_sending.load(Ordering::Acquire);
            // Who never asked anything has the time until others come.
            let patience = match (connection.has_asked.load(Ordering::Acquire), is_sending) {
                (false, _) => Duration::ZERO,
                (true, false) => MOMENT,
                (true, true) => PATIENCE,
            };
            let since = now.saturating_sub(patience.as_millis() as u64);
            connection.requests.load(Ordering::Acquire) == 0
                && connection.active.load(Ordering::Acquire) <= since
        });
        let key = |connection: &&Arc<Connection>| {
            (connection.has_asked.load(Ordering::Acquire), connection.active.load(Ordering::Acquire))
        };
        if let Some(longest) = idle.min_by_key(key) {
            // It is asked once, and gone soon.
            longest.active.store(u64::MAX, Ordering::Release);
            longest.give_way.notify_one();
        }
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Is over when another is to have the place.
    pub(crate) async fn gives_way(&self) {
        self.connection.give_way.notified().await;
    }

    /// The connection's stream, which tells when something goes over it.
    pub(crate) fn told<S>(&self, stream: S) -> Telling<S> {
        Telling { stream, connection: Arc::clone(&self.connection), all: Arc::clone(&self.all) }
    }

    /// Tells that the connection asks something.
    pub(crate) fn ask(&self) -> Asking {
        self.connection.requests.fetch_add(1, Ordering::AcqRel);
        self.connection.has_asked.store(true, Ordering::Release);
        Asking(Arc::clone(&self.connection), Arc::clone(&self.all))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.active.store(self.1.now(), Ordering::Release);
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.all.lock();
        if let Some(place) = open.iter().position(|open| Arc::ptr_eq(open, &self.connection)) {
            open.swap_remove(place);
        }
    }
}

/// A stream that tells when something goes over it.
pub(crate) struct Telling<S> {
    stream: S,
    connection: Arc<Connection>,
    all: Arc<Connections>,
}

impl<S> Telling<S> {
    fn sent<T>(&self, done: &Poll<io::Result<T>>) {
        self.connection.is_sending.store(done.is_pending(), Ordering::Release);
        // One that is to give way stays the last.
        if done.is_ready() && self.connection.active.load(Ordering::Acquire) != u64::MAX {
            self.connection.active.store(self.all.now(), Ordering::Release);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Telling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Bytes that come are no sign of a request: whoever sends a header byte by byte asks nothing.
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Telling<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(&done);
        done
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.sent(&done);
        done
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
