//! Where the parts of a zip file lie, read strictly and before anything is unpacked.
//!
//! Readers of zip files forgive: they take the last of two entries with one name, follow the
//! directory where it contradicts the headers, and skip what they do not know. Each is a way to show
//! one file to a checker and another to a user. This walk forgives nothing.

use std::collections::HashMap;

use crate::{EntryName, Error, Headers, Limits};

/// An entry as both of its headers describe it.
#[derive(Debug)]
pub(crate) struct Place {
    pub name: EntryName,
    pub is_folder: bool,
    /// Its number in the directory.
    pub index: usize,
    /// Where its packed bytes begin.
    pub data: u64,
    pub packed: u64,
    pub unpacked: u64,
    pub crc: u32,
}

const END: [u8; 4] = *b"PK\x05\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
const SIZES_FOLLOW: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;

/// Walks the directory and every local header.
pub(crate) fn survey(file: &[u8], limits: &Limits) -> Result<Vec<Place>, Error> {
    let end = find_end(file)?;
    if end.count > limits.entries {
        return Err(Error::TooManyEntries { entries: end.count, limit: limits.entries });
    }
    let mut places = Vec::with_capacity(end.count);
    let mut at = end.directory;
    for index in 0..end.count {
        let header = Central::read(file, at, end.offset)?;
        places.push(header.place(file, index, end.directory, limits)?);
        at = header.next;
    }
    if at != end.offset {
        return Err(structure("the zip's directory", at, "its end", "more bytes"));
    }
    check_names(&places)?;
    check_overlap(&places)?;
    check_sizes(&places, limits)?;
    Ok(places)
}

struct End {
    offset: usize,
    directory: usize,
    count: usize,
}

fn find_end(file: &[u8]) -> Result<End, Error> {
    if file.is_empty() {
        return Err(Error::Empty);
    }
    let truncated = || Error::Truncated { bytes: file.len() as u64 };
    let starts_as_zip = file.starts_with(&LOCAL) || file.starts_with(&END);
    if !starts_as_zip {
        let found = file.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
        return Err(Error::NotAZip { found: found.join(" ") });
    }
    let last = file.len().checked_sub(END_BYTES).ok_or_else(truncated)?;
    let first = last.saturating_sub(u16::MAX as usize);
    let ends_with_file = |&at: &usize| {
        file[at..].starts_with(&END) && at + END_BYTES + u16_at(file, at + 20) as usize == file.len()
    };
    let at = (first..=last).rev().find(ends_with_file).ok_or_else(truncated)?;

    let what = "the end of the zip's directory";
    let (disks, entries_here) = (u32_at(file, at + 4), u16_at(file, at + 8));
    let (count, size, directory) = (u16_at(file, at + 10), u32_at(file, at + 12), u32_at(file, at + 16));
    if count == u16::MAX || size == u32::MAX || directory == u32::MAX {
        return Err(Error::Zip64 { field: what, offset: at as u64 });
    }
    if disks != 0 || entries_here != count {
        return Err(structure(
            what,
            at,
            "one file in one part",
            format!("{entries_here} of {count} entries here"),
        ));
    }
    if u64::from(directory) + u64::from(size) != at as u64 {
        let found = format!("{directory} + {size}");
        return Err(structure(what, at, format!("a directory that ends at {at}"), found));
    }
    Ok(End { offset: at, directory: directory as usize, count: count as usize })
}

/// A header of the directory.
struct Central<'a> {
    name: &'a [u8],
    made_by: u16,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    unpacked: u32,
    attributes: u32,
    local: u32,
    offset: usize,
    next: usize,
}

