//! A request's body, within its limits.

use std::{future::poll_fn, pin::pin};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};

use crate::{
    options::Limits,
    refusal::{Code, Refusal},
};

/// All bytes of a body: not more than `most`, and not later than limits say.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let message = format!("content-encoding: {} cannot be read", encoding.to_str().unwrap_or("?"));
        return Err(Refusal::new(Code::UnsupportedType, message).field("content-encoding"));
    }
    let told =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > most) {
        return Err(too_large(most));
    }
    match tokio::time::timeout(limits.arrival, collect(body, most)).await {
        Ok(read) => read,
        Err(_) => {
            let message = format!("the body was not there after {} seconds", limits.arrival.as_secs_f64());
            Err(Refusal::new(Code::TooSlow, message))
        }
    }
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Refusal> {
    let mut body = pin!(body);
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|error| {
            Refusal::new(Code::BadBody, format!("the body broke off: {}", crate::refusal::chain(&error)))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > most {
            return Err(too_large(most));
        }
        // Most bodies come in one piece, which is taken as it is.
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(Code::TooLarge, format!("the body has over {most} bytes, which is the limit"))
}
