//! Containers that lie, and how each is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Cursor, Write};

use automl_pack_bundle::{Archive, Error, Limits};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// An honest zip of the given entries, deflated.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip built header by header, so that it can lie. Contents are stored.
#[derive(Default)]
struct Liar {
    file: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// What one header says of an entry.
#[derive(Clone)]
struct Header {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    unpacked: u32,
    mode: u32,
}

impl Header {
    fn of(name: &str, content: &[u8]) -> Header {
        let (name, size) = (name.as_bytes().to_vec(), content.len() as u32);
        let crc = crc32(content);
        Header { name, flags: 0, method: 0, crc, packed: size, unpacked: size, mode: 0o100_644 }
    }
}

fn crc32(content: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !content.iter().fold(!0, step)
}

impl Liar {
    fn entry(self, name: &str, content: &[u8]) -> Liar {
        let header = Header::of(name, content);
        self.lie(&header, &header, content)
    }

    fn lie(mut self, local: &Header, central: &Header, content: &[u8]) -> Liar {
        let offset = self.file.len() as u32;
        let shared = |header: &Header| {
            let mut bytes = Vec::new();
            for half in [20, header.flags, header.method, 0, 0x21] {
                bytes.extend(half.to_le_bytes());
            }
            for word in [header.crc, header.packed, header.unpacked] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend((header.name.len() as u16).to_le_bytes());
            bytes.extend(0_u16.to_le_bytes());
            bytes
        };
        self.file.extend(b"PK\x03\x04");
        self.file.extend(shared(local));
        self.file.extend(&local.name);
        self.file.extend(content);
        self.directory.extend(b"PK\x01\x02\x14\x03"); // made on Unix
        self.directory.extend(shared(central));
        self.directory.extend([0; 6]);
        self.directory.extend((central.mode << 16).to_le_bytes());
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(&central.name);
        self.count += 1;
        self
    }

