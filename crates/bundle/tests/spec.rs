//! What `SPEC.md` says of the container and the manifest: each MUST by its name, on the vectors that the
//! checker in Python agrees about, and on bundles made here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use automl_pack_bundle::{Archive, Digest, Error, Limits, Manifest, Name, Version};
use serde_json::{Value, json};

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn vector(name: &str) -> Vec<u8> {
    fs::read(vectors().join(name).with_extension("zip")).unwrap()
}

fn open(file: &[u8]) -> Result<Manifest, Error> {
    Archive::from_bytes(file)?.verify()
}

fn refused(name: &str) -> Error {
    open(&vector(name)).unwrap_err()
}

/// The manifest and the entries of `plain`.
fn plain() -> (Manifest, Vec<(String, Vec<u8>)>) {
    let archive = Archive::from_bytes(vector("plain")).unwrap();
    let entries = archive.entries().map(|(name, content)| (name.to_owned(), content.to_vec()));
    (archive.verify().unwrap(), entries.collect())
}

fn written(archive: &Archive) -> Vec<u8> {
    let mut file = Vec::new();
    archive.write(&mut file).unwrap();
    file
}

fn sealed() -> Vec<u8> {
    let (manifest, entries) = plain();
    written(&Archive::seal(manifest, entries).unwrap())
}

#[test]
fn the_vectors_are_taken_and_refused_as_they_say() {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(vectors().join("vectors.json")).unwrap()).unwrap();
    let files = fs::read_dir(vectors())
        .unwrap()
        .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "zip"));
    assert_eq!(files.count(), expected.len());
    for (name, expected) in expected {
        match open(&vector(&name)) {
            Ok(manifest) => assert_eq!(json!(manifest.digest()), expected["digest"], "{name}"),
            Err(error) => {
                let entry = expected["refused"].as_str().unwrap_or_else(|| panic!("{name}: {error}"));
                assert!(error.to_string().contains(entry), "{name} must name {entry}: {error}");
            }
        }
    }
}

#[test]
fn the_checker_in_python_agrees_on_the_vectors() {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(vectors().join("vectors.json")).unwrap()).unwrap();
    let checked = Command::new("python3")
        .args(["-B", "../check.py"])
        .args(expected.keys())
        .current_dir(vectors())
        .output()
        .expect("python3 runs check.py");
    let said = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(said.lines().count(), expected.len(), "{}", String::from_utf8_lossy(&checked.stderr));
    for ((name, expected), said) in expected.iter().zip(said.lines()) {
        let wanted = match expected["digest"].as_str() {
            Some(digest) => format!("ok {digest}"),
            None => format!("refused {}", expected["refused"].as_str().unwrap()),
        };
        assert!(said.starts_with(&wanted), "{name}: {said}, expected {wanted}");
    }
}

mod container {
    use super::*;

    #[test]
    fn entries_are_in_order() {
        assert!(matches!(refused("entries-out-of-order"), Error::Order { entry, before }
            if (entry.as_str(), before.as_str()) == ("a.json", "b/c.txt")));
        assert!(matches!(refused("entry-twice"), Error::Order { entry, .. } if entry == "a.json"));
        assert!(matches!(refused("manifest-not-first"), Error::Rezipped { first } if first == "a.json"));
    }

    #[test]
    fn headers_are_as_the_table_says() {
        assert!(matches!(refused("method-unknown"), Error::NotCanonical { entry, expected: 0, found: 9, .. }
            if entry == "a.json"));
        // Each byte of both headers of the second entry, and of the end.
        let file = sealed();
        let name =
            |at: usize| file[at..].windows(6).position(|bytes| bytes == b"a.json").map(|found| at + found);
        let local = name(0).map(|first| name(first + 1).unwrap()).unwrap();
        let central = name(file.len() - 400).unwrap();
        for at in (local - 30..local + 14).chain(central - 46..central + 14) {
            let mut broken = file.clone();
            broken[at] ^= 0x10;
            let error = open(&broken).unwrap_err();
            assert!(error.to_string().contains("a.json"), "byte {at}: {error}");
        }
    }

