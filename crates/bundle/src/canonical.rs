//! The one form of a bundle's zip file. Every byte of it follows from the entries.
//!
//! Reading a bundle is comparing it with what would be written: a byte that is not what it must be has
//! a place, and the place is some entry's. Packed bytes alone are not compared, since a content can be
//! packed in many ways; they have a checksum of their own. `SPEC.md` has the form in words.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use flate2::{Decompress, FlushDecompress, Status};
use rayon::prelude::*;

use crate::{EntryName, Error, Headers, Limits, manifest::MANIFEST, name};

const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// 1980-01-01, the first day that a zip can tell.
const DATE: u16 = 1 << 5 | 1;
const UTF8: u16 = 1 << 11;
const VERSION: u16 = 20;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// `ap`, the field of an entry that has the checksum of its packed bytes.
const FIELD: u16 = u16::from_le_bytes(*b"ap");
const FIELD_BYTES: u16 = 8;
const MADE_BY: u16 = 3 << 8 | VERSION;
const PLAIN_FILE: u32 = 0o100_644 << 16;

/// Whether the first entry is the manifest, which no other zip file begins with.
pub(crate) fn is_bundle(file: &[u8]) -> bool {
    file.get(LOCAL_BYTES..LOCAL_BYTES + MANIFEST.len()) == Some(MANIFEST.as_bytes())
}

/// The order of entries: the manifest, then the others by the bytes of their names.
pub(crate) fn order(name: &str) -> (bool, &str) {
    (name != MANIFEST, name)
}

/// What stands in the headers of an entry.
struct Header<'a> {
    name: &'a str,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    packed_crc: u32,
}

impl Header<'_> {
    /// The fields that both headers have, in the same order.
    fn shared(&self) -> [u8; 26] {
        let mut shared = [0; 26];
        let fields: [(usize, &[u8]); 9] = [
            (0, &VERSION.to_le_bytes()),
            (2, &UTF8.to_le_bytes()),
            (4, &self.method.to_le_bytes()),
            (8, &DATE.to_le_bytes()),
            (10, &self.crc.to_le_bytes()),
            (14, &self.packed.to_le_bytes()),
            (18, &self.size.to_le_bytes()),
            (22, &(self.name.len() as u16).to_le_bytes()),
            (24, &FIELD_BYTES.to_le_bytes()),
        ];
        for (at, bytes) in fields {
            shared[at..at + bytes.len()].copy_from_slice(bytes);
        }
        shared
    }

    /// The checksum of the packed bytes, which no header of a zip has.
    fn field(&self) -> Vec<u8> {
        [FIELD.to_le_bytes().as_slice(), &4_u16.to_le_bytes(), &self.packed_crc.to_le_bytes()].concat()
    }

    /// The header before the packed bytes.
    fn local(&self) -> Vec<u8> {
        [b"PK\x03\x04".as_slice(), &self.shared(), self.name.as_bytes(), &self.field()].concat()
    }

    /// The header in the directory.
    fn central(&self, offset: u32) -> Vec<u8> {
        [
            b"PK\x01\x02".as_slice(),
            &MADE_BY.to_le_bytes(),
            &self.shared(),
            &[0; 6],
            &PLAIN_FILE.to_le_bytes(),
            &offset.to_le_bytes(),
            self.name.as_bytes(),
            &self.field(),
        ]
        .concat()
    }
}

/// Packs a content where that makes it smaller. The packer is one that gives the same bytes on every
/// machine: those that use what a processor has do not.
fn pack(content: &[u8]) -> (u16, Cow<'_, [u8]>) {
    const LEVEL: u8 = 6;
    let packed = miniz_oxide::deflate::compress_to_vec(content, LEVEL);
    if packed.len() < content.len() { (DEFLATED, packed.into()) } else { (STORED, content.into()) }
}

/// Unpacks bytes that must give exactly `size`, and all of which must be of use.
fn unpack(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(size);
    let mut unpacker = Decompress::new(false);
    let status = unpacker.decompress_vec(packed, &mut content, FlushDecompress::Finish).ok()?;
    let is_whole = status == Status::StreamEnd && unpacker.total_in() == packed.len() as u64;
    (is_whole && content.len() == size).then_some(content)
}