impl<'a> Central<'a> {
    fn read(file: &'a [u8], at: usize, end: usize) -> Result<Central<'a>, Error> {
        let what = "a header of the zip's directory";
        if at + CENTRAL_BYTES > end || !file[at..].starts_with(&CENTRAL) {
            return Err(structure(what, at, "50 4b 01 02", "something else"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|field| u16_at(file, at + field) as usize);
        let next = at + CENTRAL_BYTES + name + extra + comment;
        if next > end {
            return Err(structure(what, at, format!("an end before {end}"), next));
        }
        Ok(Central {
            name: &file[at + CENTRAL_BYTES..][..name],
            made_by: u16_at(file, at + 4),
            flags: u16_at(file, at + 8),
            method: u16_at(file, at + 10),
            crc: u32_at(file, at + 16),
            packed: u32_at(file, at + 20),
            unpacked: u32_at(file, at + 24),
            attributes: u32_at(file, at + 38),
            local: u32_at(file, at + 42),
            offset: at,
            next,
        })
    }

    fn place(&self, file: &[u8], index: usize, directory: usize, limits: &Limits) -> Result<Place, Error> {
        let name = EntryName::parse(self.name, limits)?;
        let entry = || name.to_string();
        if self.flags & (1 | 1 << 6 | 1 << 13) != 0 {
            return Err(Error::Encrypted { entry: entry() });
        }
        let is_folder = self.name.ends_with(b"/");
        if let Some(kind) = self.special() {
            return Err(Error::NotAFile { entry: entry(), kind });
        }
        if !matches!(self.method, 0 | 8) {
            return Err(Error::Method { entry: entry(), method: self.method });
        }
        if [self.packed, self.unpacked, self.local].contains(&u32::MAX) {
            return Err(Error::Zip64 { field: "an entry's size or place", offset: self.offset as u64 });
        }
        if is_folder && (self.packed, self.unpacked) != (0, 0) && self.unpacked != 0 {
            return Err(Error::NotAFile { entry: entry(), kind: "folder with content" });
        }
        let data = self.check_local(file, &name, directory)?;
        Ok(Place {
            is_folder,
            index,
            data: data as u64,
            packed: self.packed.into(),
            unpacked: self.unpacked.into(),
            crc: self.crc,
            name,
        })
    }

    /// What the entry is on a Unix system, where that is neither a plain file nor a folder.
    fn special(&self) -> Option<&'static str> {
        const UNIX: u16 = 3;
        let by_unix = self.made_by >> 8 == UNIX;
        match (self.attributes >> 16) & 0o170_000 {
            _ if !by_unix => None,
            0 | 0o100_000 | 0o040_000 => None,
            0o120_000 => Some("symbolic link"),
            _ => Some("device, pipe or socket"),
        }
    }

    /// Compares the header before the entry's bytes with this one; tells where the bytes begin.
    fn check_local(&self, file: &[u8], name: &EntryName, directory: usize) -> Result<usize, Error> {
        let at = self.local as usize;
        let what = "the header of an entry";
        if at + LOCAL_BYTES > directory || !file[at..].starts_with(&LOCAL) {
            return Err(structure(what, at, format!("50 4b 03 04, for {name}"), "something else"));
        }
        let disagree = |field, directory: String, local: String| {
            let values = Headers::new(directory, local);
            Err(Error::HeadersDisagree { entry: name.to_string(), field, values, offset: at as u64 })
        };
        let [name_bytes, extra] = [26, 28].map(|field| u16_at(file, at + field) as usize);
        let data = at + LOCAL_BYTES + name_bytes + extra;
        if data + self.packed as usize > directory {
            let found = data + self.packed as usize;
            return Err(structure(what, at, format!("bytes of {name} that end before {directory}"), found));
        }
        let local_name = &file[at + LOCAL_BYTES..][..name_bytes];
        if local_name != self.name {
            return disagree(
                "name",
                name.to_string(),
                String::from_utf8_lossy(local_name).escape_debug().to_string(),
            );
        }
        let ignored = UTF8;
        for (field, ours, theirs) in [
            ("flags", self.flags & !ignored, u16_at(file, at + 6) & !ignored),
            ("method", self.method, u16_at(file, at + 8)),
        ] {
            if ours != theirs {
                return disagree(field, ours.to_string(), theirs.to_string());
            }
        }
        let sizes_follow = self.flags & SIZES_FOLLOW != 0;
        for (field, ours, theirs) in [
            ("checksum", self.crc, u32_at(file, at + 14)),
            ("packed size", self.packed, u32_at(file, at + 18)),
            ("unpacked size", self.unpacked, u32_at(file, at + 22)),
        ] {
            let left_out = sizes_follow && matches!(theirs, 0 | u32::MAX);
            if ours != theirs && !left_out {
                return disagree(field, ours.to_string(), theirs.to_string());
            }
        }
        Ok(data)
    }
}

/// No name twice, and none that is a folder of another and a file itself.
fn check_names(places: &[Place]) -> Result<(), Error> {
    let mut kinds = HashMap::with_capacity(places.len());
    for place in places {
        if kinds.insert(place.name.as_str(), place.is_folder).is_some() {
            return Err(Error::Duplicate { entry: place.name.to_string() });
        }
    }
    for place in places {
        let name = place.name.as_str();
        for (slash, _) in name.match_indices('/') {
            if kinds.get(&name[..slash]) == Some(&false) {
                return Err(Error::Duplicate { entry: name[..slash].to_owned() });
            }
        }
    }
    Ok(())
}

fn check_overlap(places: &[Place]) -> Result<(), Error> {
    let mut by_data: Vec<&Place> = places.iter().collect();
    by_data.sort_by_key(|place| place.data);
    for pair in by_data.windows(2) {
        let header = pair[1].name.as_str().len() + usize::from(pair[1].is_folder) + LOCAL_BYTES;
        if pair[0].data + pair[0].packed > pair[1].data.saturating_sub(header as u64) {
            return Err(Error::Overlap {
                first: pair[0].name.to_string(),
                second: pair[1].name.to_string(),
                offset: pair[1].data,
            });
        }
    }
    Ok(())
}

fn check_sizes(places: &[Place], limits: &Limits) -> Result<(), Error> {
    limits.check(places.iter().map(|place| (place.name.as_str(), place.packed, place.unpacked)))
}

fn structure(what: &'static str, at: usize, expected: impl ToString, found: impl ToString) -> Error {
    Error::Structure { what, offset: at as u64, expected: expected.to_string(), found: found.to_string() }
}

fn u16_at(file: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([file[at], file[at + 1]])
}

fn u32_at(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]])
}
