//! The bytes of an Arrow stream, of which packed messages are checked before they are handed on.

use std::{
    io::{self, Read},
    ops::Range,
};

use super::lengths::{self, Lengths};

/// A stream whose packed messages are handed on when they were checked; all else is as it comes.
pub(super) struct Checked<R> {
    input: R,
    /// What was read, and how much of it was handed on.
    ahead: Vec<u8>,
    given: usize,
    /// How many bytes are handed on as they come before a message begins; none where no more begins.
    left: Option<u64>,
    lengths: Lengths,
}

impl<R: Read> Checked<R> {
    /// A message may unpack to so many bytes.
    pub(super) fn new(input: R, most: u64) -> Checked<R> {
        Checked { input, ahead: Vec::new(), given: 0, left: Some(0), lengths: Lengths::new(most) }
    }

    /// Reads on to where bytes can be handed on: a message's head, and its packed buffers.
    fn read_message(&mut self) -> io::Result<()> {
        (self.given, self.left) = (0, None);
        self.ahead.clear();
        let mut length = self.read_ahead(4)?;
        if self.ahead[length.clone()] == [0xff; 4] {
            length = self.read_ahead(4)?;
        }
        let Ok(length) = <[u8; 4]>::try_from(&self.ahead[length]).map(i32::from_le_bytes) else {
            return Ok(());
        };
        // The end, or no message: whoever reads it says so.
        let Some(length) = u64::try_from(length).ok().filter(|length| *length > 0) else { return Ok(()) };
        let metadata = self.read_ahead(length)?;
        let Some((body, is_packed)) = lengths::of_body(&self.ahead[metadata.clone()]) else { return Ok(()) };
        if !is_packed {
            self.left = Some(body);
            return Ok(());
        }
        let body = self.read_ahead(body)?;
        self.lengths
            .check(&self.ahead[metadata], &self.ahead[body])
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        self.left = Some(0);
        Ok(())
    }

    /// Reads so many bytes, or as many as there are; gives their places.
    fn read_ahead(&mut self, count: u64) -> io::Result<Range<usize>> {
        let before = self.ahead.len();
        (&mut self.input).take(count).read_to_end(&mut self.ahead)?;
        Ok(before..self.ahead.len())
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ahead.len() && self.left == Some(0) {
            self.read_message()?;
        }
        let ready = &self.ahead[self.given..];
        if !ready.is_empty() {
            let count = ready.len().min(buffer.len());
            buffer[..count].copy_from_slice(&ready[..count]);
            self.given += count;
            return Ok(count);
        }
        match &mut self.left {
            Some(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                let count = self.input.read(&mut buffer[..most])?;
                *left -= count as u64;
                Ok(count)
            }
            None => self.input.read(buffer),
        }
    }
}
