//! Connections that are open: no more than so many, of which those that ask nothing give way.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Places for connections.
///
/// Where all are taken, the connection that has asked nothing for the longest time is closed for who comes: whoever
/// opens connections and says nothing keeps nobody out.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    /// In the order in which they came.
    open: Mutex<VecDeque<Arc<Connection>>>,
    began: Instant,
}

/// A connection, and what it does.
pub(crate) struct Connection {
    requests: AtomicUsize,
    /// When it last began or ended a request, in milliseconds.
    active: AtomicU64,
    give_way: Notify,
}

/// A connection is open for as long as this is held.
pub(crate) struct Place {
    pub connection: Arc<Connection>,
    all: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

/// A request is asked for as long as this is held.
pub(crate) struct Asking(Arc<Connection>, Arc<Connections>);

/// What asked a moment ago may be reading its answer, or about to ask again.
const MOMENT: Duration = Duration::from_secs(2);

impl Connections {
    pub(crate) fn new(most: usize) -> Arc<Connections> {
        Arc::new(Connections {
            places: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            open: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// A place, as soon as there is one.
    pub(crate) async fn place(self: &Arc<Connections>) -> Option<Place> {
        let permit = loop {
            match Arc::clone(&self.places).try_acquire_owned() {
                Ok(permit) => break permit,
                Err(_) => self.make_room(),
            }
            let wait = Arc::clone(&self.places).acquire_owned();
            match tokio::time::timeout(Duration::from_millis(50), wait).await {
                Ok(permit) => break permit.ok()?,
                Err(_) => continue,
            }
        };
        let connection = Arc::new(Connection {
            requests: AtomicUsize::new(0),
            active: AtomicU64::new(self.now()),
            give_way: Notify::new(),
        });
        self.lock().push_back(Arc::clone(&connection));
        Some(Place { connection, all: Arc::clone(self), _permit: permit })
    }

    /// Closes the connection that has asked nothing for the longest time, if one has for a moment.
    pub(crate) fn make_room(&self) {
        let since = self.now().saturating_sub(MOMENT.as_millis() as u64);
        let open = self.lock();
        let idle = open.iter().filter(|connection| connection.requests.load(Ordering::Acquire) == 0);
        let longest = idle.min_by_key(|connection| connection.active.load(Ordering::Acquire));
        if let Some(longest) = longest.filter(|idle| idle.active.load(Ordering::Acquire) <= since) {
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

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Is over when another is to have the place.
    pub(crate) async fn gives_way(&self) {
        self.connection.give_way.notified().await;
    }

    /// What tells of the connection's requests.
    pub(crate) fn asks(&self) -> impl Fn() -> Asking + Clone + Send + use<> {
        let (connection, all) = (Arc::clone(&self.connection), Arc::clone(&self.all));
        move || {
            connection.requests.fetch_add(1, Ordering::AcqRel);
            Asking(Arc::clone(&connection), Arc::clone(&all))
        }
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
            open.swap_remove_back(place);
        }
    }
}