    #[test]
    fn contents_have_their_checksum() {
        assert!(matches!(refused("checksum"), Error::Checksum { entry, .. } if entry == "a.json"));
    }

    #[test]
    fn packed_bytes_have_their_checksum() {
        assert!(matches!(refused("packed-checksum"), Error::Checksum { entry, .. } if entry == "a.json"));
    }

    #[test]
    fn packed_bytes_unpack_to_exactly_the_content() {
        for name in ["packed-too-long", "size-too-small"] {
            assert!(matches!(refused(name), Error::Packed { entry, .. } if entry == "a.json"), "{name}");
        }
    }

    #[test]
    fn nothing_lies_before_between_or_after() {
        assert!(matches!(refused("bytes-after"), Error::NotCanonical { .. } | Error::Structure { .. }));
        assert!(matches!(refused("bytes-between"), Error::NotCanonical { .. } | Error::CutOff { .. }));
        assert!(matches!(refused("bytes-before"), Error::NotAZip { .. }));
    }

    #[test]
    fn names_are_plain_relative_paths() {
        assert!(matches!(refused("name-steps-out"), Error::BadName { name, .. } if name == "../x"));
        for name in ["", "/x", "x/", "a//b", "./a", "a\\b", "C:x", "a\nb"] {
            let (manifest, _) = plain();
            let sealed = Archive::seal(manifest, [(name, Vec::new())]);
            // A folder's name loses its slash when it is taken, and is refused where it stands.
            assert!(sealed.is_err() || name == "x/", "{name:?}");
        }
    }

    #[test]
    fn names_can_lie_in_one_folder() {
        assert!(matches!(refused("names-alike"), Error::Alike { entry, other }
            if (entry.as_str(), other.as_str()) == ("a", "A")));
        assert!(matches!(refused("name-file-and-folder"), Error::Duplicate { entry } if entry == "a"));
    }

    #[test]
    fn limits_hold() {
        let file = sealed();
        let open = |limits: Limits| Archive::read(std::io::Cursor::new(&file), &limits).unwrap_err();
        let limits = Limits::default;
        assert!(matches!(open(Limits { file_bytes: 100, ..limits() }), Error::FileTooLarge { .. }));
        assert!(matches!(open(Limits { entries: 3, ..limits() }), Error::TooManyEntries { .. }));
        assert!(matches!(open(Limits { entry_bytes: 150, ..limits() }), Error::EntryTooLarge { entry, .. }
            if entry == "manifest.json"));
        assert!(matches!(open(Limits { total_bytes: 700, ..limits() }), Error::TotalTooLarge { .. }));

        let (manifest, _) = plain();
        let bomb = written(&Archive::seal(manifest, [("zeros", vec![0; 4 << 20])]).unwrap());
        assert!(matches!(Archive::from_bytes(bomb), Err(Error::Bomb { entry, .. }) if entry == "zeros"));
    }

    #[test]
    fn a_folder_holds_exactly_the_entries() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("plain");
        Archive::from_bytes(vector("plain")).unwrap().unpack_to(&folder).unwrap();
        let open = || Archive::open(&folder)?.verify();
        assert_eq!(open().unwrap(), plain().0);

