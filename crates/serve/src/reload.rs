//! Bundles that are opened again, and certificates that are read again: when their files change, and when a signal asks
//! for it.
//!
//! The files are those that the server was started with, whatever is served of them by now: one that is refused, put over
//! or deleted is opened again when it changes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime},
};

use automl_pack_bundle::{MANIFEST, Name};
use serde_json::json;
use tokio::task::{JoinSet, spawn_blocking};

use crate::{Model, refusal::chain, state::State, tls::Greeting};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What tells that a file changed, before it is read.
pub(crate) type Trace = (SystemTime, u64);

/// A file, and what came of it.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    path: PathBuf,
    /// When it was read last.
    read: Option<Trace>,
    /// Another state of it, which is read when it stays.
    next: Option<Trace>,
    gives: T,
}

/// A file that is a bundle: the name that it is served under, and the version that it gave, if any.
pub(crate) type Source = Watched<(Name, Option<String>)>;

impl<T> Watched<T> {
    /// A file as it was before it was read.
    pub(crate) fn new(path: &Path, read: Option<Trace>, gives: T) -> Watched<T> {
        Watched { path: path.to_owned(), read, next: None, gives }
    }

    /// Whether it is to be read: it changed, and two looks at it agree. One that is still written is left alone.
    fn is_due(&mut self) -> bool {
        let now = trace(&self.path);
        let has_changed = now.is_some() && now != self.read;
        let is_due = has_changed && self.next == now;
        self.next = if has_changed { now } else { None };
        if is_due {
            self.read = now;
        }
        is_due
    }
}

/// Starts looking, and listening for SIGHUP.
pub(crate) fn start(state: &Arc<State>, tasks: &mut JoinSet<()>) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
        let state = Arc::clone(state);
        tasks.spawn(async move {
            while hangups.recv().await.is_some() {
                let state = Arc::clone(&state);
                let _ = spawn_blocking(move || {
                    reload(&state, true);
                    greet_anew(&state);
                })
                .await;
            }
        });
    }
    if state.options.watch {
        tasks.spawn(watch(Arc::clone(state)));
    }
    Ok(())
}

async fn watch(state: Arc<State>) {
    let greeting = state.greeting.iter().flat_map(Greeting::files);
    let mut certificates: Vec<Watched<()>> =
        greeting.map(|(path, read)| Watched::new(path, read, ())).collect();
    loop {
        let shared = Arc::clone(&state);
        let looked = spawn_blocking(move || {
            reload(&shared, false);
            let are_due = certificates.iter_mut().filter_map(|file| file.is_due().then_some(())).count() > 0;
            if are_due {
                greet_anew(&shared);
            }
            certificates
        });
        let Ok(again) = looked.await else { return };
        certificates = again;
        tokio::time::sleep(LOOK).await;
    }
}

/// A bundle may be named without its `.zip`; a folder changes when its manifest does.
pub(crate) fn trace(path: &Path) -> Option<Trace> {
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

/// Reads certificates again. Where they are refused, new connections are greeted with those before; a key that comes
/// after its certificate is tried when it is there.
fn greet_anew(state: &State) {
    let Some(greeting) = &state.greeting else { return };
    match greeting.read_again() {
        Ok(()) => state.journal.event("info", "certificates", json!({})),
        Err(error) => state.journal.event("error", "refused", json!({ "error": chain(&error) })),
    }
}

/// Opens files again: those that changed, or all. One that is refused leaves what is served where it is.
///
/// Files may exchange versions: one whose version another still gives waits until that one was opened.
fn reload(state: &State, all: bool) {
    let mut files = state.files.lock().unwrap_or_else(PoisonError::into_inner);
    let mut opened: Vec<(usize, Option<Arc<Model>>, Model)> = Vec::new();
    for (place, file) in files.iter_mut().enumerate() {
        if !file.is_due() && !all {
            continue;
        }
        file.read = trace(&file.path);
        let (name, version) = &file.gives;
        let old =
            version.as_deref().and_then(|version| state.models.catalog().find(name.as_str(), Some(version)));
        match Model::open(&file.path, Some(name), state.options.policy) {
            Ok(model) => opened.push((place, old, model)),
            Err(error) => {
                tell(
                    state,
                    name.as_str(),
                    "refused",
                    json!({ "model": name.as_str(), "error": chain(&error) }),
                );
            }
        }
    }
    while !opened.is_empty() {
        let gives = |place: &usize, model: &Model| {
            let others = files.iter().enumerate().filter(|(other, _)| other != place);
            let mut same = others.filter(|(_, file)| file.gives.0.as_str() == model.name());
            same.any(|(_, file)| file.gives.1.as_deref() == Some(model.version()))
        };
        let Some(next) = opened.iter().position(|(place, _, model)| !gives(place, model)) else { break };
        let (place, old, model) = opened.swap_remove(next);
        files[place].gives.1 = Some(exchange(state, old, model));
    }
    for (place, _, model) in opened {
        let file = &mut files[place];
        // It is tried again at the next look, by when the other may have changed.
        file.read = None;
        let error =
            format!("{} has version {}, which another file gives", file.path.display(), model.version());
        tell(state, model.name(), "refused", json!({ "model": model.name(), "error": error }));
    }
}

/// Puts a model in the place of the one that its file gave before. Gives its version. Where that one was put over or
/// deleted meanwhile, this is what counts.
fn exchange(state: &State, old: Option<Arc<Model>>, model: Model) -> String {
    let (name, version) = (model.name().to_owned(), model.version().to_owned());
    let mut about = json!({ "model": name, "version": version, "digest": model.digest() });
    let outcome = match old {
        Some(old) if old.digest() == model.digest() && old.version() == version => "unchanged",
        Some(old) => {
            about["before"] = old.digest().into();
            if state.models.replace(&old, model) { "reloaded" } else { "overtaken" }
        }
        None => {
            state.models.put(model, None);
            "reloaded"
        }
    };
    tell(state, &name, outcome, about);
    version
}

fn tell(state: &State, model: &str, outcome: &'static str, about: serde_json::Value) {
    state.metrics.reloaded(model, outcome);
    state.journal.event(if outcome == "refused" { "error" } else { "info" }, outcome, about);
}
