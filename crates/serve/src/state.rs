//! What all requests share.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

use crate::{
    Error, Models, Options,
    connections::Connections,
    log::Journal,
    metrics::{Gauge, Metrics},
    queue::Queue,
    reload::Source,
    routes::body::Bodies,
    scoring::Waiting,
    tls::Greeting,
};

/// What all requests share.
pub(crate) struct State {
    pub options: Options,
    /// Where HTTPS is spoken.
    pub greeting: Option<Greeting>,
    pub models: Models,
    pub queue: Queue<Waiting>,
    /// What bodies may still take.
    pub bodies: Bodies,
    /// The bundles' files.
    pub files: Mutex<Vec<Source>>,
    /// For requests of many rows: all cores, one request at a time on each.
    pub wide: rayon::ThreadPool,
    pub metrics: Metrics,
    pub journal: Journal,
    pub began: Instant,
    pub connections: Arc<Connections>,
    in_flight: AtomicUsize,
    phase: AtomicU8,
    /// Told when a request is done.
    pub done: Notify,
}

/// How far the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Bundles are being opened.
    Opening,
    /// They are open, and their golden rows passed.
    Ready,
    /// Requests in flight are finished, and others refused.
    Stopping,
}

impl State {
    pub(crate) fn new(options: Options) -> Result<Arc<State>, Error> {
        let run = |source| Error::Run { source };
        // Each connection is a file. Some are left for bundles.
        let connections = options.limits.connections.min(files().saturating_sub(64).max(16));
        let wide = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.max(1))
            .thread_name(|number| format!("wide-{number}"))
            .build()
            .map_err(|error| run(std::io::Error::other(error)))?;
        Ok(Arc::new(State {
            queue: Queue::start(options.threads, options.limits.waiting).map_err(run)?,
            files: Mutex::default(),
            bodies: Bodies::new(options.limits.bodies),
            journal: Journal::new(options.log).map_err(run)?,
            greeting: options.tls.as_ref().map(Greeting::new).transpose()?,
            options,
            models: Models::default(),
            wide,
            metrics: Metrics::default(),
            began: Instant::now(),
            connections: Connections::new(connections),
            in_flight: AtomicUsize::new(0),
            phase: AtomicU8::new(Phase::Opening as u8),
            done: Notify::new(),
        }))
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Opening,
            1 => Phase::Ready,
            _ => Phase::Stopping,
        }
    }

    /// A server that stops never becomes ready again.
    pub(crate) fn go_to(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// A request is in flight for as long as what this gives is held.
    pub(crate) fn enter(self: &Arc<State>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(self))
    }

    /// What is measured when it is asked for.
    pub(crate) fn gauges(&self) -> Vec<Gauge> {
        let one = |name, about, value: f64| Gauge { name, about, values: vec![(Vec::new(), value)] };
        let mut gauges = vec![
            one(
                "automl_pack_ready",
                "Whether all bundles are open.",
                f64::from(u8::from(self.phase() == Phase::Ready)),
            ),
            one(
                "automl_pack_requests_in_flight",
                "Requests that are being answered.",
                self.in_flight() as f64,
            ),
            one(
                "automl_pack_requests_waiting",
                "Requests that wait for a thread.",
                self.queue.waiting() as f64,
            ),
            one("automl_pack_connections", "Connections that are open.", self.connections.count() as f64),
            one(
                "automl_pack_bodies_held_bytes",
                "What the bodies of requests take until they were read.",
                self.bodies.held() as f64,
            ),
            one(
                "automl_pack_log_lines_left_out",
                "Lines of the log that came faster than they were read.",
                self.journal.left_out() as f64,
            ),
            one(
                "automl_pack_uptime_seconds",
                "How long the server has run.",
                self.began.elapsed().as_secs_f64(),
            ),
        ];
        gauges.extend(resident().map(|bytes| one("process_resident_memory_bytes", "Memory in use.", bytes)));
        gauges.extend(self.of_models());
        gauges
    }

    fn of_models(&self) -> [Gauge; 3] {
        let (mut psi, mut rows, mut info) = (Vec::new(), Vec::new(), Vec::new());
        for model in self.models.catalog().models() {
            let labels = || vec![("model", model.name().to_owned()), ("version", model.version().to_owned())];
            info.push(([labels(), vec![("digest", model.digest().to_owned())]].concat(), 1.0));
            let (seen, moved) = model.watched().moved();
            rows.push((labels(), seen as f64));
            for column in moved {
                psi.push(([labels(), vec![("column", column.column)]].concat(), column.psi));
            }
        }
        let gauge = |name, about, values| Gauge { name, about, values };
        [
            gauge("automl_pack_model", "Models that are served.", info),
            gauge("automl_pack_drift_rows", "Rows that drift was worked out from.", rows),
            gauge("automl_pack_drift_psi", "How columns differ from the training data.", psi),
        ]
    }
}

/// How many files this process may have open, where the system tells it.
fn files() -> usize {
    let told = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(usize::MAX)
}

/// The memory of this process, where the system tells it.
fn resident() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

pub(crate) struct InFlight(Arc<State>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.0.done.notify_waiters();
    }
}