        fs::write(folder.join("more"), b"").unwrap();
        assert!(matches!(open(), Err(Error::Unlisted { entry }) if entry == "more"));
        fs::remove_file(folder.join("more")).unwrap();
        fs::write(folder.join("b/c.txt"), "é, ẞ\n").unwrap();
        assert!(matches!(open(), Err(Error::EntrySize { entry, .. }) if entry == "b/c.txt"));
        fs::remove_file(folder.join("b/c.txt")).unwrap();
        assert!(matches!(open(), Err(Error::Missing { entry }) if entry == "b/c.txt"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/hostname", folder.join("b/c.txt")).unwrap();
            assert!(matches!(open(), Err(Error::NotAFile { entry, .. }) if entry == "b/c.txt"));
        }
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        // Written once and kept: another packer, another order or a clock would show.
        assert_eq!(sealed(), vector("written"));
        let (manifest, mut entries) = plain();
        entries.reverse();
        assert_eq!(written(&Archive::seal(manifest, entries).unwrap()), vector("written"));
    }

    #[test]
    fn any_flipped_byte_is_refused_with_its_entry() {
        let file = sealed();
        let names = ["manifest.json", "a.json", "b/c.txt", "b/empty"];
        for at in 0..file.len() {
            for bit in [0x01, 0x80] {
                let mut broken = file.clone();
                broken[at] ^= bit;
                let error = open(&broken).expect_err("a flipped byte").to_string();
                let names_it = names.iter().any(|name| error.contains(name));
                assert!(names_it, "byte {at}: {error}");
            }
        }
    }

    #[test]
    fn any_cut_is_refused() {
        let file = sealed();
        for length in 0..file.len() {
            let error = open(&file[..length]).expect_err("a cut").to_string();
            // Less than the first header tells no name.
            let names_it =
                ["manifest.json", "a.json", "b/c.txt", "b/empty"].iter().any(|name| error.contains(name));
            assert!(names_it || length < 43, "{length} bytes: {error}");
        }
        assert!(matches!(refused("cut-off"), Error::CutOff { entry, .. } if entry == "b/c.txt"));
    }
}

mod manifest {
    use super::*;

    /// `plain` with its manifest changed, and the digest made right again.
    fn with(change: impl Fn(&mut Value)) -> Result<Manifest, Error> {
        let archive = Archive::from_bytes(vector("plain")).unwrap();
        let mut manifest: Value = archive.json("manifest.json").unwrap();
        change(&mut manifest);
        read(&text_of(manifest))
    }

    /// The text of a manifest, with zeros for a digest.
    fn text_of(mut manifest: Value) -> String {
        let fields = manifest.as_object_mut().unwrap();
        fields.remove("digest");
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        format!("{{\n  \"digest\": \"sha256:{}\",\n{}", "0".repeat(64), &text[2..])
    }

    fn read(text: &str) -> Result<Manifest, Error> {
        let digest = Digest::of(text).to_string();
        Manifest::read(text.replacen(&format!("sha256:{}", "0".repeat(64)), &digest, 1).as_bytes())
    }

    #[test]
    fn it_begins_with_its_digest() {
        assert!(matches!(refused("digest-not-first"), Error::ManifestStart { .. }));
    }

    #[test]
    fn it_has_its_digest() {
        assert!(matches!(refused("digest-of-another"), Error::ManifestDigest { .. }));
        let (manifest, _) = plain();
        let text = Archive::from_bytes(vector("plain")).unwrap().text("manifest.json").unwrap().to_owned();
        let digits = manifest.digest().to_string()["sha256:".len()..].to_owned();
        assert_eq!(Digest::of(text.replace(&digits, &"0".repeat(64))), manifest.digest());
    }

    #[test]
    fn no_key_is_there_twice() {
        for name in ["key-twice", "key-twice-deep"] {
            assert!(matches!(refused(name), Error::Json { entry, .. } if entry == "manifest.json"), "{name}");
        }
    }

    #[test]
    fn an_unknown_major_version_is_refused() {
        assert!(matches!(refused("later-major"), Error::Format { found, .. } if found == "2.0"));
        for format in [json!("1"), json!("1.x"), json!("+1.0"), json!(1.0), Value::Null] {
            assert!(with(|manifest| manifest["format"] = format.clone()).is_err(), "{format}");
        }
        // Nothing else of a later major version need be understood to say so.
        let error = with(|manifest| *manifest = json!({"format": "9.1", "entries": 7}));
        assert!(matches!(error, Err(Error::Format { found, .. }) if found == "9.1"));
    }

