//! Changing, comparing and proving bundles.

use super::*;

#[test]
fn a_changed_bundle_names_what_it_was_made_from() {
    let before = small().build("x").unwrap();
    let revised = Builder::revise(&before, "members remove network").unwrap();
    let after = revised.remove(&["network"]).unwrap().renormalise().unwrap().build("x").unwrap();
    let lineage = after.verify().unwrap().lineage.unwrap();
    assert_eq!(
        (lineage.from, lineage.by.as_str()),
        (before.verify().unwrap().digest(), "members remove network")
    );
    let auto = open(&after).unwrap();
    assert_eq!((auto.pattern.members().len(), auto.pattern.members()[0].weight()), (1, 1.0));
}

#[test]
fn weights_are_renormalised_only_where_that_is_asked() {
    let bundle = small().build("x").unwrap();
    let removed = || Builder::revise(&bundle, "").unwrap().remove(&["network"]).unwrap();
    assert!(matches!(removed().build("x"), Err(Error::Carefree(carefree::Error::WeightSum { .. }))));
    assert!(removed().renormalise().unwrap().build("x").is_ok());
}

#[test]
fn a_member_that_is_removed_makes_the_later_ones_move_up() {
    let bundle = Auto::builder()
        .schema(schema())
        .member("a", graph("logistic.onnx"))
        .member("a", graph("network.onnx"));
    let bundle = bundle.build("x").unwrap();
    let revised = Builder::revise(&bundle, "").unwrap().remove(&["a/m_0000"]).unwrap().renormalise().unwrap();
    let after = revised.build("x").unwrap();
    assert_eq!(after.entry("a/m_0000/m.onnx").unwrap(), graph("network.onnx"));
    open(&after).unwrap();
    let both = Auto::builder()
        .schema(schema())
        .member("a", graph("logistic.onnx"))
        .member("a", graph("network.onnx"));
    let both = both.member("a", graph("logistic.onnx")).build("x").unwrap();
    let revised = Builder::revise(&both, "").unwrap().remove(&["a/m_0000", "a/m_0002"]).unwrap();
    let left = revised.renormalise().unwrap().build("x").unwrap();
    assert_eq!(left.entry("a/m_0000/m.onnx").unwrap(), graph("network.onnx"), "all names are those before");
    assert!(left.find("a/m_0001/m.onnx").is_none());
    for name in ["b", "a/m_0002", "a/m_1", "a/x", ""] {
        let error = Builder::revise(&bundle, "").unwrap().remove(&[name]).unwrap_err();
        assert!(matches!(error, Error::UnknownMember { .. }), "{name}: {error}");
    }
    let none = Builder::revise(&bundle, "").unwrap().remove(&["a"]);
    assert!(matches!(none, Err(Error::NoMembers)));
}

#[test]
fn a_single_pack_has_no_members_to_change() {
    let single = convert("diabetes/pack.zip").build("x").unwrap();
    let revised = || Builder::revise(&single, "").unwrap();
    assert!(matches!(revised().remove(&["model"]), Err(Error::SinglePack)));
    assert!(matches!(revised().reweight("model", 1.0), Err(Error::SinglePack)));
}

#[test]
fn diff_tells_what_changed() {
    let before = small().build("x").unwrap();
    let of = |archive: &Archive| open(archive).unwrap();
    assert_eq!(diff((&before, &of(&before)), (&before, &of(&before))), []);

    let revised = Builder::revise(&before, "").unwrap().reweight("network", 0.5).unwrap();
    let after = revised.reweight("logistic", 0.5).unwrap().version("1.3.0").build("x").unwrap();
    let found = diff((&before, &of(&before)), (&after, &of(&after)));
    assert_eq!(found[0].path, "lineage");
    let found = &found[1..];
    let paths: Vec<_> = found.iter().map(|found| (found.part, found.path.as_str())).take(3).collect();
    assert_eq!(
        paths,
        [(Part::Manifest, "version"), (Part::Weights, "logistic/m_0000"), (Part::Weights, "network/m_0000")]
    );
    assert_eq!((&found[1].before, &found[1].after), (&json!(0.75), &json!(0.5)));
    assert!(found[3..].iter().all(|found| found.part == Part::Golden) && found.len() > 3);

    let other = convert("iris/auto_pack.zip").build("x").unwrap();
    let parts: Vec<_> =
        diff((&before, &of(&before)), (&other, &of(&other))).iter().map(|found| found.part).collect();
    for part in
        [Part::Schema, Part::Target, Part::Classes, Part::Plan, Part::Members, Part::Weights, Part::Golden]
    {
        assert!(parts.contains(&part), "{part:?}");
    }
}

#[test]
fn verify_lists_every_fault() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("b.zip");
    let write = |archive: Archive| fs::write(&path, bytes(&archive)).unwrap();
    write(small().build("x").unwrap());
    let verdict = verify(&path).unwrap();
    let checks: Vec<_> = verdict.checks.iter().map(|check| check.what.as_str()).collect();
    let expected = [
        "container",
        "digests",
        "contents",
        "member logistic/m_0000",
        "member network/m_0000",
        "golden rows",
        "golden batch",
    ];
    assert_eq!((checks, verdict.holds()), (expected.to_vec(), true));

    let changed = Changed::small()
        .with("logistic/m_0000/m.onnx", b"x".to_vec())
        .with("network/m_0000/m.onnx", b"x".to_vec());
    write(Archive::seal(changed.manifest, changed.entries).unwrap());
    let verdict = verify(&path).unwrap();
    let faults: Vec<_> = verdict
        .checks
        .iter()
        .filter(|check| check.fault.is_some())
        .map(|check| check.what.as_str())
        .collect();
    assert_eq!(faults, ["member logistic/m_0000", "member network/m_0000"]);

    let changed = Changed::small().with("network/m_0000/m.onnx", other_network());
    write(Archive::seal(changed.manifest, changed.entries).unwrap());
    let verdict = verify(&path).unwrap();
    assert!(verdict.checks.iter().any(|check| check.what == "golden rows" && check.fault.is_some()));

    let verdict = verify(fixture("iris/auto_pack.zip")).unwrap();
    assert!(verdict.holds() && verdict.is_unproven);
    assert!(verify(scratch.path().join("nowhere")).is_err());
    fs::write(&path, b"no zip").unwrap();
    assert!(!verify(&path).unwrap().holds());
}
