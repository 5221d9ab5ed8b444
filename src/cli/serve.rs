//! `automl-pack serve`.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, ToSocketAddrs},
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
    serve::{Bundle, Error, Limits, Log, Options, Server, Tls, Traffic},
};
use clap::{ArgMatches, Args, ValueEnum};

use super::{
    failure::{Exit, Failure},
    interrupt,
    predict::words::{Do, bytes, seconds},
    settings,
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
    #[arg(value_name = "BUNDLE", value_parser = bundle)]
    bundles: Vec<Bundle>,
    /// A file with a table [serve], of which each key is an option's name, and `bundles` a list; options and the
    /// environment go before it [default: automl-pack.toml, where there is one]
    #[arg(long, value_name = "FILE", env = "AUTOML_PACK_CONFIG")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", env = "AUTOML_PACK_ADDR", value_parser = addr)]
    addr: SocketAddr,
    /// What everyone who asks must say, as a bearer token
    #[arg(long, value_name = "TOKEN", env = "AUTOML_PACK_TOKEN", hide_env_values = true, value_parser = token)]
    token: Option<String>,
    /// What must be said to put a bundle to /v1/models/NAME, as a bearer token; without it, none can be put
    #[arg(long, value_name = "TOKEN", env = "AUTOML_PACK_PUT_TOKEN", hide_env_values = true, value_parser = token)]
    put_token: Option<String>,
    /// How much of the requests that name no version one answers, beside others that are given a share
    #[arg(long, value_name = "NAME@VERSION=SHARE", env = "AUTOML_PACK_SHARE", value_delimiter = ',', value_parser = share)]
    share: Vec<Share>,
    /// A version that scores these requests too, after the answer: compared in /metrics, and given to nobody
    #[arg(long, value_name = "NAME@VERSION", env = "AUTOML_PACK_SHADOW", value_delimiter = ',', value_parser = version)]
    shadow: Vec<(String, String)>,
    /// Speak HTTPS, with this certificate and those above it, as PEM
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", env = "AUTOML_PACK_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", env = "AUTOML_PACK_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How many threads score [default: one for each core]
    #[arg(long, value_name = "N", env = "AUTOML_PACK_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// What to do with missing, unseen, unreadable and out-of-range cells, where a request does not say
    #[arg(long, value_name = "ACTION", env = "AUTOML_PACK_POLICY")]
    policy: Option<Do>,
    /// The longest body
    #[arg(long, value_name = "BYTES", default_value = "16MB", env = "AUTOML_PACK_MAX_BODY", value_parser = bytes)]
    max_body: u64,
    /// How many bytes of bodies are held at once; requests beyond are answered with 429
    #[arg(long, value_name = "BYTES", default_value = "512MB", env = "AUTOML_PACK_MAX_BODIES", value_parser = bytes)]
    max_bodies: u64,
    /// The most rows of a request
    #[arg(long, value_name = "N", default_value_t = 100_000, env = "AUTOML_PACK_MAX_ROWS")]
    max_rows: usize,
    /// How many requests wait for a thread; others are answered with 429
    #[arg(long, value_name = "N", default_value_t = 256, env = "AUTOML_PACK_MAX_WAITING")]
    max_waiting: usize,
    /// How many connections are open; for others, those that ask nothing are closed
    #[arg(long, value_name = "N", default_value_t = 4096, env = "AUTOML_PACK_MAX_CONNECTIONS")]
    max_connections: usize,
    /// How long a request's headers may take, and a connection between two requests
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, env = "AUTOML_PACK_HEADER_TIMEOUT", value_parser = seconds, allow_negative_numbers = true)]
    header_timeout: f64,
    /// How long a body may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_BODY_TIMEOUT", value_parser = seconds, allow_negative_numbers = true)]
    body_timeout: f64,
    /// How long an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_TIMEOUT", value_parser = seconds, allow_negative_numbers = true)]
    timeout: f64,
    /// How long requests in flight may take when the server stops
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, env = "AUTOML_PACK_GRACE", value_parser = seconds, allow_negative_numbers = true)]
    grace: f64,
    /// Do not look whether the bundles' files change
    #[arg(long, env = "AUTOML_PACK_NO_WATCH", value_parser = clap::builder::BoolishValueParser::new())]
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

/// An address, or the first of a name.
fn addr(text: &str) -> Result<SocketAddr, String> {
    let expected = "expected ADDR:PORT, such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:8080";
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}: {expected}"))?;
    found.next().ok_or_else(|| expected.to_owned())
}

fn token(text: &str) -> Result<String, String> {
    let fits = text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected 8 or more characters of ASCII without spaces".to_owned())
}

/// A version of a model, and how much it answers.
#[derive(Debug, Clone)]
struct Share {
    name: String,
    version: String,
    share: f64,
}

fn share(text: &str) -> Result<Share, String> {
    let expected = || "expected NAME@VERSION=SHARE, such as churn@2.0.0=5".to_owned();
    let (of, share) = text.rsplit_once('=').ok_or_else(expected)?;
    let (name, version) = version(of).map_err(|_| expected())?;
    let share = share.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    Ok(Share { name, version, share: share.ok_or_else(expected)? })
}

fn version(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('@').filter(|(name, version)| !name.is_empty() && !version.is_empty());
    let (name, version) = parts.ok_or_else(|| "expected NAME@VERSION, such as churn@2.0.0".to_owned())?;
    Ok((name.to_owned(), version.to_owned()))
}

impl Serve {
    /// What was said, with what a file says.
    pub(crate) fn run(self, said: &ArgMatches) -> Result<Exit, Failure> {
        let settings: Serve = settings::with_file("serve", said, self.config.as_deref())?;
        match settings.bundles.is_empty() {
            true => Err(Failure::usage("there is no bundle to serve: automl-pack serve BUNDLE…")),
            false => settings.serve(),
        }
    }

    fn serve(self) -> Result<Exit, Failure> {
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
                bodies: usize::try_from(self.max_bodies).unwrap_or(usize::MAX),
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
            traffic: self.traffic(),
            tls: self.tls(),
            policy: self.policy.map_or(usual.policy, |action| Policy::all(action.into())),
            watch: !self.no_watch,
            log: match self.log {
                Tell::Requests => Log::All,
                Tell::Events => Log::Events,
                Tell::Nothing => Log::Nothing,
            },
        }
    }

    fn traffic(&self) -> BTreeMap<String, Traffic> {
        let mut all: BTreeMap<String, Traffic> = BTreeMap::new();
        for Share { name, version, share } in &self.share {
            all.entry(name.clone()).or_default().shares.insert(version.clone(), *share);
        }
        for (name, version) in &self.shadow {
            all.entry(name.clone()).or_default().shadows.insert(version.clone());
        }
        all
    }

    #[cfg(feature = "tls")]
    fn tls(&self) -> Option<Tls> {
        let (certificates, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(Tls { certificates, key })
    }

    #[cfg(not(feature = "tls"))]
    fn tls(&self) -> Option<Tls> {
        None
    }
}
