//! What is told on stderr: a line of JSON for each request and event.

use std::{
    hash::{BuildHasher, RandomState},
    io::Write,
    iter,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::options::Log;

/// Writes lines, as far as they are asked for.
///
/// A thread of its own writes them: who answers does not wait for who reads them. Lines that come faster than they are
/// read are left out, and counted.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    lines: Option<SyncSender<Line>>,
    left_out: AtomicU64,
}

/// A request that was answered, as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Answered<'a> {
    pub request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<&'a Trace>,
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    pub ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a, T> {
    time: String,
    level: &'a str,
    event: &'a str,
    #[serde(flatten)]
    about: &'a T,
}

#[derive(Debug)]
enum Line {
    Text(String),
    /// Whoever asks is told when all before it was written.
    Asked(SyncSender<()>),
}

impl Journal {
    /// How many lines wait at most.
    const MOST: usize = 4096;
    /// How long lines that nobody reads are waited for at the end.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(crate) fn new(log: Log) -> std::io::Result<Journal> {
        let mut lines = None;
        if log != Log::Nothing {
            let (sender, receiver) = sync_channel(Journal::MOST);
            thread::Builder::new().name("log".to_owned()).spawn(move || write(&receiver))?;
            lines = Some(sender);
        }
        Ok(Journal { log, lines, left_out: AtomicU64::new(0) })
    }

    /// Something that happened, and what it concerns.
    pub(crate) fn event(&self, level: &str, event: &str, about: Value) {
        self.say(level, event, &about);
    }

    /// A request that was answered.
    pub(crate) fn request(&self, request: &Answered<'_>) {
        let level = if request.status >= 500 { "error" } else { "info" };
        if self.log == Log::All || self.log == Log::Events && request.status >= 500 {
            self.say(level, "request", request);
        }
    }

    /// How many lines were left out.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Tells of the last event, and waits until all was written, if someone reads it.
    pub(crate) fn finish(&self, event: &str) {
        let Some(lines) = &self.lines else { return };
        let (done, is_done) = sync_channel(1);
        let last = [Line::Text(line("info", event, &Value::Object(Map::new()))), Line::Asked(done)];
        let until = Instant::now() + Journal::PATIENCE;
        for mut line in last {
            while let Err(TrySendError::Full(again)) = lines.try_send(line) {
                if Instant::now() > until {
                    return;
                }
                line = again;
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = is_done.recv_timeout(Journal::PATIENCE);
    }

    fn say(&self, level: &str, event: &str, about: &impl Serialize) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send(Line::Text(line(level, event, about))).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn line(level: &str, event: &str, about: &impl Serialize) -> String {
    let time = jiff::Timestamp::now().to_string();
    let mut line = serde_json::to_string(&Entry { time, level, event, about }).unwrap_or_default();
    line.push('\n');
    line
}

/// Writes what comes, as many lines at once as there are.
fn write(lines: &Receiver<Line>) {
    let mut text = String::new();
    while let Ok(first) = lines.recv() {
        let mut asked = Vec::new();
        for line in iter::once(first).chain(lines.try_iter().take(256)) {
            match line {
                Line::Text(line) => text.push_str(&line),
                Line::Asked(done) => asked.push(done),
            }
        }
        // Where nobody can hear it, nothing is lost.
        let _ = std::io::stderr().write_all(text.as_bytes());
        text.clear();
        for done in asked {
            let _ = done.send(());
        }
    }
}

/// Who a request is, for logs here and elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// What the caller calls it, or a number of our own.
    pub request: String,
    /// The trace that it is part of (W3C trace context): its id, our own span's, the caller's, and its flags.
    pub trace: Option<Trace>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Trace {
    pub id: String,
    pub span: String,
    pub parent: String,
    #[serde(skip)]
    flags: String,
}

impl Identity {
    pub(crate) fn of(headers: &HeaderMap) -> Identity {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_plain = |id: &&str| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        };
        let request =
            text("x-request-id").filter(is_plain).map_or_else(|| format!("{:016x}", random()), str::to_owned);
        Identity { request, trace: text("traceparent").and_then(Trace::read) }
    }
}

impl Trace {
    /// `00-<32 digits>-<16 digits>-<2 digits>`, in hexadecimal; later versions may have more behind.
    fn read(header: &str) -> Option<Trace> {
        let mut parts = header.trim().split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, digits: usize| {
            text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let has_value = |text: &str| text.bytes().any(|byte| byte != b'0');
        let fits = is_hex(version, 2)
            && version != "ff"
            && is_hex(id, 32)
            && has_value(id)
            && is_hex(parent, 16)
            && has_value(parent)
            && is_hex(flags, 2)
            && (version != "00" || parts.next().is_none());
        fits.then(|| Trace {
            id: id.to_owned(),
            span: format!("{:016x}", random().max(1)),
            parent: parent.to_owned(),
            flags: flags.to_owned(),
        })
    }

    /// What is told to whoever comes next.
    pub(crate) fn header(&self) -> String {
        format!("00-{}-{}-{}", self.id, self.span, self.flags)
    }
}

/// A number that no other request has. It is no secret.
fn random() -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    SEED.hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_over_where_it_is_one() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        let trace = Trace::read(&good).expect("it is one");
        assert_eq!((trace.id.as_str(), trace.parent.as_str()), (id, "00f067aa0ba902b7"));
        assert!(trace.header().starts_with(&format!("00-{id}-")) && trace.header().ends_with("-01"));
        for bad in [
            "",
            "00",
            &format!("ff-{id}-00f067aa0ba902b7-01"),
            &format!("00-{id}-0000000000000000-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{id}-00f067aa0ba902b7-01-more"),
            &format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
        ] {
            assert!(Trace::read(bad).is_none(), "{bad}");
        }
    }
}
