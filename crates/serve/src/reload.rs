//! Bundles that are opened again, and certificates that are read again: when their files change, and when a signal asks
//! for it.
//!
//! The files are those that the server was started with, whatever is served of them by now: one that is refused, put over
//! or deleted is opened again when it changes.

use std::{
    collections::BTreeMap,
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

/// A file that is looked at.
#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// What it was like when it was read last.
    read: Option<Trace>,
    /// Another state of it, which is read when it stays.
    next: Option<Trace>,
}

/// A bundle's file.
#[derive(Debug)]
pub(crate) struct Source {
    file: Watched,
    /// What it is served under.
    name: Name,
    /// The version that it gave last.
    version: String,
    /// Whether it is tried again when another file changes.
    waits: bool,
}

impl Source {
    /// A file that gave a version, as it was before it was read.
    pub(crate) fn new(path: &Path, read: Option<Trace>, name: Name, version: &str) -> Source {
        let file = Watched { path: path.to_owned(), read, next: None };
        Source { file, name, version: version.to_owned(), waits: false }
    }
}

impl Watched {
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
    let mut certificates: Vec<Watched> =
        greeting.map(|(path, read)| Watched { path: path.to_owned(), read, next: None }).collect();
    loop {
        let shared = Arc::clone(&state);
        let looked = spawn_blocking(move || {
            reload(&shared, false);
            let mut are_due = false;
            for file in &mut certificates {
                are_due |= file.is_due();
            }
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
/// What was opened is taken over all at once, so that files may exchange versions. One whose version another file gives
/// is refused, and tried again when another changes.
fn reload(state: &State, all: bool) {
    let mut files = state.files.lock().unwrap_or_else(PoisonError::into_inner);
    let are_due: Vec<bool> = files.iter_mut().map(|source| source.file.is_due()).collect();
    let has_changed = are_due.contains(&true);
    let mut opened = Opened::new();
    for (place, source) in files.iter_mut().enumerate() {
        let name = source.name.as_str();
        let old = state.models.catalog().find(name, Some(&source.version));
        // What was deleted stays away until its file changes.
        let is_due = are_due[place] || source.waits && has_changed || all && old.is_some();
        if !is_due {
            continue;
        }
        (source.file.read, source.waits) = (trace(&source.file.path), false);
        match Model::open(&source.file.path, Some(&source.name), state.options.policy) {
            Ok(model) => drop(opened.insert(place, (old, model))),
            Err(error) => tell(state, name, "refused", json!({ "model": name, "error": chain(&error) })),
        }
    }
    while let Some(place) = twice(&files, &opened) {
        let Some((_, model)) = opened.remove(&place) else { break };
        files[place].waits = true;
        let (path, version) = (files[place].file.path.display(), model.version());
        let error = format!("{path} has version {version}, which another file gives");
        tell(state, model.name(), "refused", json!({ "model": model.name(), "error": error }));
    }
    take_over(state, &mut files, opened);
}

/// What was opened, by the place of its file, with what was served of the file before.
type Opened = BTreeMap<usize, (Option<Arc<Model>>, Model)>;

/// A file that was opened, and has a version that another gives.
fn twice(files: &[Source], opened: &Opened) -> Option<usize> {
    let gives = |place: usize| match opened.get(&place) {
        Some((_, model)) => (model.name(), model.version()),
        None => (files[place].name.as_str(), files[place].version.as_str()),
    };
    let is_same = |place: usize| (0..files.len()).any(|other| other != place && gives(other) == gives(place));
    opened.keys().rev().copied().find(|place| is_same(*place))
}

/// Serves what was opened. Where the model before was put over or deleted meanwhile, this is what counts.
fn take_over(state: &State, files: &mut [Source], opened: Opened) {
    let (mut changes, mut told) = (Vec::new(), Vec::new());
    for (place, (old, model)) in opened {
        let (name, version) = (model.name().to_owned(), model.version().to_owned());
        files[place].version.clone_from(&version);
        let is_same =
            old.as_ref().is_some_and(|old| old.digest() == model.digest() && old.version() == version);
        let mut about = json!({ "model": name, "version": version, "digest": model.digest() });
        if is_same {
            tell(state, &name, "unchanged", about);
            continue;
        }
        if let Some(old) = &old {
            about["before"] = json!({ "version": old.version(), "digest": old.digest() });
        }
        told.push((name, about));
        changes.push((old, model));
    }
    for ((name, about), was_there) in told.into_iter().zip(state.models.replace(changes)) {
        tell(state, &name, if was_there { "reloaded" } else { "overtaken" }, about);
    }
}

fn tell(state: &State, model: &str, outcome: &'static str, about: serde_json::Value) {
    state.metrics.reloaded(model, outcome);
    state.journal.event(if outcome == "refused" { "error" } else { "info" }, outcome, about);
}