/// What ends the file.
fn end(entries: u16, size: u32, offset: u32) -> Vec<u8> {
    let entries = entries.to_le_bytes();
    [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &entries,
        &entries,
        &size.to_le_bytes(),
        &offset.to_le_bytes(),
        &[0; 2],
    ]
    .concat()
}

/// Writes the entries, which are in order.
pub(crate) fn write(mut sink: impl Write, entries: &[(&str, &[u8])]) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Write { source };
    let packed: Vec<_> = entries.par_iter().map(|(_, content)| pack(content)).collect();
    let (mut offset, mut directory) = (0_u64, Vec::new());
    for ((name, content), (method, packed)) in entries.iter().zip(packed) {
        let header = Header {
            name,
            method,
            crc: crc32fast::hash(content),
            packed: packed.len() as u32,
            size: u32::try_from(content.len()).map_err(|_| too_large(content.len() as u64))?,
            packed_crc: crc32fast::hash(&packed),
        };
        directory.extend(header.central(offset as u32));
        let local = header.local();
        sink.write_all(&local).and_then(|()| sink.write_all(&packed)).map_err(failed)?;
        offset += (local.len() + packed.len()) as u64;
        if offset > u64::from(u32::MAX) {
            return Err(too_large(offset));
        }
    }
    let total = offset + (directory.len() + END_BYTES) as u64;
    if total > u64::from(u32::MAX) {
        return Err(too_large(total));
    }
    let limit = usize::from(u16::MAX) - 1;
    let count = u16::try_from(entries.len()).ok().filter(|count| usize::from(*count) <= limit);
    let count = count.ok_or(Error::TooManyEntries { entries: entries.len(), limit })?;
    let end = end(count, directory.len() as u32, offset as u32);
    sink.write_all(&directory).and_then(|()| sink.write_all(&end)).map_err(failed)
}

fn too_large(bytes: u64) -> Error {
    Error::FileTooLarge { bytes, limit: u32::MAX.into() }
}

/// An entry that was found, its content not yet checked.
struct Found<'a> {
    name: EntryName,
    offset: usize,
    /// Both headers: the one before the packed bytes, and the one that the directory must have.
    local: Vec<u8>,
    central: Vec<u8>,
    method: u16,
    crc: u32,
    packed_crc: u32,
    packed: &'a [u8],
    size: usize,
}

impl Found<'_> {
    fn sizes(&self) -> (&str, u64, u64) {
        (self.name.as_str(), self.packed.len() as u64, self.size as u64)
    }

    fn end(&self) -> usize {
        self.offset + self.local.len() + self.packed.len()
    }
}

/// Reads a bundle from its first byte to its last.
pub(crate) fn read(file: &[u8], limits: &Limits) -> Result<Vec<(EntryName, Vec<u8>)>, Error> {
    let walk = Walk { file, limits };
    let found = walk.entries()?;
    walk.check_order(&found)?;
    let contents: Vec<_> =
        found.par_iter().enumerate().map(|(number, entry)| walk.content(number, entry)).collect();
    let contents = contents.into_iter().collect::<Result<Vec<_>, _>>()?;
    walk.check_directory(&found)?;
    Ok(found.into_iter().map(|entry| entry.name).zip(contents).collect())
}

struct Walk<'a> {
    file: &'a [u8],
    limits: &'a Limits,
}

