//! How a server is run: limits, tokens, threads.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use automl_pack_plan::Policy;

use crate::Traffic;

/// How much a request, and all of them, may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of a body.
    pub body: usize,
    /// The bytes of all bodies that are held at once; requests beyond are answered with 429.
    pub bodies: usize,
    /// The bytes of a bundle that is put.
    pub bundle: usize,
    /// The rows of a request.
    pub rows: usize,
    /// How many requests wait for a thread that scores; those beyond are answered with 429.
    pub waiting: usize,
    /// How many connections are open, as far as the system lets files be open. For those beyond, the ones that have asked
    /// nothing for the longest time are closed.
    pub connections: usize,
    /// How long a request's headers, and a connection that asks nothing, may take.
    pub headers: Duration,
    /// How long a request's body may take.
    pub arrival: Duration,
    /// How long an answer may take from then on.
    pub answer: Duration,
    /// How long requests in flight may take when the server stops.
    pub grace: Duration,
}

impl Limits {
    /// The bytes that a body may unpack to.
    pub(crate) fn unpacked(&self) -> usize {
        self.body.saturating_mul(16)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 16 << 20,
            bodies: 512 << 20,
            bundle: 1 << 30,
            rows: 100_000,
            waiting: 256,
            connections: 4096,
            headers: Duration::from_secs(60),
            arrival: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            grace: Duration::from_secs(30),
        }
    }
}

/// How a server is run.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// How much may be asked for.
    pub limits: Limits,
    /// Who asks anything must say this token, but for `/`, `/livez` and `/readyz` and what other protocols call these.
    pub token: Option<String>,
    /// Who puts a bundle must say this token. Without one, none can be put.
    pub put_token: Option<String>,
    /// How many threads score.
    pub threads: usize,
    /// What is done with cells that are missing, unseen or unreadable, unless a request says else.
    pub policy: Policy,
    /// How requests that name no version are divided, by model. It can be said anew with the token for putting.
    pub traffic: BTreeMap<String, Traffic>,
    /// What HTTPS is spoken with. Without it, HTTP is.
    pub tls: Option<Tls>,
    /// Whether files are looked at every second, and opened again when they changed.
    pub watch: bool,
    /// What is told on stderr.
    pub log: Log,
}

/// The files of HTTPS, both PEM. They are read again when they change, and on SIGHUP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate, and those between it and one that callers trust.
    pub certificates: PathBuf,
    /// The private key of the first.
    pub key: PathBuf,
}

/// What is told on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Every request.
    All,
    /// What is none of the requests' doing, and requests that the server failed.
    Events,
    /// Nothing.
    Nothing,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            limits: Limits::default(),
            token: None,
            put_token: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            policy: Policy::default(),
            traffic: BTreeMap::new(),
            tls: None,
            watch: true,
            log: Log::All,
        }
    }
}

/// Tokens are shown to nobody.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("limits", &self.limits)
            .field("token", &self.token.is_some())
            .field("put_token", &self.put_token.is_some())
            .field("threads", &self.threads)
            .field("traffic", &self.traffic)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}