    fn finish(self) -> Vec<u8> {
        let mut file = self.file;
        let (at, size) = (file.len() as u32, self.directory.len() as u32);
        file.extend(self.directory);
        file.extend(b"PK\x05\x06\0\0\0\0");
        file.extend(self.count.to_le_bytes());
        file.extend(self.count.to_le_bytes());
        file.extend(size.to_le_bytes());
        file.extend(at.to_le_bytes());
        file.extend(0_u16.to_le_bytes());
        file
    }
}

fn refused(file: &[u8]) -> Error {
    Archive::from_bytes(file).unwrap_err()
}

#[test]
fn an_honest_zip_opens_however_it_was_built() {
    for file in [
        zip(&[("a.txt", b"hello"), ("b/c.txt", b"world")]),
        Liar::default().entry("a.txt", b"hello").entry("b/c.txt", b"world").finish(),
    ] {
        let archive = Archive::from_bytes(file).unwrap();
        assert_eq!(archive.text("a.txt").unwrap(), "hello");
        assert_eq!(archive.entry("b/c.txt").unwrap(), b"world");
        assert_eq!(archive.entries().count(), 2);
    }
}

#[test]
fn an_empty_file_is_refused() {
    assert!(matches!(refused(b""), Error::Empty));
}

#[test]
fn what_is_not_a_zip_is_refused() {
    let error = refused(b"{\"not\": \"a zip\"}");
    assert!(matches!(&error, Error::NotAZip { found } if found == "7b 22 6e 6f"), "{error}");
}

#[test]
fn a_truncated_zip_is_refused_wherever_it_ends() {
    let file = zip(&[("a.txt", b"hello, hello, hello"), ("b.txt", b"world")]);
    for end in 4..file.len() {
        let error = refused(&file[..end]);
        assert!(matches!(error, Error::Truncated { bytes } if bytes == end as u64), "{end}: {error}");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let file = [zip(&[("a.txt", b"hello")]), b"more".to_vec()].concat();
    assert!(matches!(refused(&file), Error::Truncated { .. }));
}

#[test]
fn a_wrong_checksum_is_refused() {
    let header = Header { crc: 7, ..Header::of("a.txt", b"hello") };
    let error = refused(&Liar::default().lie(&header, &header, b"hello").finish());
    assert!(matches!(&error, Error::Damaged { entry, offset: 35, .. } if entry == "a.txt"), "{error}");
}

#[test]
fn damaged_packed_bytes_are_refused() {
    let mut file = zip(&[("a.txt", &b"hello, hello, hello, hello".repeat(9))]);
    file[40] ^= 0xff;
    let error = refused(&file);
    assert!(matches!(error, Error::Damaged { .. } | Error::Size { .. }), "{error}");
}

#[test]
fn an_encrypted_entry_is_refused() {
    let header = Header { flags: 1, ..Header::of("a.txt", b"hello") };
    let error = refused(&Liar::default().lie(&header, &header, b"hello").finish());
    assert!(matches!(&error, Error::Encrypted { entry } if entry == "a.txt"), "{error}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let long = "long/".repeat(200);
    for (name, reason) in [
        ("/etc/passwd", "it is absolute"),
        ("../outside", "it steps out with `.` or `..`"),
        ("a/../../outside", "it steps out with `.` or `..`"),
        ("./a", "it steps out with `.` or `..`"),
        ("a//b", "one of its components is empty"),
        ("C:/windows", "it names a drive"),
        ("a\\b", "it holds a backslash"),
        ("a\nb", "it holds a control character"),
        ("", "it is empty"),
    ] {
        let error = refused(&Liar::default().entry(name, b"x").finish());
        assert!(matches!(error, Error::BadName { reason: found, .. } if found == reason), "{name}: {error}");
    }
    let error = refused(&Liar::default().entry(&long, b"x").finish());
    assert!(matches!(error, Error::LongName { bytes: 1000, limit: 512 }), "{error}");
}

#[test]
fn a_name_that_is_not_utf8_is_refused() {
    let header = Header { name: b"a\xff.txt".to_vec(), ..Header::of("", b"hello") };
    let error = refused(&Liar::default().lie(&header, &header, b"hello").finish());
    assert!(matches!(error, Error::BadName { reason: "it is not UTF-8", .. }), "{error}");
}

#[test]
fn a_symbolic_link_is_refused() {
    for (mode, kind) in [(0o120_777, "symbolic link"), (0o060_644, "device, pipe or socket")] {
        let header = Header { mode, ..Header::of("link", b"/etc/passwd") };
        let error = refused(&Liar::default().lie(&header, &header, b"/etc/passwd").finish());
        assert!(matches!(error, Error::NotAFile { kind: found, .. } if found == kind), "{error}");
    }
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let error = refused(&Liar::default().entry("a", b"1").entry("a", b"2").finish());
    assert!(matches!(&error, Error::Duplicate { entry } if entry == "a"), "{error}");
    let error = refused(&Liar::default().entry("a", b"1").entry("a/b", b"2").finish());
    assert!(matches!(&error, Error::Duplicate { entry } if entry == "a"), "{error}");
}

#[test]
fn headers_that_disagree_are_refused() {
    let honest = Header::of("a.txt", b"hello");
    for (field, local) in [
        ("name", Header { name: b"b.txt".to_vec(), ..honest.clone() }),
        ("method", Header { method: 8, ..honest.clone() }),
        ("flags", Header { flags: 2, ..honest.clone() }),
        ("checksum", Header { crc: 7, ..honest.clone() }),
        ("packed size", Header { packed: 4, ..honest.clone() }),
        ("unpacked size", Header { unpacked: 6, ..honest.clone() }),
    ] {
        let error = refused(&Liar::default().lie(&local, &honest, b"hello").finish());
        assert!(
            matches!(&error, Error::HeadersDisagree { field: found, offset: 0, .. } if *found == field),
            "{field}: {error}"
        );
    }
}

#[test]
fn a_size_that_is_not_the_contents_is_refused() {
    let header = Header { method: 8, unpacked: 4, packed: 7, ..Header::of("a.txt", b"hello") };
    let deflated = b"\xcb\x48\xcd\xc9\xc9\x07\x00"; // hello
    let error = refused(&Liar::default().lie(&header, &header, deflated).finish());
    assert!(matches!(error, Error::Size { expected: 4, found: 5, .. } | Error::Damaged { .. }), "{error}");
    let header = Header { unpacked: 6, ..header };
    let error = refused(&Liar::default().lie(&header, &header, deflated).finish());
    assert!(matches!(error, Error::Size { expected: 6, found: 5, .. } | Error::Damaged { .. }), "{error}");
}

#[test]
fn entries_that_share_bytes_are_refused() {
    // The second entry of the directory points to where the first one's bytes are.
    let inner = Liar::default().entry("b.txt", b"world").finish()[..40].to_vec();
    let outer = Liar::default().entry("a.txt", &inner);
    let header = Header::of("b.txt", b"world");
    let both = outer.lie(&header, &header, b"world");
    let mut lying = both.finish();
    let second = lying.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    lying[second + 42..second + 46].copy_from_slice(&35_u32.to_le_bytes());
    let error = refused(&lying);
    assert!(matches!(error, Error::Overlap { offset: 70, .. }), "{error}");
}

#[test]
fn other_ways_of_packing_are_refused() {
    let header = Header { method: 12, ..Header::of("a.txt", b"hello") };
    let error = refused(&Liar::default().lie(&header, &header, b"hello").finish());
    assert!(matches!(error, Error::Method { method: 12, .. }), "{error}");
}

#[test]
fn a_directory_that_lies_about_its_place_is_refused() {
    let file = Liar::default().entry("a.txt", b"hello").finish();
    let end = file.len() - 22;
    let mut moved = file.clone();
    moved[end + 16] ^= 1;
    assert!(matches!(refused(&moved), Error::Structure { .. }));
    let mut fewer = file.clone();
    fewer[end + 8..end + 12].fill(0);
    assert!(matches!(refused(&fewer), Error::Structure { .. }));
    let mut zip64 = file;
    zip64[end + 16..end + 20].fill(0xff);
    assert!(matches!(refused(&zip64), Error::Zip64 { .. }));
}

#[test]
fn entry_and_total_sizes_are_limited() {
    let file = zip(&[("a", &[b'x'; 600]), ("b", &[b'y'; 600])]);
    let open = |limits: Limits| Archive::read(Cursor::new(&file), &limits).unwrap_err();
    let error = open(Limits { entry_bytes: 500, ..Limits::default() });
    assert!(matches!(error, Error::EntryTooLarge { bytes: 600, limit: 500, .. }), "{error}");
    let error = open(Limits { total_bytes: 1000, ..Limits::default() });
    assert!(matches!(error, Error::TotalTooLarge { bytes: 1200, limit: 1000 }), "{error}");
    let error = open(Limits { entries: 1, ..Limits::default() });
    assert!(matches!(error, Error::TooManyEntries { entries: 2, limit: 1 }), "{error}");
    let error = open(Limits { file_bytes: 100, ..Limits::default() });
    assert!(matches!(error, Error::FileTooLarge { limit: 100, .. }), "{error}");
}

#[test]
fn a_second_zip_in_the_comment_is_not_what_is_unpacked() {
    // The end record of the outer zip is valid and last; unpackers look for one from the back, and the
    // comment holds another, with a directory of its own.
    let inner = Liar::default().entry("a.txt", b"other").finish();
    let mut file = Liar::default().entry("a.txt", b"hello").finish();
    let base = file.len() as u32;
    let (end, length) = (inner.len() - 22, inner.len() as u16 + 4);
    let mut hidden = inner.clone();
    let directory = u32::from_le_bytes(inner[end + 16..end + 20].try_into().unwrap()) + base;
    hidden[end + 16..end + 20].copy_from_slice(&directory.to_le_bytes());
    let header = hidden.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    hidden[header + 42..header + 46].copy_from_slice(&base.to_le_bytes());
    let at = file.len() - 2;
    file[at..].copy_from_slice(&length.to_le_bytes());
    file.extend(hidden);
    file.extend(b"more");
    match Archive::from_bytes(&file) {
        Ok(archive) => assert_eq!(archive.text("a.txt").unwrap(), "hello"),
        Err(error) => assert!(matches!(error, Error::Hidden { .. }), "{error}"),
    }
}

#[test]
fn a_bomb_of_many_small_entries_is_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..80 {
        writer.start_file(format!("part{number}"), SimpleFileOptions::default()).unwrap();
        writer.write_all(&[0; 1 << 20]).unwrap();
    }
    let error = refused(&writer.finish().unwrap().into_inner());
    assert!(matches!(error, Error::Bomb { unpacked, .. } if unpacked == 80 << 20), "{error}");
}

#[test]
fn a_compression_bomb_is_refused_before_it_is_unpacked() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer.start_file("bomb", options).unwrap();
    (0..64).for_each(|_| writer.write_all(&[0; 1 << 20]).unwrap());
    let file = writer.finish().unwrap().into_inner();
    let error = refused(&file);
    assert!(matches!(error, Error::Bomb { unpacked, limit: 200, .. } if unpacked == 64 << 20), "{error}");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let archive = Archive::from_bytes(zip(&[("a.json", b"{\"a\xff")])).unwrap();
    let error = archive.text("a.json").unwrap_err();
    assert!(
        matches!(&error, Error::NotText { entry, offset: 3, byte: 0xff } if entry == "a.json"),
        "{error}"
    );
}

#[test]
fn every_single_byte_changed_in_a_stored_zip_is_noticed_or_harmless() {
    // The date, the version and the attributes of an entry are read by nobody; all else is checked.
    let file = Liar::default().entry("a.txt", b"hello").finish();
    let whole = Archive::from_bytes(&file).unwrap();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x40;
        if let Ok(archive) = Archive::from_bytes(&changed) {
            let same = archive.entries().eq(whole.entries());
            assert!(same, "byte {at} was changed, and another content was believed");
        }
    }
}

