//! Writing bundles, and what is refused before a file gets its name.

use super::*;

#[test]
fn what_would_not_open_gets_no_name() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("churn.zip");
    fs::write(&out, b"older").unwrap();
    let refused = [
        small().name("no good"),
        small().version("one"),
        small().weighted_member("extra", graph("network.onnx"), 0.5),
        small().weighted_member("a/b", graph("network.onnx"), 0.0),
        small().weighted_member("broken", b"no graph".to_vec(), 0.0),
        small().member("unweighted", graph("network.onnx")),
        small().tolerance(1.0),
        Auto::builder().member("alone", graph("network.onnx")),
    ];
    for (number, builder) in refused.into_iter().enumerate() {
        assert!(builder.write(&out).is_err(), "{number}");
    }
    assert_eq!(fs::read(&out).unwrap(), b"older");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    small().write(&out).unwrap();
    assert_eq!(Auto::unpack(&out).unwrap().manifest().unwrap().name.as_str(), "churn");
}

#[test]
fn pack_unpack_pack_gives_the_same_bytes() {
    let scratch = tempfile::tempdir().unwrap();
    for (place, builder) in
        [small(), convert("titanic/auto_pack.zip"), convert("diabetes/pack.zip")].into_iter().enumerate()
    {
        let first = scratch.path().join(format!("{place}.zip"));
        let packed = builder.write(&first).unwrap();
        let folder = scratch.path().join(place.to_string());
        Archive::open(&first).unwrap().unpack_to(&folder).unwrap();
        let second = scratch.path().join(format!("again-{place}.zip"));
        let again = Builder::from_folder(&folder).unwrap().write(&second).unwrap();
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
        assert_eq!(packed.manifest, again.manifest);
    }
}

#[test]
fn a_folder_needs_no_manifest_and_an_edited_one_names_its_origin() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("my churn");
    let bundle = small().build("x").unwrap();
    bundle.unpack_to(&folder).unwrap();
    let from = bundle.verify().unwrap().digest();
    fs::write(folder.join("weights_mapping.json"), r#"{"logistic": 0.5, "network": 0.5}"#).unwrap();
    assert!(matches!(Auto::unpack(&folder), Err(Error::Bundle(bundle::Error::EntrySize { .. }))));
    // The blend is another now: it must be recorded anew, and the maker must say so.
    let edited = || Builder::from_folder(&folder).unwrap();
    assert!(
        matches!(edited().write(scratch.path().join("y")), Err(Error::Golden(mismatch)) if mismatch.of == "blend")
    );
    let manifest = edited().new_golden().build("x").unwrap().verify().unwrap();
    let lineage = manifest.lineage.unwrap();
    assert_eq!((lineage.from, lineage.by.as_str()), (from, "pack"));

    fs::remove_file(folder.join("manifest.json")).unwrap();
    let manifest = edited().new_golden().build("x").unwrap().verify().unwrap();
    assert_eq!((manifest.name.as_str(), manifest.lineage), ("my-churn", None));
}

#[test]
fn bare_graphs_tell_their_outputs() {
    let auto = open(&small().build("x").unwrap()).unwrap();
    let heads: Vec<_> = auto.pattern.members().iter().map(|member| member.head().outputs).collect();
    assert_eq!(heads, [plan::Outputs::Probabilities, plan::Outputs::Logits]);
}

#[test]
fn members_without_weights_weigh_the_same() {
    let builder = Auto::builder()
        .schema(schema())
        .member("a", graph("logistic.onnx"))
        .member("a", graph("network.onnx"));
    let auto = open(&builder.member("b", graph("network.onnx")).build("x").unwrap()).unwrap();
    let members: Vec<_> =
        auto.pattern.members().iter().map(|member| (member.name(), member.weight())).collect();
    assert_eq!(members, [("a/m_0000", 1.0 / 3.0), ("a/m_0001", 1.0 / 3.0), ("b/m_0000", 1.0 / 3.0)]);
}

