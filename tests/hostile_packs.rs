//! Packs that are not what they should be, and how each is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write},
};

use automl_pack::{
    Archive, Auto, Error, Pack, audit,
    carefree::{self, PickleError},
    engine,
};
use support::fixture;
use zip::{ZipWriter, write::SimpleFileOptions};

/// The entries of a pack, to be changed and put together again.
struct Entries(BTreeMap<String, Vec<u8>>);

impl Entries {
    fn of(path: &str) -> Entries {
        let archive = Archive::open(fixture(path)).unwrap();
        Entries(archive.entries().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect())
    }

    fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Entries {
        self.0.insert(name.to_owned(), content.as_ref().to_vec());
        self
    }

    fn without(mut self, name: &str) -> Entries {
        self.0.remove(name).unwrap();
        self
    }

    fn zip(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn open(&self) -> Result<Auto, Error> {
        Auto::from_bytes(self.zip())
    }

    fn refused(&self) -> carefree::Error {
        match self.open().unwrap_err() {
            Error::Carefree(error) => error,
            other => panic!("{other}"),
        }
    }
}

fn iris() -> Entries {
    Entries::of("iris/auto_pack.zip")
}

fn single() -> Entries {
    Entries::of("iris/pack.zip")
}

#[test]
fn what_is_no_pack_is_refused() {
    let error = Entries(BTreeMap::new()).with("notes/readme.txt", "hello").refused();
    assert!(matches!(&error, carefree::Error::NotAPack { found } if found == "notes"), "{error}");
}

#[test]
fn a_pack_of_a_later_version_is_refused_by_its_name() {
    let error = iris().with("config_bundle.json", "{}").refused();
    assert!(
        matches!(&error, carefree::Error::LaterVersion { entry } if entry == "config_bundle.json"),
        "{error}"
    );
}

#[test]
fn an_ensemble_is_not_a_pack_of_one() {
    let error = Pack::open(fixture("iris/auto_pack.zip")).unwrap_err();
    assert!(matches!(error, Error::NotSingle { members: 10 }), "{error}");
}

#[test]
fn a_stray_folder_is_not_taken_for_a_model() {
    let error = iris().with("__MACOSX/x.txt", "x").refused();
    assert!(matches!(&error, carefree::Error::StrayFolder { folder } if folder == "__MACOSX"), "{error}");
    let error = iris().with("fcnn/backup/m.onnx", "x").refused();
    assert!(matches!(&error, carefree::Error::StrayMember { folder } if folder == "fcnn/backup"), "{error}");
}

#[test]
fn an_extra_model_is_refused() {
    let error = iris().with("other/m_0000/m.onnx", "x").refused();
    assert!(matches!(&error, carefree::Error::ExtraModel { folder } if folder == "other"), "{error}");
}

#[test]
fn missing_members_are_refused() {
    let mut entries = iris();
    entries.0.retain(|name, _| !name.starts_with("ndt/"));
    let error = entries.refused();
    assert!(matches!(&error, carefree::Error::NoMembers { model } if model == "ndt"), "{error}");

    let mut entries = iris();
    entries.0.retain(|name, _| !name.starts_with("ndt/m_0000/"));
    let error = entries.refused();
    assert!(
        matches!(&error, carefree::Error::MissingMember { entry, .. } if entry == "ndt/m_0000/m.onnx"),
        "{error}"
    );

    let error = iris().without("ndt/m_0001/m.onnx").refused();
    assert_eq!(error.to_string(), "ndt/m_0001/m.onnx is missing");
}

#[test]
fn every_entry_that_is_needed_is_missed() {
    for name in [
        "data_protocol.txt",
        "__data__/__core__.pkl",
        "__data__/data_structures",
        "ndt/m_0000/output_names.json",
        "ndt/m_0000/output_probabilities.txt",
        "ndt/m_0000/binary_config.json",
    ] {
        let error = iris().without(name).refused();
        assert_eq!(error.to_string(), format!("{name} is missing"));
    }
}

#[test]
fn weights_that_are_no_shares_are_refused() {
    let weights = |text: &str| iris().with("weights_mapping.json", text).refused();
    for (weight, shown) in [("-0.1", "-0.1"), ("NaN", "NaN"), ("Infinity", "inf"), ("1.5", "1.5")] {
        let error = weights(&format!(r#"{{"fcnn": {weight}, "linear": 0.2}}"#));
        assert!(
            matches!(&error, carefree::Error::Weight { model, found } if model == "fcnn" && found == shown),
            "{error}"
        );
    }
    let error = weights(r#"{"fcnn": 0.1, "fcnn": 0.2}"#);
    assert!(matches!(&error, carefree::Error::RepeatedWeight { model } if model == "fcnn"), "{error}");
    assert!(matches!(weights("{}"), carefree::Error::NoModels));
    for text in
        ["", "[1, 2]", r#"{"fcnn": "NaN"}"#, r#"{"fcnn": "heavy"}"#, r#"{"fcnn": 0.1"#, r#"{"fcnn": null}"#]
    {
        let error = weights(text);
        assert!(
            matches!(&error, carefree::Error::Json { entry, .. } if entry == "weights_mapping.json"),
            "{error}"
        );
    }
}

#[test]
fn weights_must_sum_to_one() {
    let sum = |each: f64| {
        let weights: BTreeMap<&str, f64> =
            ["fcnn", "linear", "ndt", "nnb", "tree_dnn"].map(|model| (model, each)).into();
        iris().with("weights_mapping.json", serde_json::to_vec(&weights).unwrap())
    };
    assert!(sum(0.1).open().is_ok());
    assert!(sum(0.100_009).open().is_ok());
    let error = sum(0.100_02).refused();
    assert!(matches!(error, carefree::Error::WeightSum { members: 10, .. }), "{error}");
}

#[test]
fn a_missing_weights_file_is_refused() {
    let error = iris().without("weights_mapping.json").refused();
    assert!(matches!(error, carefree::Error::NotAPack { .. }), "{error}");
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let error = iris().with("weights_mapping.json", b"{\"fcnn\xff").refused();
    assert!(error.to_string().starts_with("entry weights_mapping.json is not UTF-8 text: byte 6"), "{error}");
}

#[test]
fn an_infinite_threshold_is_read() {
    let config = r#"{"binary_metric": "acc", "binary_threshold": Infinity}"#;
    let entries = Entries::of("titanic/pack.zip").with("binary_config.json", config);
    let rows = support::rows("titanic/input.csv");
    let scores = entries.open().unwrap().pattern.predict(&rows).unwrap();
    assert!(scores.label_places().unwrap().iter().all(|label| *label == 0));
    for threshold in ["NaN", "\"Infinity\"", "[]"] {
        let config = format!(r#"{{"binary_metric": "acc", "binary_threshold": {threshold}}}"#);
        let error = Entries::of("titanic/pack.zip").with("binary_config.json", config).refused();
        assert!(matches!(error, carefree::Error::Field { .. }), "{threshold}: {error}");
    }
    let error = entries.with("binary_config.json", "{}").refused();
    assert!(matches!(&error, carefree::Error::Field { found, .. } if found == "missing"), "{error}");
}

#[test]
fn broken_settings_of_a_member_are_refused() {
    let error = single().with("output_probabilities.txt", "2").refused();
    assert!(matches!(&error, carefree::Error::Field { found, .. } if found == "\"2\""), "{error}");
    let error = single().with("output_names.json", r#"["logits"]"#).refused();
    assert!(
        matches!(&error, carefree::Error::Field { entry, .. } if entry == "output_names.json"),
        "{error}"
    );
    let error = single().with("output_names.json", "[").refused();
    assert!(matches!(&error, carefree::Error::Json { entry, .. } if entry == "output_names.json"), "{error}");
    let error = single().with("preprocessor/protocols.json", r#"{"data": "cv"}"#).refused();
    assert!(matches!(&error, carefree::Error::NotTabular { found, .. } if found == "cv"), "{error}");
}

mod graphs {
    use super::*;

    fn refused(entries: &Entries) -> engine::Error {
        match entries.open().unwrap_err() {
            Error::Member { member, source } => {
                assert_eq!(member, "model");
                source
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn bytes_that_are_no_graph_are_refused() {
        for content in [b"".as_slice(), b"not a graph", &[0xff; 100]] {
            let error = refused(&single().with("m.onnx", content));
            assert!(matches!(error, engine::Error::NotOnnx { .. }), "{error}");
        }
        let whole = &single().0["m.onnx"];
        for end in [10, whole.len() / 2, whole.len() - 1] {
            let error = refused(&single().with("m.onnx", &whole[..end]));
            assert!(matches!(error, engine::Error::NotOnnx { .. }), "{end}: {error}");
        }
    }

    #[test]
    fn a_graph_for_other_columns_is_refused() {
        let other = Entries::of("diabetes/pack.zip").0["m.onnx"].clone();
        let error = single().with("m.onnx", other).open().unwrap_err();
        assert!(matches!(error, Error::MemberInput { expected: 4, found: 10, .. }), "{error}");
    }

    #[test]
    fn a_graph_for_another_task_is_refused() {
        // Two classes by the pickle, three by the graph.
        let error = single().with(pickles::CORE, pickles::core_with_classes(b"K\x02")).open().unwrap_err();
        assert!(matches!(error, Error::MemberOutput { expected: 2, found: 3, .. }), "{error}");
    }
}

mod pickles {
    use super::*;

    pub(super) const CORE: &str = "preprocessor/data/__core__.pkl";

    /// The iris pack's pickle with another number of classes.
    pub(super) fn core_with_classes(number: &[u8]) -> Vec<u8> {
        let core = &single().0[CORE];
        let key = b"_num_classes\x94K\x03";
        let at = core.windows(key.len()).position(|window| window == key).unwrap() + key.len() - 2;
        [&core[..at], number, &core[at + 2..]].concat()
    }

    fn refused(content: &[u8]) -> PickleError {
        match single().with(CORE, content).refused() {
            carefree::Error::Pickle { entry, source } => {
                assert_eq!(entry, CORE);
                source
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_name_that_could_run_code_is_refused_with_its_place() {
        for (name, pickle) in [
            ("os.system", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.".as_slice()),
            ("posix.system", b"\x80\x03cposix\nsystem\nX\x02\0\0\0id\x85R."),
            ("builtins.eval", b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R."),
        ] {
            let error = refused(pickle);
            assert!(matches!(&error, PickleError::Name { name: found, .. } if found == name), "{error}");
        }
    }

    #[test]
    fn a_name_reached_by_way_of_an_allowed_one_is_refused() {
        // _get_attr(_import_module("os"), "system"): both functions are on the list, their use is not.
        let pickle = b"\x80\x04\x8c\ndill._dill\x8c\x0e_import_module\x93\x8c\x02os\x85R.";
        let error = refused(pickle);
        assert!(matches!(&error, PickleError::Name { name, offset: 36 } if name == "os"), "{error}");
        let pickle = b"\x80\x04\x8c\ndill._dill\x8c\n_load_type\x93\x8c\x08CodeType\x85R.";
        let error = refused(pickle);
        assert!(
            matches!(&error, PickleError::Name { name, .. } if name == "dill._dill._load_type(CodeType)"),
            "{error}"
        );
        let pickle = b"\x80\x04\x8c\ndill._dill\x8c\t_get_attr\x93\x8c\ndill._dill\x8c\x0e_import_module\x93\
            \x8c\x1cnumpy.core._multiarray_umath\x85R\x8c\x06fromfi\x86R.";
        let error = refused(pickle);
        assert!(
            matches!(&error, PickleError::Name { name, .. } if name == "numpy.core._multiarray_umath.fromfi"),
            "{error}"
        );
    }

    #[test]
    fn instructions_that_are_not_needed_are_refused() {
        for code in [b'P', b'Q', b'i', b'o', 0x82, 0x92, 0x97, b'V', b'F', b'I', b'S', b'd', b'g', b'p'] {
            let error = refused(&[0x80, 4, code, b'.']);
            assert_eq!(error, PickleError::Instruction { code, offset: 2 });
        }
    }

    #[test]
    fn a_pickle_cut_off_anywhere_is_refused() {
        let whole = single().0[CORE].clone();
        for end in 2..whole.len() {
            let error = refused(&whole[..end]);
            assert!(matches!(error, PickleError::End { .. }), "{end}: {error}");
        }
    }

    #[test]
    fn other_protocols_and_other_bytes_are_refused() {
        for content in [b"".as_slice(), b"(dp0\n.", b"\x80\x06N.", b"\x80\x01N.", b"{}"] {
            assert!(matches!(refused(content), PickleError::Protocol { .. }));
        }
        let trailing = refused(b"\x80\x04}.more");
        assert_eq!(trailing, PickleError::Trailing { offset: 4, bytes: 4 });
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for content in [
            b"\x80\x04.".as_slice(),       // nothing to return
            b"\x80\x04a.",                 // nothing to append to
            b"\x80\x04NNa.",               // appending to None
            b"\x80\x04}NNNe.",             // no mark
            b"\x80\x04h\x07.",             // nothing remembered there
            b"\x80\x04N)R.",               // calling None
            b"\x80\x04(.",                 // a mark returned
            b"\x80\x04}(Nu.",              // a key without a value
            b"\x80\x04\x8a\x09123456789.", // an integer of 72 bits
            b"\x80\x04\x8c\x01\xff.",      // text that is no text
        ] {
            let error = refused(content);
            assert!(matches!(error, PickleError::Unfit { .. }), "{content:?}: {error}");
        }
    }

    #[test]
    fn an_array_cannot_claim_more_than_it_has() {
        // numpy.ndarray through _reconstruct, with the shape (2^40,) and two bytes.
        let pickle = b"\x80\x04\x8c\x1cnumpy.core._multiarray_umath\x8c\x0c_reconstruct\x93\
            \x8c\x05numpy\x8c\x07ndarray\x93K\0\x85C\x01b\x87R\
            (K\x01\x8a\x06\0\0\0\0\0\x01\x85\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02f4\x89\x88\x87R\x89C\x02xxtb.";
        let error = refused(pickle);
        assert!(matches!(&error, PickleError::Unfit { found, .. } if found == "2 bytes or items"), "{error}");
    }

    #[test]
    fn a_pickle_cannot_grow_by_making_the_same_again_and_again() {
        // A long list, remembered, and made into a set as often as bytes are left.
        let mut pickle = b"\x80\x04\x8c\ndill._dill\x8c\n_load_type\x93\x8c\x03set\x85R\x94](".to_vec();
        pickle.extend([b'N'; 20_000]);
        pickle.extend(b"e\x85\x94");
        (0..20_000).for_each(|_| pickle.extend(b"h\x00h\x01R0"));
        pickle.push(b'.');
        let error = refused(&pickle);
        assert!(matches!(error, PickleError::Unfit { expected: "values made once", .. }), "{error}");
    }

    #[test]
    fn a_pickle_cannot_grow_by_building_or_calling_again_and_again() {
        // A long shape, given to one array as often as bytes are left.
        let mut shapes = b"\x80\x04\x8c\x1cnumpy.core._multiarray_umath\x8c\x0c_reconstruct\x93\
            \x8c\x05numpy\x8c\x07ndarray\x93K\0\x85C\x01b\x87R(K\x01("
            .to_vec();
        (0..20_000).for_each(|_| shapes.extend(b"K\x01"));
        shapes.extend(b"t\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02f4\x89\x88\x87R\x89C\x01xt\x94b");
        // Each array of its own, with the state of the first.
        for _ in 0..2_000 {
            shapes.extend(b"0\x8c\x1cnumpy.core._multiarray_umath\x8c\x0c_reconstruct\x93");
            shapes.extend(b"\x8c\x05numpy\x8c\x07ndarray\x93K\0\x85C\x01b\x87Rh\0b");
        }
        shapes.push(b'.');
        let error = refused(&shapes);
        assert!(matches!(error, PickleError::Unfit { expected: "values made once", .. }), "{error}");
    }

    #[test]
    fn more_values_than_any_pack_has_are_refused() {
        let mut pickle = b"\x80\x04(".to_vec();
        pickle.extend(std::iter::repeat_n(b']', 9_000_000));
        pickle.extend(b"t.");
        // As a pickle, since a zip of it would be refused for a bomb.
        let error = carefree::Pickle::read(&pickle).unwrap_err();
        assert!(matches!(error, PickleError::TooManyValues { limit: 8_000_000, .. }), "{error}");
    }

    #[test]
    fn more_classes_than_any_task_has_are_refused() {
        let error = single().with(CORE, core_with_classes(b"J\xff\xff\xff\x7f")).refused();
        assert!(matches!(&error, carefree::Error::Field { path, .. } if path == "_num_classes"), "{error}");
    }

    #[test]
    fn both_protocols_are_read() {
        assert_eq!(Entries::of("iris_0_1_13/pack.zip").0[CORE][..2], [0x80, 3]);
        assert_eq!(single().0[CORE][..2], [0x80, 4]);
        assert!(Pack::open(fixture("iris_0_1_13/pack.zip")).is_ok());
    }
}

mod audits {
    use super::*;
    use automl_pack::Severity;

    fn kinds(path: &str) -> Vec<&'static str> {
        let audit = audit(&Archive::open(fixture(path)).unwrap()).unwrap();
        audit.findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn training_values_are_counted_by_column() {
        let audit = audit(&Archive::open(fixture("titanic/auto_pack.zip")).unwrap()).unwrap();
        let lines = fs::read_to_string(fixture("titanic/train.csv")).unwrap().lines().count() - 1;
        for column in &audit.training {
            let expected = if column.column == "PassengerId" { 0 } else { lines };
            assert_eq!(column.values, expected, "{}", column.column);
        }
        let excluded = audit.training.iter().filter(|column| !column.is_read && !column.is_target);
        assert_eq!(excluded.map(|column| &*column.column).collect::<Vec<_>>(), ["PassengerId", "Name"]);
        assert!(audit.is_serious());
    }

    #[test]
    fn what_is_wrong_with_each_pack_is_found() {
        let titanic = kinds("titanic/auto_pack.zip");
        for kind in ["training-values", "training-labels", "excluded-values", "pickles", "unguarded-lookups"]
        {
            assert!(titanic.contains(&kind), "{kind}: {titanic:?}");
        }
        assert!(!titanic.contains(&"inverted-weights"));
        assert!(kinds("diabetes/auto_pack.zip").contains(&"inverted-weights"));
        assert!(!kinds("diabetes/pack.zip").contains(&"inverted-weights"));
        assert!(!kinds("iris/auto_pack.zip").contains(&"unguarded-lookups"));
        assert!(kinds("titanic_fixed_batch/auto_pack.zip").contains(&"fixed-batch"));
    }

    #[test]
    fn a_pickle_that_would_run_code_is_found_with_its_name_and_place() {
        let hostile = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.";
        let zip = single().with("preprocessor/data/__core__.pkl", hostile).zip();
        let found = audit(&Archive::from_bytes(zip).unwrap()).unwrap();
        let finding = found.findings.iter().find(|finding| finding.kind == "pickle-runs-code").unwrap();
        assert!(finding.message.contains("os.system at offset 14"), "{}", finding.message);
    }

    #[test]
    fn weights_of_nothing_and_below_are_found() {
        let zero = r#"{"fcnn": 0.5, "linear": 0, "ndt": 0, "nnb": 0, "tree_dnn": 0}"#;
        let archive = Archive::from_bytes(iris().with("weights_mapping.json", zero).zip()).unwrap();
        let found = audit(&archive).unwrap();
        let finding = found.findings.iter().find(|finding| finding.kind == "zero-weights").unwrap();
        assert!(finding.message.contains("linear/m_0000"), "{}", finding.message);

        let negative = r#"{"fcnn": 0.6, "linear": -0.1, "ndt": 0, "nnb": 0, "tree_dnn": 0}"#;
        let archive = Archive::from_bytes(iris().with("weights_mapping.json", negative).zip()).unwrap();
        let found = audit(&archive).unwrap();
        let finding = found.findings.iter().find(|finding| finding.kind == "bad-weights").unwrap();
        assert_eq!(finding.severity, Severity::Serious);
        assert!(finding.message.contains("\"linear\" is -0.1"), "{}", finding.message);
        // What else is wrong is found all the same.
        assert!(found.findings.iter().any(|finding| finding.kind == "training-values"));
    }
}
