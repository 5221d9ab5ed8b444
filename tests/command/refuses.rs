//! Rows, paths and options that are refused, and in which words.

use super::*;

fn refused(input: &[u8]) -> String {
    let (code, out, err) = run_with_stdin(&["predict", &bundle(), "-"], input);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    err
}

#[test]
fn an_empty_file() {
    assert_eq!(refused(b""), "error: stdin: the input is empty: expected a header line and rows\n");
}

#[test]
fn a_header_only() {
    let text = fs::read_to_string(rows()).unwrap();
    let header = text.lines().next().unwrap();
    for input in [header.to_owned(), format!("{header}\n")] {
        let err = refused(input.as_bytes());
        assert!(err.starts_with("error: stdin: the input has 10 columns and no rows"), "{err}");
    }
}

#[test]
fn a_million_columns() {
    let err = refused((0..1_000_000).map(|at| format!("c{at},")).collect::<String>().as_bytes());
    assert!(err.contains("the header has 1000001 columns, over the limit of 100000"), "{err}");
}

#[test]
fn text_that_is_not_utf8() {
    let text = fs::read_to_string(rows()).unwrap();
    let header = text.lines().next().unwrap().as_bytes();
    let err = refused(&[header, b"\n801,2,x,ma\xffe,54.3,1,0,33.9832,,S\n"].concat());
    assert!(err.contains("line 2, column \"Sex\": byte 2 of the cell is not UTF-8 text"), "{err}");
    let err = refused(b"a,b\xff\n1,2\n");
    assert!(err.contains("line 1, column \"2\": byte 1 of the cell is not UTF-8 text"), "{err}");
}

#[test]
fn a_row_with_too_few_or_too_many_cells() {
    let text = fs::read_to_string(rows()).unwrap();
    let header = text.lines().next().unwrap();
    for (row, found) in [("801,2,x", 3), ("801,2,x,male,54.3,1,0,33.9832,,S,more", 11)] {
        let err = refused(format!("{header}\n{row}\n").as_bytes());
        assert!(err.contains(&format!("line 2: {found} cells, expected 10, as in the header")), "{err}");
    }
}

#[test]
fn a_row_without_an_end() {
    let text = fs::read_to_string(rows()).unwrap();
    let open = format!("{text}801,2,\"never closed{}", "x".repeat(70 << 20));
    let (code, _, err) = run_with_stdin(&["predict", &bundle(), "-"], open.as_bytes());
    assert_eq!(code, 1);
    assert!(
        err.contains("line 92: a quote opens in the row that begins here, and nothing closes it"),
        "{err}"
    );
}

#[test]
fn other_separators() {
    let text = fs::read_to_string(rows()).unwrap();
    let err = refused(text.replace(',', "\t").as_bytes());
    assert!(err.contains("the header is one cell with '\\t' in it: expected ','"), "{err}");
}

#[test]
fn a_number_too_large_for_the_models() {
    let err = refused(b"Pclass,Sex,Age,SibSp,Parch,Fare,Cabin,Embarked\n3,male,3e38,0,0,7,,S\n");
    assert!(err.contains("line 2: row 1: member "), "{err}");
    assert!(err.contains("predicts no finite number\nhint: --policy null"), "{err}");
}

#[test]
fn columns_that_cannot_be_kept() {
    for keep in ["Sex,Sex", "Shoe"] {
        let (code, out, err) = run(&["predict", &bundle(), &rows(), "--keep", keep]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.starts_with("error: --keep: column \"S"), "{err}");
    }
    let named = fs::read_to_string(rows()).unwrap().replace("Name", "prediction");
    let arguments = ["predict", &bundle(), "-", "--keep", "prediction"];
    let (code, out, err) = run_with_stdin(&arguments, named.as_bytes());
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("the output has a column of this name already"), "{err}");
}

#[test]
fn options_of_scores_without_rows_to_score() {
    let (code, _, err) = run(&["unpack", &bundle(), "--members"]);
    assert_eq!((code, err.as_str()), (2, "error: --members shapes scores: it needs --predict INPUT\n"));
}

#[test]
fn what_is_no_bundle() {
    for (content, message) in [
        (b"".as_slice(), "the file is empty: expected a zip file"),
        (b"hello", "not a zip file: it begins with 68 65 6c 6c"),
        (b"PK\x03\x04", "the zip file is cut off or damaged: 4 bytes"),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let bundle = scratch.path().join("broken.zip");
        fs::write(&bundle, content).unwrap();
        for command in ["inspect", "unpack", "audit"] {
            let (code, out, err) = run(&[command, path(&bundle)]);
            assert_eq!((code, out.as_str()), (1, ""));
            assert!(err.contains(message), "{command}: {err}");
        }
    }
}

#[test]
fn paths_that_are_not_there_and_options_that_make_no_sense() {
    for arguments in [
        vec!["predict", "nowhere.zip", "-"],
        vec!["predict", &bundle(), "nowhere.csv"],
        vec!["predict", &bundle(), &rows(), "-o", "/nowhere/out.csv"],
        vec!["predict", &bundle(), &rows(), "--keep", "Shoe"],
        vec!["predict", &bundle(), &rows(), "--policy", "hope"],
        vec!["predict", &bundle(), &rows(), "--threads", "0"],
        vec!["inspect"],
        vec!["nonsense"],
    ] {
        let (code, out, err) = run(&arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(err.starts_with("error: "), "{arguments:?}: {err}");
    }
}