mod folders {
    use super::*;
    use std::fs;

    #[test]
    fn a_zip_laid_out_in_a_folder_opens_as_the_zip_does() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("deep/inside");
        let archive = Archive::from_bytes(zip(&[("a.txt", b"hello"), ("b/c.txt", b"world")])).unwrap();
        archive.unpack_to(&folder).unwrap();
        let laid_out = Archive::open(&folder).unwrap();
        assert!(laid_out.entries().eq(archive.entries()));
        // Nothing else is left beside it.
        assert_eq!(fs::read_dir(scratch.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_holds_something_is_left_alone() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("mine.txt"), "mine").unwrap();
        let archive = Archive::from_bytes(zip(&[("a.txt", b"hello")])).unwrap();
        let error = archive.unpack_to(scratch.path()).unwrap_err();
        assert!(matches!(error, Error::Exists { .. }), "{error}");
        let error = archive.unpack_to(scratch.path().join("mine.txt")).unwrap_err();
        assert!(matches!(error, Error::Exists { .. }), "{error}");
        assert_eq!(fs::read_to_string(scratch.path().join("mine.txt")).unwrap(), "mine");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_folder_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", scratch.path().join("link")).unwrap();
        let error = Archive::open(scratch.path()).unwrap_err();
        assert!(matches!(error, Error::NotAFile { kind: "symbolic link", .. }), "{error}");
    }

    #[test]
    fn a_path_is_found_with_and_without_zip() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("churn.pack.zip"), zip(&[("a.txt", b"hello")])).unwrap();
        for name in ["churn.pack.zip", "churn.pack"] {
            assert_eq!(Archive::open(scratch.path().join(name)).unwrap().text("a.txt").unwrap(), "hello");
        }
        let error = Archive::open(scratch.path().join("churn")).unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error}");
    }
}
