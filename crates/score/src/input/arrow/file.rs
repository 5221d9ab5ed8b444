//! Arrow files: messages at the places that the end of the file tells.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    sync::Arc,
    vec,
};

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{
    Block,
    convert::try_fb_to_schema,
    reader::{FileDecoder, read_footer_length},
    root_as_footer,
};
use arrow_schema::{ArrowError, SchemaRef};

use super::lengths::Lengths;

/// The batches of a file.
pub(super) struct Messages {
    places: Places,
    decoder: FileDecoder,
    schema: SchemaRef,
    batches: vec::IntoIter<Block>,
}

struct Places {
    file: BufReader<File>,
    size: u64,
    lengths: Lengths,
}

impl Messages {
    /// Reads what the file's end tells, and its dictionaries.
    pub(super) fn open(file: File, most: u64) -> Result<Messages, ArrowError> {
        let mut file = BufReader::new(file);
        let size = file.seek(SeekFrom::End(0))?;
        let (Some(end), mut last) = (size.checked_sub(10), [0; 10]) else {
            return Err(ArrowError::ParseError(format!("{size} bytes are no Arrow file")));
        };
        file.seek(SeekFrom::Start(end))?;
        file.read_exact(&mut last)?;
        let length = read_footer_length(last)?;
        let begin = end.checked_sub(length as u64).ok_or_else(|| {
            ArrowError::ParseError(format!("its footer would have {length} bytes, and there are {end}"))
        })?;
        file.seek(SeekFrom::Start(begin))?;
        let mut footer = vec![0; length];
        file.read_exact(&mut footer)?;
        let parse = |what: &str| ArrowError::ParseError(format!("its footer {what}"));
        let footer = root_as_footer(&footer).map_err(|_| parse("cannot be read"))?;
        let columns = footer.schema().ok_or_else(|| parse("has no schema"))?;
        if !columns.endianness().equals_to_target_endianness() {
            return Err(ArrowError::IpcError("its numbers are big-endian".to_owned()));
        }
        let schema = Arc::new(try_fb_to_schema(columns)?);
        let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
        let mut places = Places { file, size: end, lengths: Lengths::new(most) };
        for block in footer.dictionaries().into_iter().flatten() {
            decoder.read_dictionary(block, &places.read(block)?)?;
        }
        let batches: Vec<Block> = footer.recordBatches().into_iter().flatten().copied().collect();
        Ok(Messages { places, decoder, schema, batches: batches.into_iter() })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Iterator for Messages {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        let block = self.batches.next()?;
        let bytes = self.places.read(&block);
        bytes.and_then(|bytes| self.decoder.read_record_batch(&block, &bytes)).transpose()
    }
}

impl Places {
    /// A message, which is in the file as a whole and unpacks to no more than it can.
    fn read(&mut self, block: &Block) -> Result<Buffer, ArrowError> {
        let of = |number: i64| u64::try_from(number).ok();
        let place = of(block.offset()).zip(of(block.metaDataLength().into())).zip(of(block.bodyLength()));
        let fits = |from: u64, head: u64, body: u64| {
            let length = head.checked_add(body)?;
            let is_within = from.checked_add(length).is_some_and(|to| to <= self.size) && head >= 8;
            is_within.then_some((from, usize::try_from(head).ok()?, usize::try_from(length).ok()?))
        };
        let (from, head, length) =
            place.and_then(|((from, head), body)| fits(from, head, body)).ok_or_else(|| {
                ArrowError::ParseError(format!("a message is not within its {} bytes: {block:?}", self.size))
            })?;
        self.file.seek(SeekFrom::Start(from))?;
        let mut bytes = MutableBuffer::from_len_zeroed(length);
        self.file.read_exact(&mut bytes)?;
        let (metadata, body) = bytes.split_at(head);
        let prefix = if metadata.starts_with(&[0xff; 4]) { 8 } else { 4 };
        self.lengths.check(&metadata[prefix..], body)?;
        Ok(bytes.into())
    }
}