    #[test]
    fn unknown_fields_are_kept() {
        let manifest = open(&vector("later-minor")).unwrap();
        assert_eq!(manifest.format(), "1.7");
        assert_eq!(manifest.about["unheard_of"], json!({"of": 1}));
        let (_, entries) = plain();
        let again = Archive::seal(manifest.clone(), entries).unwrap().verify().unwrap();
        assert_eq!((again.about, again.metadata), (manifest.about, manifest.metadata));
    }

    #[test]
    fn the_name_can_stand_in_a_path() {
        assert!(matches!(refused("name-with-slash"), Error::Json { path, .. } if path == "name"));
        let longest = "x".repeat(128);
        for (name, fits) in [
            ("a", true),
            ("A.b_c-9", true),
            (longest.as_str(), true),
            ("", false),
            (".a", false),
            ("a b", false),
            ("ä", false),
            ("a/b", false),
        ] {
            assert_eq!(name.parse::<Name>().is_ok(), fits, "{name}");
        }
        assert!(format!("{longest}x").parse::<Name>().is_err());
    }

    #[test]
    fn the_version_is_semantic() {
        assert!(matches!(refused("version-not-semantic"), Error::Json { path, .. } if path == "version"));
        assert_eq!(plain().0.version, Version::new(1, 0, 0));
    }

    #[test]
    fn every_entry_is_listed_and_no_other() {
        assert!(matches!(refused("entry-unlisted"), Error::Unlisted { entry } if entry == "x"));
        assert!(matches!(refused("entry-missing"), Error::Missing { entry } if entry == "b/c.txt"));
        assert!(matches!(refused("lists-itself"), Error::Field { field, .. } if field == "entries"));
    }

    #[test]
    fn every_entry_has_its_size_and_digest() {
        assert!(matches!(refused("entry-changed"), Error::EntryDigest { entry, .. } if entry == "a.json"));
        assert!(matches!(refused("entry-longer"), Error::EntrySize { entry, .. } if entry == "a.json"));
    }

    #[test]
    fn digests_are_written_in_one_way() {
        for digest in [
            "",
            "sha256:",
            &"0".repeat(64),
            &format!("sha256:{}", "G".repeat(64)),
            &format!("sha256:{}", "A".repeat(64)),
            &format!("sha512:{}", "0".repeat(64)),
        ] {
            assert!(digest.parse::<Digest>().is_err(), "{digest}");
        }
    }

    #[test]
    fn a_draft_may_say_as_little_as_a_name() {
        let draft = Manifest::read_draft(br#"{"name": "x", "metadata": {"a": 1}}"#).unwrap();
        assert_eq!((draft.name.as_str(), draft.version.to_string().as_str()), ("x", "0.1.0"));
        assert!(!draft.is_sealed());
        assert!(matches!(Manifest::read(br#"{"name": "x"}"#), Err(Error::ManifestStart { .. })));
        assert!(matches!(Manifest::read_draft(b"{}"), Err(Error::Json { .. })));
    }
}

#[test]
fn a_staged_file_takes_its_place_whole_or_not_at_all() {
    use std::io::Write;
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("b.zip");
    fs::write(&path, b"older").unwrap();
    let (manifest, entries) = plain();
    let archive = Archive::seal(manifest, entries).unwrap();
    let mut staged = archive.stage(&path).unwrap();
    staged.flush().unwrap();
    assert_eq!(fs::read(staged.partial_path()).unwrap(), vector("written"));
    drop(staged);
    assert_eq!(fs::read(&path).unwrap(), b"older");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    archive.stage(&path).unwrap().commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), vector("written"));
    assert!(matches!(archive.stage(scratch.path().join("no/b.zip")), Err(Error::Io { .. })));
}
