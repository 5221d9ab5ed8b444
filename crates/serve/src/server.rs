//! Listening, connections, and stopping without losing a request.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use automl_pack_bundle::Name;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    Error, Model, Models, Options, reload, routes,
    state::{Phase, State},
};

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
        let listener = TcpListener::bind(addr).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
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
        state.journal.event("info", "listening", json!({ "addr": self.addr.to_string(), "scheme": if state.greeting.is_some() { "https" } else { "http" } }));
        let (say_over, is_over) = watch::channel(false);
        let places = Arc::new(Semaphore::new(state.options.limits.connections.max(1)));
        let service = TowerToHyperService::new(routes::router(Arc::clone(&state)));
        let mut connections = JoinSet::new();
        let mut others = JoinSet::new();
        reload::start(&state, &mut others).map_err(run)?;
        let stopped = stop(&state, shutdown);
        tokio::pin!(stopped);
        loop {
            let place = tokio::select! {
                () = &mut stopped => break,
                Some(_) = connections.join_next() => continue,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let stream = tokio::select! {
                () = &mut stopped => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // No more files can be open: others close theirs.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            let (state, service, is_over) = (Arc::clone(&state), service.clone(), is_over.clone());
            connections.spawn(async move {
                let _place = place;
                state.connections.fetch_add(1, Ordering::Relaxed);
                greet(&state, stream, service, is_over).await;
                state.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
        drop(listener);
        let _ = say_over.send(true);
        others.abort_all();
        // What is idle closes at once; what writes an answer has this long.
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(state.options.limits.grace, all).await;
        state.journal.event("info", "stopped", json!({}));
        Ok(())
    }
}

impl Opener {
    /// Opens bundles, replays their golden rows, and is ready.
    pub fn open(&self, bundles: &[Bundle]) -> Result<(), Error> {
        let state = &self.state;
        let mut models = Vec::with_capacity(bundles.len());
        for bundle in bundles {
            models.push(Model::open(&bundle.path, bundle.name.as_ref(), state.options.policy)?);
        }
        state.models.add(models)?;
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

/// Is over when nothing is in flight after a shutdown, or when that took too long. New requests are refused meanwhile,
/// with an answer.
async fn stop(state: &Arc<State>, shutdown: impl Future<Output = ()>) {
    shutdown.await;
    state.go_to(Phase::Stopping);
    state.journal.event("info", "stopping", json!({ "in_flight": state.in_flight() }));
    let idle = async {
        while state.in_flight() > 0 {
            let _ = tokio::time::timeout(Duration::from_millis(100), state.done.notified()).await;
        }
    };
    if tokio::time::timeout(state.options.limits.grace, idle).await.is_err() {
        state.journal.event("warn", "gave up", json!({ "in_flight": state.in_flight() }));
    }
}

type Service = TowerToHyperService<axum::Router>;

async fn greet(state: &State, stream: TcpStream, service: Service, is_over: watch::Receiver<bool>) {
    // Answers are small, and written whole.
    let _ = stream.set_nodelay(true);
    let Some(greeting) = &state.greeting else { return connection(state, stream, service, is_over).await };
    // What goes wrong on a connection is its caller's to know.
    if let Ok(Ok(stream)) = tokio::time::timeout(state.options.limits.headers, greeting.greet(stream)).await {
        connection(state, stream, service, is_over).await;
    }
}

async fn connection<S>(state: &State, stream: S, service: Service, mut is_over: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    const LONGEST_HEAD: usize = 64 << 10;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.options.limits.headers)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = async { drop(is_over.wait_for(|is_over| *is_over).await) } => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
