//! Bundles that are opened again, and certificates that are read again: when their files change, and when a signal asks
//! for it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use automl_pack_bundle::{MANIFEST, Name};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Model, refusal::chain, state::State, tls::Greeting};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What tells that a file changed, before it is read.
type Trace = (SystemTime, u64);

/// Starts looking, and listening for SIGHUP.
pub(crate) fn start(state: &Arc<State>, tasks: &mut JoinSet<()>) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
        let state = Arc::clone(state);
        tasks.spawn(async move {
            while hangups.recv().await.is_some() {
                reload(&state, |_| true).await;
                greet_anew(&state).await;
            }
        });
    }
    if state.options.watch {
        tasks.spawn(watch(Arc::clone(state)));
    }
    Ok(())
}

async fn watch(state: Arc<State>) {
    // A file counts as changed when two looks at it agree: one that is still written is left alone.
    let mut known: HashMap<PathBuf, Option<Trace>> = HashMap::new();
    let mut pending: HashMap<PathBuf, Option<Trace>> = HashMap::new();
    loop {
        for path in files(&state) {
            let now = trace(&path);
            let before = *known.entry(path.clone()).or_insert(now);
            if now.is_none() || now == before {
                pending.remove(&path);
            } else if pending.insert(path.clone(), now) == Some(now) {
                known.insert(path.clone(), now);
                pending.remove(&path);
                reload(&state, |model| model.from() == Some(path.as_path())).await;
                let greeting = state.greeting.as_ref().map(Greeting::files);
                if greeting.is_some_and(|files| files.contains(&path.as_path())) {
                    greet_anew(&state).await;
                }
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn files(state: &State) -> Vec<PathBuf> {
    let catalog = state.models.catalog();
    let bundles = catalog.models().filter_map(|model| model.from());
    let greeting = state.greeting.iter().flat_map(Greeting::files);
    bundles.chain(greeting).map(Path::to_owned).collect()
}

/// Reads certificates again. Where they are refused, new connections are greeted with those before; a key that comes
/// after its certificate is tried when it is there.
async fn greet_anew(state: &Arc<State>) {
    let state = Arc::clone(state);
    let read = tokio::task::spawn_blocking(move || {
        let Some(greeting) = &state.greeting else { return };
        match greeting.read_again() {
            Ok(()) => state.journal.event("info", "certificates", json!({})),
            Err(error) => state.journal.event("error", "refused", json!({ "error": chain(&error) })),
        }
    });
    let _ = read.await;
}

/// A bundle may be named without its `.zip`; a folder changes when its manifest does.
fn trace(path: &Path) -> Option<Trace> {
    let mut zip = path.as_os_str().to_owned();
    zip.push(".zip");
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => std::fs::metadata(path.join(MANIFEST)),
        Ok(metadata) => Ok(metadata),
        Err(_) => std::fs::metadata(zip),
    };
    let metadata = metadata.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Opens models again that came from files. One that is refused leaves the one that is served where it is.
async fn reload(state: &Arc<State>, is_meant: impl Fn(&Model) -> bool) {
    for old in state.models.catalog().models().filter(|model| is_meant(model)) {
        let Some(path) = old.from().map(Path::to_owned) else { continue };
        let (state, old) = (Arc::clone(state), Arc::clone(old));
        let again = tokio::task::spawn_blocking(move || {
            let name = old.name().parse::<Name>().ok();
            let opened = Model::open(&path, name.as_ref(), state.options.policy);
            let (outcome, about) = match opened {
                Ok(model) if model.digest() == old.digest() && model.version() == old.version() => {
                    ("unchanged", json!({ "model": old.name(), "version": old.version() }))
                }
                Ok(model) => {
                    let about = json!({ "model": model.name(), "version": model.version(), "digest": model.digest(),
                        "before": old.digest() });
                    state.models.replace(&old, model);
                    ("reloaded", about)
                }
                Err(error) => ("refused", json!({ "model": old.name(), "error": chain(&error) })),
            };
            state.metrics.reloaded(old.name(), outcome);
            state.journal.event(if outcome == "refused" { "error" } else { "info" }, outcome, about);
        });
        let _ = again.await;
    }
}