impl<'a> Walk<'a> {
    /// Every entry up to the directory.
    fn entries(&self) -> Result<Vec<Found<'a>>, Error> {
        let (mut entries, mut at) = (Vec::new(), 0);
        while !self.is_directory(at) {
            if entries.len() >= self.limits.entries {
                let (entries, limit) = (entries.len() + 1, self.limits.entries);
                return Err(Error::TooManyEntries { entries, limit });
            }
            let entry = self.entry(entries.len(), at)?;
            at = entry.end();
            entries.push(entry);
        }
        self.limits.check(entries.iter().map(Found::sizes))?;
        Ok(entries)
    }

    /// Either mark of the directory will do: where one is damaged, the other tells.
    fn is_directory(&self, at: usize) -> bool {
        self.file[at..].starts_with(b"PK\x01\x02") || self.directory() == Some(at)
    }

    fn entry(&self, number: usize, at: usize) -> Result<Found<'a>, Error> {
        let fixed = self.bytes(number, at, LOCAL_BYTES)?;
        let name_bytes = u16_at(fixed, 26);
        let whole = self.bytes(number, at, LOCAL_BYTES + name_bytes + usize::from(FIELD_BYTES))?;
        let name = &whole[LOCAL_BYTES..LOCAL_BYTES + name_bytes];
        self.check_name(number, at, name)?;
        let parsed = EntryName::parse(name, self.limits)?;
        let method = if u16_at(fixed, 8) == usize::from(DEFLATED) { DEFLATED } else { STORED };
        let header = Header {
            name: parsed.as_str(),
            method,
            crc: u32_at(fixed, 14),
            packed: u32_at(fixed, 18),
            size: if method == STORED { u32_at(fixed, 18) } else { u32_at(fixed, 22) },
            packed_crc: u32_at(whole, LOCAL_BYTES + name_bytes + 4),
        };
        let local = header.local();
        self.compare(number, "the header before its bytes", at, &local)?;
        Ok(Found {
            offset: at,
            central: header.central(at as u32),
            method,
            crc: header.crc,
            packed_crc: header.packed_crc,
            packed: &self.bytes(number, at, local.len().saturating_add(header.packed as usize))?
                [local.len()..],
            size: header.size as usize,
            local,
            name: parsed,
        })
    }

    /// The directory and the header before the bytes have one name, before either is believed.
    fn check_name(&self, number: usize, at: usize, name: &[u8]) -> Result<(), Error> {
        match self.name(number) {
            Some(entry) if entry.as_bytes() != name => {
                let values = Headers::new(&entry, String::from_utf8_lossy(name).escape_debug());
                Err(Error::HeadersDisagree { entry, field: "name", values, offset: at as u64 })
            }
            _ => Ok(()),
        }
    }

    /// What deflate can grow to at most, so that no size is believed that cannot be.
    fn can_unpack(entry: &Found<'_>) -> bool {
        const CEILING: usize = 1032;
        entry.size / CEILING <= entry.packed.len()
    }

    /// Unpacks an entry. The packed bytes are checked before, and the content after.
    fn content(&self, number: usize, entry: &Found<'_>) -> Result<Vec<u8>, Error> {
        let name = || self.name(number).unwrap_or_else(|| entry.name.to_string());
        let check = |expected: u32, bytes: &[u8]| match crc32fast::hash(bytes) {
            found if found == expected => Ok(()),
            found => Err(Error::Checksum { entry: name(), expected, found }),
        };
        check(entry.packed_crc, entry.packed)?;
        let content = match entry.method {
            DEFLATED => Some(entry)
                .filter(|entry| Self::can_unpack(entry))
                .and_then(|entry| unpack(entry.packed, entry.size))
                .ok_or_else(|| Error::Packed {
                    entry: name(),
                    packed: entry.packed.len() as u64,
                    expected: entry.size as u64,
                })?,
            _ => entry.packed.to_vec(),
        };
        check(entry.crc, &content)?;
        Ok(content)
    }

    fn check_order(&self, entries: &[Found<'_>]) -> Result<(), Error> {
        for pair in entries.windows(2) {
            let [first, second] = [&pair[0], &pair[1]].map(|entry| entry.name.as_str());
            if order(first) >= order(second) {
                let (entry, before) = (second.to_owned(), first.to_owned());
                return Err(Error::Order { entry, before });
            }
        }
        name::check_apart(entries.iter().map(|entry| entry.name.as_str()))
    }

    fn check_directory(&self, entries: &[Found<'_>]) -> Result<(), Error> {
        let directory = entries.last().map_or(0, Found::end);
        let mut at = directory;
        for entry in entries {
            let name = entry.name.as_str();
            self.bytes_of(name, at, entry.central.len())?;
            self.compare_as(name, "its header in the directory", at, &entry.central)?;
            at += entry.central.len();
        }
        // The end belongs to all of them: the last one is where it stands.
        let last = entries.last().map_or(MANIFEST, |last| last.name.as_str());
        let expected = end(entries.len() as u16, (at - directory) as u32, directory as u32);
        self.bytes_of(last, at, expected.len())?;
        self.compare_as(last, "the end of the directory, after it,", at, &expected)?;
        let (found, expected) = (self.file.len(), at + expected.len());
        if found != expected {
            return Err(Error::Structure {
                what: "the file's end",
                offset: expected as u64,
                expected: format!("a file of {expected} bytes, that ends after {last}"),
                found: format!("{found} bytes"),
            });
        }
        Ok(())
    }

    fn bytes(&self, number: usize, at: usize, count: usize) -> Result<&'a [u8], Error> {
        let bytes = at.checked_add(count).and_then(|end| self.file.get(at..end));
        bytes.ok_or_else(|| self.cut_off(self.called(number, at), at, count))
    }

    fn bytes_of(&self, entry: &str, at: usize, count: usize) -> Result<&'a [u8], Error> {
        self.file.get(at..at + count).ok_or_else(|| self.cut_off(entry.to_owned(), at, count))
    }

    fn cut_off(&self, entry: String, at: usize, count: usize) -> Error {
        Error::CutOff {
            entry,
            expected: (at as u64).saturating_add(count as u64),
            found: self.file.len() as u64,
        }
    }

    fn compare(&self, number: usize, what: &'static str, at: usize, expected: &[u8]) -> Result<(), Error> {
        self.compare_as(&self.called(number, at), what, at, expected)
    }

    fn compare_as(&self, entry: &str, what: &'static str, at: usize, expected: &[u8]) -> Result<(), Error> {
        let found = &self.file[at..at + expected.len()];
        match found.iter().zip(expected).position(|(found, expected)| found != expected) {
            Some(place) => Err(Error::NotCanonical {
                entry: entry.to_owned(),
                what,
                offset: (at + place) as u64,
                expected: expected[place],
                found: found[place],
            }),
            None => Ok(()),
        }
    }

    /// The name of an entry, for an error about it.
    fn called(&self, number: usize, at: usize) -> String {
        let name = self.name(number).or_else(|| self.name_at(at));
        name.unwrap_or_else(|| format!("number {}, after {}", number + 1, self.before(number)))
    }

    /// The name of the entry before the one of that number, as the headers before contents have it.
    fn before(&self, number: usize) -> String {
        let (mut at, mut name) = (0, None);
        for _ in 0..number {
            name = self.name_at(at);
            let Some(header) = self.file.get(at..at + LOCAL_BYTES) else { break };
            at = at.saturating_add(
                LOCAL_BYTES + u16_at(header, 26) + u16_at(header, 28) + u32_at(header, 18) as usize,
            );
        }
        name.unwrap_or_else(|| "the start".to_owned())
    }

    /// Where the end of the file says that the directory begins.
    fn directory(&self) -> Option<usize> {
        let end = self.file.get(self.file.len().checked_sub(END_BYTES)?..)?;
        end.starts_with(b"PK\x05\x06").then(|| u32_at(end, 16) as usize)
    }

    /// The name that the directory has for the entry of that number. What is damaged is either there
    /// or before the content, so that the other still tells which entry is meant.
    fn name(&self, number: usize) -> Option<String> {
        let mut at = self.directory()?;
        for _ in 0..number {
            let header = self.header_at(at)?;
            at = at.checked_add(CENTRAL_BYTES + u16_at(header, 28) + u16_at(header, 30))?;
        }
        let count = u16_at(self.header_at(at)?, 28);
        let name = self.file.get(at + CENTRAL_BYTES..at + CENTRAL_BYTES + count)?;
        std::str::from_utf8(name).ok().map(str::to_owned)
    }

    fn header_at(&self, at: usize) -> Option<&'a [u8]> {
        let header = self.file.get(at..at.checked_add(CENTRAL_BYTES)?)?;
        header.starts_with(b"PK\x01\x02").then_some(header)
    }

    /// The name that stands in a header before content, if all of it is there.
    fn name_at(&self, at: usize) -> Option<String> {
        let header = self.file.get(at..at + LOCAL_BYTES)?;
        let name = self.file.get(at + LOCAL_BYTES..)?.get(..u16_at(header, 26))?;
        header.starts_with(b"PK\x03\x04").then(|| String::from_utf8_lossy(name).into_owned())
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    u16::from_le_bytes([bytes[at], bytes[at + 1]]).into()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
