//! What holds of any bundle, whatever is in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use automl_pack_bundle::{Archive, Manifest, Version};
use proptest::prelude::*;

fn entries() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let name = "[a-zé]{1,3}(/[a-z0-9_.]{1,3}x){0,2}";
    let content = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        (any::<u8>(), 0..3000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    proptest::collection::btree_map(name, content, 0..8)
}

fn sealed(entries: &BTreeMap<String, Vec<u8>>) -> Option<Archive> {
    let manifest = Manifest::new("any".parse().unwrap(), Version::new(1, 2, 3));
    Archive::seal(manifest, entries.clone()).ok()
}

fn written(archive: &Archive) -> Vec<u8> {
    let mut file = Vec::new();
    archive.write(&mut file).unwrap();
    file
}

proptest! {
    #[test]
    fn pack_unpack_pack_gives_the_same_bytes(entries in entries()) {
        // Names that cannot lie in one folder are refused.
        let Some(bundle) = sealed(&entries) else { return Ok(()) };
        let file = written(&bundle);
        let opened = Archive::from_bytes(&file).unwrap();
        prop_assert_eq!(opened.verify().unwrap(), bundle.verify().unwrap());
        prop_assert!(opened.entries().eq(bundle.entries()));
        prop_assert_eq!(&written(&opened), &file);

        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("any");
        opened.unpack_to(&folder).unwrap();
        let laid_out = Archive::open(&folder).unwrap();
        prop_assert_eq!(laid_out.verify().unwrap(), bundle.verify().unwrap());
        prop_assert_eq!(&written(&laid_out), &file);
    }

    #[test]
    fn a_changed_byte_is_refused(entries in entries(), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let Some(bundle) = sealed(&entries) else { return Ok(()) };
        let mut file = written(&bundle);
        let at = place.index(file.len());
        file[at] ^= change;
        let opened = Archive::from_bytes(&file).and_then(|archive| archive.verify());
        prop_assert!(opened.is_err(), "byte {at}");
    }

    #[test]
    fn a_cut_or_longer_file_is_refused(entries in entries(), place in any::<prop::sample::Index>(), more in 1..40_usize) {
        let Some(bundle) = sealed(&entries) else { return Ok(()) };
        let mut file = written(&bundle);
        let length = place.index(file.len());
        prop_assert!(Archive::from_bytes(&file[..length]).is_err());
        file.extend(vec![0; more]);
        prop_assert!(Archive::from_bytes(&file).and_then(|archive| archive.verify()).is_err());
    }
}
