//! Commands that make bundles, change them, and compare them.

use super::*;

fn graphs(name: &str) -> String {
    format!("{}/tests/fixtures/graphs/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Packs the two small graphs.
fn pack(out: &Path, more: &[&str]) -> (i32, String, String) {
    let members = ["logistic", "network"].map(|name| format!("{name}={}", graphs(&format!("{name}.onnx"))));
    let (first, second) = (format!("{}@0.75", members[0]), format!("{}@0.25", members[1]));
    let schema = graphs("schema.json");
    let arguments = ["pack", "-o", path(out), "--schema", &schema, "--member", &first, "--member", &second];
    run(&[&arguments, more].concat())
}

#[test]
fn graphs_and_a_schema_become_a_bundle() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("churn.pack.zip");
    let says = ["--version", "1.2.0", "--description", "Who leaves", "--metadata", "auc=0.81"];
    let golden = graphs("golden.csv");
    let (code, text, err) = pack(&out, &[&says, ["--golden", &golden].as_slice()].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(text.starts_with("packed churn 1.2.0 as "), "{text}");
    assert!(text.contains("10 golden rows replayed, 3 of 3 expectations given by the maker"), "{text}");

    let (_, text, _) = run(&["inspect", path(&out), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["name"], &report["metadata"]["auc"]), (&"churn".into(), &0.81.into()));
    let rows = run_with_stdin(&["predict", path(&out), "-"], b"age,plan,visits\n1.061,basic,2.0\n");
    assert!(rows.1.starts_with("prediction,probability_no,probability_yes\nyes,0.39374"), "{rows:?}");

    // A folder, and back: the same file.
    let (folder, again) = (scratch.path().join("churn"), scratch.path().join("again.zip"));
    assert_eq!(run(&["unpack", path(&out), path(&folder)]).0, 0);
    assert_eq!(run(&["pack", path(&folder), "-o", path(&again)]).0, 0);
    assert_eq!(fs::read(&out).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn what_is_refused_says_where_and_why() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("x.zip");
    let schema = graphs("schema.json");
    let network = format!("n={}", graphs("network.onnx"));
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let found = run(&[&["pack", "-o", path(&out)], arguments].concat());
        assert_eq!((found.0, found.1.as_str()), (code, ""), "{arguments:?}: {}", found.2);
        assert!(found.2.contains(words), "{arguments:?}: {}", found.2);
    };
    refused(&[], 2, "required");
    refused(&["--member", &network], 2, "--schema");
    refused(&["--member", "n", "--schema", &schema], 2, "expected NAME=VALUE, found \"n\"");
    refused(&["--member", "n=nowhere.onnx", "--schema", &schema], 2, "nowhere.onnx");
    refused(&["--member", &network, "--schema", "nowhere.json"], 2, "nowhere.json");
    refused(
        &["--member", &format!("n={schema}"), "--schema", &schema],
        1,
        "member n/m_0000: not an ONNX model",
    );
    refused(&["--member", &network, "--schema", &graphs("golden.csv")], 1, "golden.csv is not the JSON");
    let by_hand = tempfile::tempdir().unwrap();
    let slip = by_hand.path().join("slip.json");
    let text = fs::read_to_string(&schema).unwrap().replacen("\"type\"", "\"uint\": \"years\", \"type\"", 1);
    fs::write(&slip, text).unwrap();
    let expected = "slip.json: columns[0]: \"uint\" is not known, did you mean \"unit\"?";
    refused(&["--member", &network, "--schema", path(&slip)], 1, expected);
    refused(&["--member", &format!("{network}@0.5"), "--schema", &schema], 1, "sum to 0.5");
    refused(
        &["--member", &network, "--schema", &schema, "--golden", &schema],
        1,
        "golden rows: golden.json is not the JSON that was expected, at columns[0]",
    );
    refused(&["--member", &network, "--schema", &schema, "--name", "a b"], 2, "--name: expected letters");
    refused(&[scratch.path().to_str().unwrap()], 1, "not a pack");
    refused(&["nowhere"], 2, "nowhere is not there");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn convert_says_what_was_dropped_and_how_much_smaller_it_is() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("titanic.pack.zip");
    let pack = fixture("titanic/auto_pack.zip");
    let (code, text, err) = run(&["convert", path(&pack), path(&out)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        text.contains("dropped 3 files, 131.5 kB: __data__/__core__.pkl, __data__/data_structures"),
        "{text}"
    );
    assert!(text.contains("16,000 training values of 11 columns"), "{text}");
    assert!(text.contains("in place of 327.0 kB: 5.") && text.contains(" % smaller"), "{text}");
    assert_eq!(run(&["predict", path(&out), &rows()]).1, run(&["predict", path(&pack), &rows()]).1);
    let (code, _, err) = run(&["convert", path(&out), path(&scratch.path().join("again.zip"))]);
    assert_eq!(code, 1);
    assert!(err.contains("it is a bundle already"), "{err}");

    let pack = fixture("diabetes/auto_pack.zip");
    let (code, _, err) = run(&["convert", path(&pack), path(&out)]);
    assert_eq!(code, 0);
    assert!(err.starts_with("warning: the weights of this regression are kept as they are"), "{err}");
    let (code, text, err) = run(&["convert", "--weights", "fixed", path(&pack), path(&out)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(text.contains("the model with the least error weighs most"), "{text}");
}

#[test]
fn members_are_added_removed_and_reweighed_into_a_new_bundle() {
    let scratch = tempfile::tempdir().unwrap();
    let [first, second, third] = ["1.zip", "2.zip", "3.zip"].map(|name| scratch.path().join(name));
    assert_eq!(pack(&first, &[]).0, 0);
    let extra = format!("extra={}@0.25", graphs("network.onnx"));
    let add = ["members", "add", path(&first), &extra, "-o", path(&second)];
    let (code, _, err) = run(&add);
    assert_eq!(code, 1);
    assert!(err.contains("sum to 1.25") && err.contains("--renormalise"), "{err}");
    assert_eq!(run(&[&add, ["--renormalise"].as_slice()].concat()).0, 0);
    let remove = ["members", "remove", path(&second), "logistic", "--renormalise", "-o", path(&third)];
    assert_eq!(run(&remove).0, 0);
    let (_, text, _) = run(&["inspect", path(&third)]);
    assert!(text.contains(" by members remove logistic\n"), "{text}");
    assert!(text.contains("extra/m_0000    0.5000  ████████████"), "{text}");

    let (code, text, _) = run(&["diff", path(&second), path(&third)]);
    assert_eq!(code, 0);
    assert!(text.contains("members\n  - logistic/m_0000 graph sha256:"), "{text}");
    assert!(text.contains("  ~ extra/m_0000 0.2 -> 0.5\n"), "{text}");
    let (code, text, _) = run(&["diff", path(&second), path(&third), "--json", "--exit-code"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["same"]), (1, &false.into()));
    assert_eq!(run(&["diff", path(&first), path(&first)]).1, "no difference\n");

    let reweight = ["members", "reweight", path(&first), "logistic=0.5", "network=0.5", "-o", path(&first)];
    assert_eq!(run(&reweight).0, 0, "in its own place");
    let (code, _, err) = run(&["members", "reweight", path(&first), "nobody=1", "-o", path(&second)]);
    assert_eq!(code, 1);
    assert!(err.contains("no member or model is called \"nobody\": there are logistic, network"), "{err}");
}

#[test]
fn verify_exits_with_one_on_any_fault() {
    let (code, text, err) = run(&["verify", &bundle()]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(text.lines().all(|line| line.starts_with("ok    ")), "{text}");
    let scratch = tempfile::tempdir().unwrap();
    let broken = scratch.path().join("broken.zip");
    let mut bytes = fs::read(bundle()).unwrap();
    bytes[200_000] ^= 1;
    fs::write(&broken, bytes).unwrap();
    let (code, text, _) = run(&["verify", path(&broken), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["holds"]), (1, &false.into()));
    assert!(report["checks"][0]["fault"].as_str().unwrap().contains("m.onnx is damaged"), "{text}");
    assert_eq!(run(&["verify", "nowhere.zip"]).0, 2);
    let (code, text, _) = run(&["verify", path(&fixture("iris/pack.zip"))]);
    assert_eq!(code, 0);
    assert!(text.contains("has no digests and no golden rows"), "{text}");
}

#[test]
fn a_writer_that_is_killed_leaves_the_older_file() {
    let scratch = tempfile::tempdir().unwrap();
    let [out, new] = ["out.zip", "new.zip"].map(|name| scratch.path().join(name));
    let pack = fixture("iris/auto_pack.zip");
    let arguments = |out: &Path| ["convert", path(&pack), path(out), "--name", "iris"].map(str::to_owned);
    assert_eq!(run(&arguments(&new).each_ref().map(String::as_str)).0, 0);
    let new = fs::read(new).unwrap();
    for delay in [0, 5, 10, 20, 40, 60, 80, 100, 120, 150, 200] {
        fs::write(&out, b"older").unwrap();
        let mut child = command(&arguments(&out).each_ref().map(String::as_str)).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        // It may be done already.
        let _ = child.kill();
        child.wait().unwrap();
        let found = fs::read(&out).unwrap();
        assert!(found == b"older" || found == new, "after {delay} ms");
    }
}
