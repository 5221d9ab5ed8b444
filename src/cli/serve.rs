//! `automl-pack serve`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use automl_pack::{
    Policy,
    bundle::Name,
    serve::{Bundle, Error, Limits, Log, Options, Server},
};
use clap::{Args, ValueEnum};

use super::{
    failure::{Exit, Failure},
    interrupt,
    predict::words::{Do, bytes, seconds},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Rows are posted to /v1/models/NAME/predict as JSON, CSV, an Arrow stream or Parquet. /v2 speaks the Open Inference \
Protocol with its binary extension, /invocations MLflow's, /v1/models/NAME:predict KServe's. / is a page for people, \
/openapi.json says all of it, /livez, /readyz and /metrics are for who operates it.

A bundle whose file changes is opened again, also on SIGHUP; one that is refused then leaves the one before in its \
place. SIGTERM or Ctrl-C: requests in flight are finished, new ones are refused.")]
pub(crate) struct Serve {
    /// Bundles, each under its own name or as NAME=BUNDLE; several versions of one name are served side by side
    #[arg(required = true, value_name = "BUNDLE", value_parser = bundle)]
    bundles: Vec<Bundle>,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", env = "AUTOML_PACK_ADDR")]
    addr: SocketAddr,
    /// What everyone who asks must say, as a bearer token
    #[arg(long, value_name = "TOKEN", env = "AUTOML_PACK_TOKEN", hide_env_values = true, value_parser = token)]
    token: Option<String>,
    /// What must be said to put a bundle to /v1/models/NAME, as a bearer token; without it, none can be put
    #[arg(long, value_name = "TOKEN", env = "AUTOML_PACK_PUT_TOKEN", hide_env_values = true, value_parser = token)]
    put_token: Option<String>,
    /// How many threads score [default: one for each core]
    #[arg(long, value_name = "N", env = "AUTOML_PACK_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// What to do with missing, unseen, unreadable and out-of-range cells, where a request does not say
    #[arg(long, value_name = "ACTION", env = "AUTOML_PACK_POLICY")]
    policy: Option<Do>,
    /// The longest body
    #[arg(long, value_name = "BYTES", default_value = "16MB", env = "AUTOML_PACK_MAX_BODY", value_parser = bytes)]
    max_body: u64,
    /// The most rows of a request
    #[arg(long, value_name = "N", default_value_t = 100_000, env = "AUTOML_PACK_MAX_ROWS")]
    max_rows: usize,
    /// How many requests wait for a thread; others are answered with 429
    #[arg(long, value_name = "N", default_value_t = 256, env = "AUTOML_PACK_MAX_WAITING")]
    max_waiting: usize,
    /// How many connections are open; others wait until one closes
    #[arg(long, value_name = "N", default_value_t = 4096, env = "AUTOML_PACK_MAX_CONNECTIONS")]
    max_connections: usize,
    /// How long a request's headers may take, and a connection between two requests
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, env = "AUTOML_PACK_HEADER_TIMEOUT", value_parser = seconds)]
    header_timeout: f64,
    /// How long a body may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_BODY_TIMEOUT", value_parser = seconds)]
    body_timeout: f64,
    /// How long an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_TIMEOUT", value_parser = seconds)]
    timeout: f64,
    /// How long requests in flight may take when the server stops
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_GRACE", value_parser = seconds)]
    grace: f64,
    /// Do not look whether the bundles' files change
    #[arg(long)]
    no_watch: bool,
    /// What is told on stderr, as lines of JSON
    #[arg(long, value_name = "WHAT", default_value = "requests", env = "AUTOML_PACK_LOG")]
    log: Tell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tell {
    /// Every request, and what happens besides
    Requests,
    /// What happens besides, and requests that the server failed
    Events,
    /// Nothing
    Nothing,
}

/// `BUNDLE`, or `NAME=BUNDLE` where no file is called so.
fn bundle(text: &str) -> Result<Bundle, String> {
    if let Some((name, path)) = text.split_once('=')
        && !Path::new(text).exists()
        && let Ok(name) = name.parse::<Name>()
    {
        return Ok(Bundle { path: PathBuf::from(path), name: Some(name) });
    }
    Ok(Bundle { path: PathBuf::from(text), name: None })
}

fn token(text: &str) -> Result<String, String> {
    let fits = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected 8 or more characters of ASCII without spaces".to_owned())
}

impl Serve {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let stop = interrupt::watch()?;
        let server = Server::bind(self.addr, self.options()).map_err(|error| Failure::serving(&error))?;
        // Whoever asks while bundles are opened is told so.
        let (opener, bundles) = (server.opener(), self.bundles);
        let (refused, is_refused) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
        let (to_refused, to_is_refused) = (Arc::clone(&refused), Arc::clone(&is_refused));
        thread::spawn(move || {
            if let Err(error) = opener.open(&bundles) {
                *to_refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                to_is_refused.store(true, Ordering::Release);
            }
        });
        let served = server.run_until(|| stop.is_set() || is_refused.load(Ordering::Acquire));
        let refused: Option<Error> = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        match refused.map_or(served, Err) {
            Ok(()) => Ok(Exit::DONE),
            Err(error) => Err(Failure::serving(&error)),
        }
    }

    fn options(&self) -> Options {
        let seconds = Duration::from_secs_f64;
        let usual = Options::default();
        Options {
            limits: Limits {
                body: usize::try_from(self.max_body).unwrap_or(usize::MAX),
                rows: self.max_rows,
                waiting: self.max_waiting,
                connections: self.max_connections,
                headers: seconds(self.header_timeout),
                arrival: seconds(self.body_timeout),
                answer: seconds(self.timeout),
                grace: seconds(self.grace),
                ..usual.limits
            },
            token: self.token.clone(),
            put_token: self.put_token.clone(),
            threads: self.threads.map_or(usual.threads, usize::from),
            policy: self.policy.map_or(usual.policy, |action| Policy::all(action.into())),
            watch: !self.no_watch,
            log: match self.log {
                Tell::Requests => Log::All,
                Tell::Events => Log::Events,
                Tell::Nothing => Log::Nothing,
            },
        }
    }
}
