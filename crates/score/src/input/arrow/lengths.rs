//! What packed buffers claim to unpack to, checked before room is made for it.
//!
//! Each packed buffer begins with the length of what is in it, for which the library that unpacks it makes room at once. A
//! length that could never come out of so few bytes would end the process.

use std::collections::HashMap;

use arrow_ipc::{CompressionType, MessageHeader, RecordBatch, root_as_message};
use arrow_schema::ArrowError;

/// How many bytes of buffers follow what stands before them, and whether these are packed; none of what is no message.
pub(super) fn of_body(metadata: &[u8]) -> Option<(u64, bool)> {
    let message = root_as_message(metadata).ok()?;
    let is_packed = batch(&message).is_some_and(|batch| batch.compression().is_some());
    Some((u64::try_from(message.bodyLength()).ok()?, is_packed))
}

/// What messages may unpack to: each of them, and all dictionaries that are held.
#[derive(Debug)]
pub(super) struct Lengths {
    most: u64,
    dictionaries: HashMap<i64, u64>,
}

impl Lengths {
    pub(super) fn new(most: u64) -> Lengths {
        Lengths { most, dictionaries: HashMap::new() }
    }

    /// Checks what the buffers of a message claim: not more than they can hold, and together not more than is allowed.
    /// What is no message at all is refused by whoever reads it.
    pub(super) fn check(&mut self, metadata: &[u8], body: &[u8]) -> Result<(), ArrowError> {
        let Ok(message) = root_as_message(metadata) else { return Ok(()) };
        let Some(batch) = batch(&message) else { return Ok(()) };
        let told = of_buffers(&batch, body)?;
        let all = match message.header_as_dictionary_batch() {
            Some(dictionary) => {
                let held = self.dictionaries.entry(dictionary.id()).or_default();
                *held = told.saturating_add(if dictionary.isDelta() { *held } else { 0 });
                self.dictionaries.values().fold(0, |all: u64, held| all.saturating_add(*held))
            }
            None => told,
        };
        if all > self.most {
            let what = format!("packed buffers hold over {} bytes together, which is the limit", self.most);
            return Err(ArrowError::IpcError(what));
        }
        Ok(())
    }
}

/// What the packed buffers of a batch claim to hold together.
fn of_buffers(batch: &RecordBatch<'_>, body: &[u8]) -> Result<u64, ArrowError> {
    let Some(packing) = batch.compression() else { return Ok(0) };
    // What packs best: long matches of one byte for 255, and blocks of 4 bytes for 128 kB of the same.
    let best: u64 = if packing.codec() == CompressionType::ZSTD { 1 << 15 } else { 256 };
    let mut all = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let packed = place(buffer.offset(), buffer.length()).and_then(|(from, to)| body.get(from..to));
        let Some((told, packed)) = packed.and_then(|packed| packed.split_first_chunk::<8>()) else {
            continue;
        };
        // None, or the bytes as they are.
        let Some(told) = u64::try_from(i64::from_le_bytes(*told)).ok().filter(|told| *told > 0) else {
            continue;
        };
        all = all.saturating_add(told);
        if told > (packed.len() as u64).saturating_mul(best).saturating_add(1 << 17) {
            let what = format!("a packed buffer of {} bytes claims to hold {told}", packed.len());
            return Err(ArrowError::IpcError(what));
        }
    }
    Ok(all)
}

fn place(offset: i64, length: i64) -> Option<(usize, usize)> {
    let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
    Some((offset, offset.checked_add(length)?))
}

fn batch<'m>(message: &arrow_ipc::Message<'m>) -> Option<RecordBatch<'m>> {
    match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch()?.data(),
        _ => None,
    }
}
