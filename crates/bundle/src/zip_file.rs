//! Unpacking the entries of a zip whose layout has been found sound.

use std::io::{Cursor, Read};

use rayon::prelude::*;
use zip::ZipArchive;

use crate::{EntryName, Error, Limits, layout};

/// Reads every file of the zip, several at a time.
pub(crate) fn read(file: &[u8], limits: &Limits) -> Result<Vec<(EntryName, Vec<u8>)>, Error> {
    let places = layout::survey(file, limits)?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let unreadable = |source: zip::result::ZipError| Error::Structure {
        what: "the zip's directory",
        offset: 0,
        expected: "a directory that can be read".to_owned(),
        found: source.to_string(),
    };
    let zip = ZipArchive::new(Cursor::new(file)).map_err(unreadable)?;
    if zip.len() != places.len() {
        return Err(another(format!("{} entries", places.len()), format!("{} entries", zip.len())));
    }
    places
        .into_par_iter()
        .filter(|place| !place.is_folder)
        .map_init(
            || zip.clone(),
            |zip, place| {
                let bytes = unpack(zip, &place)?;
                Ok((place.name, bytes))
            },
        )
        .collect()
}

/// What unpacks must be reading the entry that was surveyed: a file can be made in which it finds
/// another directory, in a comment, or other names, in extra fields.
fn check_same(file: &zip::read::ZipFile<'_, impl Read>, place: &layout::Place) -> Result<(), Error> {
    let name = file.name_raw().strip_suffix(b"/").unwrap_or(file.name_raw());
    let found = (name, file.data_start(), file.compressed_size(), file.size(), file.crc32());
    let name = place.name.as_str().as_bytes();
    let expected = (name, Some(place.data), place.packed, place.unpacked, place.crc);
    if found == expected {
        return Ok(());
    }
    Err(another(format!("{} at offset {}", place.name, place.data), "another entry".to_owned()))
}

fn another(expected: String, found: String) -> Error {
    Error::Hidden { expected, found }
}

fn unpack(zip: &mut ZipArchive<Cursor<&[u8]>>, place: &layout::Place) -> Result<Vec<u8>, Error> {
    let entry = || place.name.to_string();
    let damaged = |source| Error::Damaged { entry: entry(), offset: place.data, source };
    let mut file = zip.by_index(place.index).map_err(|error| damaged(error.into()))?;
    check_same(&file, place)?;
    // The claimed size is a bound on what is read, and memory grows with what comes, not with it.
    let mut bytes = Vec::with_capacity(place.unpacked.min(1 << 20) as usize);
    let read = file.by_ref().take(place.unpacked + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > place.unpacked {
        return Err(Error::Size { entry: entry(), expected: place.unpacked, found: bytes.len() as u64 });
    }
    read.map_err(damaged)?;
    if bytes.len() as u64 != place.unpacked {
        return Err(Error::Size { entry: entry(), expected: place.unpacked, found: bytes.len() as u64 });
    }
    Ok(bytes)
}
