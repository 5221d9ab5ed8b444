//! A request's body, within its limits.

use std::{future::poll_fn, ops::Deref, pin::pin, sync::Arc};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    options::Limits,
    refusal::{Code, Refusal},
    state::State,
};

/// A body that is held until it was read into rows, and as long takes its part of what all bodies may take.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Bytes,
    _part: Option<OwnedSemaphorePermit>,
}

impl Deref for Held {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

/// How many bytes a permit stands for.
const PART: usize = 1024;

/// What bodies may take together.
pub(crate) struct Bodies {
    parts: Arc<Semaphore>,
    most: usize,
}

impl Bodies {
    /// Not more than so many bytes.
    pub(crate) fn new(bytes: usize) -> Bodies {
        let most = (bytes / PART).clamp(1, Semaphore::MAX_PERMITS);
        Bodies { parts: Arc::new(Semaphore::new(most)), most }
    }

    /// How many bytes are held now.
    pub(crate) fn held(&self) -> usize {
        (self.most - self.parts.available_permits()) * PART
    }
}

/// All bytes of a request's body, within the limits of all.
pub(super) async fn read(state: &State, headers: &HeaderMap, body: Body) -> Result<Held, Refusal> {
    let limits = &state.options.limits;
    within(headers, body, limits.body, Some(&state.bodies.parts), limits).await
}

/// All bytes of a bundle. Who puts one is trusted with its size.
pub(super) async fn read_bundle(state: &State, headers: &HeaderMap, body: Body) -> Result<Held, Refusal> {
    let limits = &state.options.limits;
    within(headers, body, limits.bundle, None, limits).await
}

/// Not more than `most` bytes, and not later than limits say.
async fn within(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    all: Option<&Arc<Semaphore>>,
    limits: &Limits,
) -> Result<Held, Refusal> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let message = format!("content-encoding: {} cannot be read", encoding.to_str().unwrap_or("?"));
        return Err(Refusal::new(Code::UnsupportedType, message).field("content-encoding"));
    }
    let told =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > most) {
        return Err(too_large(most));
    }
    match tokio::time::timeout(limits.arrival, collect(body, most, all)).await {
        Ok(read) => read,
        Err(_) => {
            let message = format!("the body was not there after {} seconds", limits.arrival.as_secs_f64());
            Err(Refusal::new(Code::TooSlow, message))
        }
    }
}

async fn collect(body: Body, most: usize, all: Option<&Arc<Semaphore>>) -> Result<Held, Refusal> {
    let mut body = pin!(body);
    let (mut first, mut rest) = (Bytes::new(), Vec::new());
    let (mut part, mut parts) = (None::<OwnedSemaphorePermit>, 0);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|error| {
            Refusal::new(Code::BadBody, format!("the body broke off: {}", crate::refusal::chain(&error)))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let bytes = first.len() + rest.len() + data.len();
        if bytes > most {
            return Err(too_large(most));
        }
        // What came is counted, and not what was told to come.
        let needed = bytes.div_ceil(PART);
        if let (Some(all), true) = (all, needed > parts) {
            let more = u32::try_from(needed - parts).unwrap_or(u32::MAX);
            let more = Arc::clone(all).try_acquire_many_owned(more).map_err(|_| {
                Refusal::new(Code::Overloaded, "the bodies of other requests take all the room there is")
            })?;
            match &mut part {
                Some(part) => part.merge(more),
                None => part = Some(more),
            }
            parts = needed;
        }
        // Most bodies come in one piece, which is taken as it is.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    let bytes = if rest.is_empty() { first } else { rest.into() };
    Ok(Held { bytes, _part: part })
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(Code::TooLarge, format!("the body has over {most} bytes, which is the limit"))
}
