//! Arrow files and streams.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
};

use arrow_array::RecordBatch;
use arrow_ipc::{
    reader::StreamReader,
    writer::{FileWriter, StreamWriter},
};
use arrow_schema::{ArrowError, SchemaRef};

use super::Part;
use crate::{Error, format::Format};

/// Batches, one for each chunk.
pub(crate) struct Batches<'a> {
    writer: Writer<'a>,
}

enum Writer<'a> {
    File(FileWriter<Part<'a>>),
    Stream(StreamWriter<Part<'a>>),
}

impl<'a> Batches<'a> {
    /// Of a file that is continued, the batches that are there are written again, to nowhere: what ends a file tells
    /// where each of them is.
    pub(super) fn begin(part: Part<'a>, format: Format, columns: &SchemaRef) -> Result<Batches<'a>, Error> {
        let there = part.again()?;
        let writer = match format {
            Format::Arrow => Writer::File(FileWriter::try_new(part, columns).map_err(refuse)?),
            _ => Writer::Stream(StreamWriter::try_new(part, columns).map_err(refuse)?),
        };
        let mut batches = Batches { writer };
        if let Some(file) = there {
            let mut file = BufReader::new(file);
            if format == Format::Arrow {
                to_stream(&mut file).map_err(|source| Error::Read { source })?;
            }
            for rows in StreamReader::try_new(file, None).map_err(refuse)? {
                batches.write(&rows.map_err(refuse)?)?;
            }
            batches.part().check_replayed()?;
        }
        Ok(batches)
    }

    fn part(&self) -> &Part<'a> {
        match &self.writer {
            Writer::File(writer) => writer.get_ref(),
            Writer::Stream(writer) => writer.get_ref(),
        }
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        match &mut self.writer {
            Writer::File(writer) => writer.write(rows).map_err(refuse),
            Writer::Stream(writer) => writer.write(rows).map_err(refuse),
        }
    }

    pub(super) fn settle(&mut self) -> Result<u64, Error> {
        match &mut self.writer {
            Writer::File(writer) => {
                writer.flush().map_err(refuse)?;
                writer.get_mut().settle()
            }
            Writer::Stream(writer) => {
                writer.flush().map_err(refuse)?;
                writer.get_mut().settle()
            }
        }
    }

    pub(super) fn finish(self) -> Result<Part<'a>, Error> {
        match self.writer {
            Writer::File(mut writer) => writer.finish().and_then(|()| writer.into_inner()).map_err(refuse),
            Writer::Stream(mut writer) => writer.finish().and_then(|()| writer.into_inner()).map_err(refuse),
        }
    }
}

/// A file is a stream after its mark, and as many zeros as make it begin at a round place.
fn to_stream(file: &mut BufReader<File>) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(MARK))?;
    while file.fill_buf()?.first() == Some(&0) {
        file.consume(1);
    }
    Ok(())
}

/// How many bytes `ARROW1` has.
const MARK: u64 = 6;

fn refuse(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Write { source },
        other => Error::Write { source: std::io::Error::other(other.to_string()) },
    }
}
