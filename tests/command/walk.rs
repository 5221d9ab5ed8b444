//! The walk of `examples/walk`, from a table to a bundle, with models that were trained outside.

use automl_pack::Holdout;

use super::*;

fn walk(file: &str) -> String {
    format!("{}/examples/walk/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The columns of a table of numbers, and of what else there is.
fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn a_bundle_predicts_for_the_raw_table_what_python_does_for_the_features() {
    let scratch = tempfile::tempdir().unwrap();
    let (folder, bundle) = (scratch.path().join("churn"), scratch.path().join("churn.pack.zip"));
    let csv = walk("churn.csv");
    let (code, out, err) =
        run(&["prepare", &csv, "--target", "churn", "-o", path(&folder), "--holdout", "0.2"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");

    let members = ["logistic", "trees"].map(|name| format!("{name}={}", walk(&format!("{name}.onnx"))));
    let [logistic, trees] = members.each_ref().map(String::as_str);
    let arguments = ["pack", path(&folder), "--member", logistic, "--member", trees, "-o", path(&bundle)];
    let (code, _, err) = run(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));

    let (code, out, err) = run(&["predict", path(&bundle), &csv, "--members", "--keep", "churn"]);
    assert_eq!(code, 0, "{err}");
    let (header, scores) = table(&out);
    let holdout = Holdout { share: 0.2, seed: 0 };
    let is_trained_on = |row: usize, score: &[String]| !score[0].is_empty() && !holdout.holds(row as u64);
    let scores: Vec<_> = scores
        .iter()
        .enumerate()
        .filter(|(row, score)| is_trained_on(*row, score))
        .map(|(_, row)| row)
        .collect();

    let (names, expected) = table(&fs::read_to_string(walk("expected.csv")).unwrap());
    assert_eq!(scores.len(), expected.len());
    for (place, name) in names.iter().enumerate() {
        let name = name.replace("_probability_", "/m_0000_probability_");
        let at =
            header.iter().position(|column| *column == name).unwrap_or_else(|| panic!("{name}: {header:?}"));
        for (row, (expected, score)) in expected.iter().zip(&scores).enumerate() {
            let number = |text: &str| text.parse::<f64>().unwrap();
            let (expected, found) = (number(&expected[place]), number(&score[at]));
            assert!((expected - found).abs() < 1e-5, "{name}, row {row}: {found}, expected {expected}");
        }
    }
}
