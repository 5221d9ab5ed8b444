//! Listening, connections, and stopping without losing a request.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use automl_pack_bundle::Name;
use hyper::{
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};

use crate::{
    Error, Model, Models, Options,
    connections::Place,
    reload::{self, Source},
    routes,
    state::{Phase, State},
};

/// How often it is said that no connection can be had.
const MINUTE: Duration = Duration::from_secs(60);

/// A bundle that is to be served: where it is, and under which name where not its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// A file or a folder.
    pub path: PathBuf,
    /// Another name than its own.
    pub name: Option<Name>,
}

/// A server that listens.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use std::{io::{Read, Write}, net::TcpStream};
/// use automl_pack_serve::{Bundle, Log, Options, Server};
///
/// let options = Options { log: Log::Nothing, ..Options::default() };
/// let server = Server::bind("127.0.0.1:0".parse()?, options)?;
/// let addr = server.addr();
/// server.open(&[Bundle { path: "examples/titanic.pack.zip".into(), name: None }])?;
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let running = std::thread::spawn(move || server.run(async { drop(stopped.await) }));
///
/// let mut stream = TcpStream::connect(addr)?;
/// stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer)?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK"));
/// drop(stop);
/// running.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    state: Arc<State>,
}

/// What opens bundles of a server that may be running already.
#[derive(Clone)]
pub struct Opener {
    state: Arc<State>,
}