#[test]
fn nothing_else_comes_along() {
    for stray in ["evil.pkl", "network/run.py", "__data__/train.csv", ".DS_Store", "network/m_0000/notes.txt"]
    {
        let error = Changed::small().with(stray, "x").refused();
        let is_named = matches!(&error, Error::Stray { entry } if entry == stray)
            || error.to_string().contains("network");
        assert!(is_named, "{stray}: {error}");
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("churn");
        small().build("x").unwrap().unpack_to(&folder).unwrap();
        fs::write(folder.join(stray), "x").unwrap();
        assert!(Builder::from_folder(&folder).and_then(|builder| builder.build("x")).is_err(), "{stray}");
    }
}

#[test]
fn a_new_version_of_the_same_content_names_what_it_was() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("churn");
    let before = small().build("x").unwrap();
    before.unpack_to(&folder).unwrap();
    let after = Builder::from_folder(&folder).unwrap().version("2.0.0").build("x").unwrap().verify().unwrap();
    assert_eq!(after.lineage.unwrap().from, before.verify().unwrap().digest());
}

#[test]
fn contradictions_and_slips_are_refused() {
    let twice = small().weighted_member("logistic", graph("network.onnx"), 0.5);
    assert!(matches!(twice.build("x"), Err(Error::TwoWeights { model, .. }) if model == "logistic"));
    let single = convert("iris/pack.zip").member("more", graph("network.onnx"));
    assert!(matches!(single.build("x"), Err(Error::SinglePack)));
    let scaled = |by: Value| {
        let plan = json!({
            "steps": [
                {"step": "standardise", "column": "age", "mean": by["mean"], "deviation": by["deviation"],
                 "precision": "single"},
                {"step": "ordinal", "column": "plan", "missing": 0.0, "unseen": 0.0}],
            "inputs": [{"name": "input", "type": "f32", "columns": ["age", "plan", "visits"]}]});
        small().plan(serde_json::from_value(plan).unwrap()).build("x")
    };
    for (mean, deviation) in [(0.0, 0.0), (0.0, -1.0), (1e300, 1.0), (0.0, 1e-300)] {
        let error = scaled(json!({"mean": mean, "deviation": deviation})).unwrap_err();
        let Error::Rows(plan::Error::Plan { path, .. }) = &error else { panic!("{error}") };
        assert!(path.starts_with("steps[0]."), "{error}");
    }
}

#[test]
fn an_average_takes_the_largest_blended_probability() {
    let auto = open(&small().blend(Blend::Average).build("x").unwrap()).unwrap();
    assert_eq!(auto.pattern.blend(), Blend::Average);
    let scores = auto.pattern.predict(&auto.golden().unwrap().rows()).unwrap();
    let probabilities = scores.probabilities().unwrap();
    for row in 0..scores.len() {
        let likely = if probabilities[(row, 1)] > probabilities[(row, 0)] { "yes" } else { "no" };
        assert_eq!(scores.label(row).unwrap(), likely);
    }
}

#[test]
fn metadata_and_unknown_fields_are_kept() {
    let bundle = small().metadata("auc", 0.81).metadata("licence", "MIT").build("x").unwrap();
    let mut manifest = bundle.verify().unwrap();
    manifest.about.insert("colour".to_owned(), json!({"of": "the bundle"}));
    let entries: Vec<_> =
        bundle.entries().map(|(name, content)| (name.to_owned(), content.to_vec())).collect();
    let bundle = Archive::seal(manifest, entries).unwrap();
    let revised = Builder::revise(&bundle, "a test").unwrap().reweight("logistic", 0.25).unwrap();
    let manifest = revised.reweight("network", 0.75).unwrap().build("x").unwrap().verify().unwrap();
    assert_eq!(manifest.about["colour"], json!({"of": "the bundle"}));
    assert_eq!((&manifest.metadata["auc"], &manifest.metadata["licence"]), (&json!(0.81), &json!("MIT")));
}