impl Server {
    /// Listens on an address; port 0 is any that is free. Nothing is answered yet.
    pub fn bind(addr: SocketAddr, options: Options) -> Result<Server, Error> {
        let bind = |source| Error::Bind { addr, source };
        let listener = listen(addr).map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        Ok(Server { listener, addr, state: State::new(options)? })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What is served.
    pub fn models(&self) -> &Models {
        &self.state.models
    }

    /// What opens bundles, for another thread than the one that serves.
    pub fn opener(&self) -> Opener {
        Opener { state: Arc::clone(&self.state) }
    }

    /// Opens bundles, replays their golden rows, and is ready.
    pub fn open(&self, bundles: &[Bundle]) -> Result<(), Error> {
        self.opener().open(bundles)
    }

    /// Serves until `shutdown` is over, and then until requests in flight are done.
    pub fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.state.options.threads.clamp(1, 8))
            .enable_all()
            .build()
            .map_err(|source| Error::Run { source })?;
        let served = runtime.block_on(self.serve(shutdown));
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }

    /// As [`Server::run`], until `is_over` says so, which is asked 20 times a second.
    pub fn run_until(self, is_over: impl Fn() -> bool) -> Result<(), Error> {
        self.run(async move {
            while !is_over() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }

    /// As [`Server::run`], where there is a runtime of tokio's already.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let run = |source| Error::Run { source };
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(run)?;
        let state = self.state;
        let scheme = if state.greeting.is_some() { "https" } else { "http" };
        state.journal.event("info", "listening", json!({ "addr": self.addr.to_string(), "scheme": scheme }));
        let (say_over, is_over) = watch::channel(false);
        let service = TowerToHyperService::new(routes::router(Arc::clone(&state)));
        let mut connections = JoinSet::new();
        let mut said_full = None;
        let mut others = JoinSet::new();
        reload::start(&state, &mut others).map_err(run)?;
        let stopped = stop(&state, shutdown);
        tokio::pin!(stopped);
        let until = loop {
            let stream = tokio::select! {
                until = &mut stopped => break until,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // No more files can be open: others close theirs.
                    Err(error) => {
                        if said_full.is_none_or(|said: Instant| said.elapsed() > MINUTE) {
                            said_full = Some(Instant::now());
                            let about = json!({ "error": error.to_string() });
                            state.journal.event("warn", "no connection", about);
                        }
                        state.connections.make_room();
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            let place = tokio::select! {
                until = &mut stopped => break until,
                place = state.connections.place() => place,
            };
            let (state, service, is_over) = (Arc::clone(&state), service.clone(), is_over.clone());
            connections.spawn(async move {
                tokio::select! {
                    () = greet(&state, stream, service, &place, is_over) => {}
                    () = place.gives_way() => {}
                }
            });
        };
        drop(listener);
        let _ = say_over.send(true);
        others.abort_all();
        // What is idle closes at once; what writes an answer has this long.
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout_at(until, all).await;
        state.journal.finish("stopped");
        Ok(())
    }
}

impl Opener {
    /// Opens bundles, replays their golden rows, and is ready.
    pub fn open(&self, bundles: &[Bundle]) -> Result<(), Error> {
        let opened = self.open_all(bundles);
        if let Err(error) = &opened {
            self.state.journal.event("error", "refused", json!({ "error": crate::refusal::chain(error) }));
        }
        opened
    }

    fn open_all(&self, bundles: &[Bundle]) -> Result<(), Error> {
        let state = &self.state;
        let (mut models, mut files) = (Vec::new(), Vec::new());
        for bundle in bundles {
            // What it is like before it is read: a change since then is seen.
            let read = reload::trace(&bundle.path);
            let model = Model::open(&bundle.path, bundle.name.as_ref(), state.options.policy)?;
            let name = bundle.name.clone().or_else(|| model.name().parse().ok());
            if let Some(name) = name {
                files.push(Source::new(&bundle.path, read, name, model.version()));
            }
            models.push(model);
        }
        state.models.add(models)?;
        state.files.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
        for (name, traffic) in &state.options.traffic {
            state.models.direct(name, traffic.clone())?;
        }
        state.go_to(Phase::Ready);
        for model in state.models.catalog().models() {
            let about =
                json!({ "model": model.name(), "version": model.version(), "digest": model.digest() });
            state.journal.event("info", "opened", about);
        }
        Ok(())
    }
}

/// A socket with room for those that connect at once.
fn listen(addr: SocketAddr) -> std::io::Result<TcpListener> {
    const AT_ONCE: i32 = 4096;
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // A server that is started again does not wait for the connections of the one before.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(AT_ONCE)?;
    Ok(socket.into())
}

/// Is over when nothing is in flight after a shutdown, or when that took too long. New requests are refused meanwhile,
/// with an answer. Gives when it is time to go.
async fn stop(state: &Arc<State>, shutdown: impl Future<Output = ()>) -> tokio::time::Instant {
    shutdown.await;
    let until = tokio::time::Instant::now() + state.options.limits.grace;
    state.go_to(Phase::Stopping);
    state.journal.event("info", "stopping", json!({ "in_flight": state.in_flight() }));
    let idle = async {
        while state.in_flight() > 0 {
            let _ = tokio::time::timeout(Duration::from_millis(100), state.done.notified()).await;
        }
    };
    if tokio::time::timeout_at(until, idle).await.is_err() {
        state.journal.event("warn", "gave up", json!({ "in_flight": state.in_flight() }));
    }
    until
}

type Service = TowerToHyperService<axum::Router>;

async fn greet(
    state: &State,
    stream: TcpStream,
    service: Service,
    place: &Place,
    is_over: watch::Receiver<bool>,
) {
    // Answers are small, and written whole.
    let _ = stream.set_nodelay(true);
    let Some(greeting) = &state.greeting else {
        return connection(state, place.told(stream), service, place, is_over).await;
    };
    // What goes wrong on a connection is its caller's to know.
    if let Ok(Ok(stream)) = tokio::time::timeout(state.options.limits.headers, greeting.greet(stream)).await {
        connection(state, place.told(stream), service, place, is_over).await;
    }
}

async fn connection(
    state: &State,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    service: Service,
    place: &Place,
    mut is_over: watch::Receiver<bool>,
) {
    const LONGEST_HEAD: usize = 64 << 10;
    let service = service_fn(|request| {
        let (asking, answer) = (place.ask(), service.call(request));
        async move {
            let answer = answer.await;
            drop(asking);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Who has said all may stop talking, and still listens.
        .half_close(true)
        .header_read_timeout(state.options.limits.headers)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = async { drop(is_over.wait_for(|is_over| *is_over).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if served.is_err_and(|error| error.is_parse()) {
        state.metrics.unreadable();
    }
}
