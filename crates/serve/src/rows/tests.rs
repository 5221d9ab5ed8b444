//! What of JSON becomes which rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use arrow_schema::DataType;
use automl_pack_plan::{Column, Kind, Lists, Schema};

use super::*;

fn schema() -> Schema {
    Schema::new(vec![
        Column::new("age", Kind::Number),
        Column::new("job", Kind::Text),
        Column::new("tags", Kind::Set(Lists::default())),
    ])
    .unwrap()
}

fn read(json: &str) -> Result<Given, Refusal> {
    of_json(parse(json.as_bytes())?, &schema())
}

fn shape(json: &str) -> (Vec<String>, usize, bool) {
    let given = read(json).unwrap();
    let names = given.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    (names, given.rows.num_rows(), given.by_position)
}

#[test]
fn a_record_records_lists_and_columns_are_the_same_rows() {
    let names = || vec!["age".to_owned(), "job".to_owned()];
    assert_eq!(shape(r#"{"age": 42, "job": "baker"}"#), (names(), 1, false));
    assert_eq!(shape(r#"[{"age": 42, "job": "baker"}, {"age": 7}]"#), (names(), 2, false));
    assert_eq!(shape(r#"{"age": [42, 7], "job": ["baker", null]}"#), (names(), 2, false));
    assert_eq!(shape(r#"{"columns": {"age": [42, 7], "job": ["baker", null]}}"#), (names(), 2, false));
    assert_eq!(
        shape(r#"{"columns": ["age", "job"], "rows": [[42, "baker"], [7, null]]}"#),
        (names(), 2, false)
    );
    assert_eq!(shape(r#"{"rows": [{"age": 42, "job": "baker"}]}"#), (names(), 1, false));
    assert!(shape("[[42, \"baker\", null]]").2);
}

#[test]
fn a_record_whose_cells_are_all_lists_is_one_where_its_columns_hold_lists() {
    assert_eq!(shape(r#"{"tags": ["a", "b"]}"#), (vec!["tags".to_owned()], 1, false));
    assert_eq!(shape(r#"{"tags": [["a"], ["b"]], "age": [1, 2]}"#).1, 2);
}

#[test]
fn columns_have_the_narrowest_type_that_holds_their_cells() {
    let given = read(
        r#"{"rows": [{"a": 1, "b": 1, "c": true, "d": 1, "e": null, "f": 18446744073709551615},
        {"a": 2, "b": 0.5, "d": "x"}]}"#,
    );
    let given = given.unwrap();
    let types: Vec<_> = given.rows.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let text = DataType::Utf8;
    assert_eq!(
        types,
        [DataType::Int64, DataType::Float64, DataType::Boolean, text.clone(), text.clone(), text]
    );
}

#[test]
fn what_is_no_rows_is_refused_with_its_place() {
    for (json, code, words) in [
        ("", Code::BadBody, "not JSON"),
        ("[NaN]", Code::BadBody, "not JSON"),
        ("1", Code::BadBody, "a number"),
        ("[]", Code::BadRows, "no rows"),
        (r#"{"rows": []}"#, Code::BadRows, "no rows"),
        (r#"[{"a": 1}, 7]"#, Code::BadBody, "rows[1] is a number"),
        ("[[1, 2], [1]]", Code::BadBody, "rows[1] has 1 cells: expected 2"),
        (r#"{"a": 1, "a": 2}"#, Code::BadBody, "\"a\" is there twice"),
        (r#"{"columns": {"a": [1], "b": [1, 2]}}"#, Code::BadBody, "\"b\" has 2 cells"),
        (r#"{"columns": 7}"#, Code::BadBody, "columns is a number"),
        (r#"{"rows": [[1]], "columns": [1]}"#, Code::BadBody, "a list of names"),
    ] {
        let refused = read(json).unwrap_err();
        assert_eq!(refused.code, code, "{json}");
        assert!(refused.message.contains(words), "{json}: {}", refused.message);
    }
    assert!(read("[NaN]").unwrap_err().hint.unwrap().contains("null"));
}

#[test]
fn nan_of_python_is_nothing_and_in_a_text_it_stays() {
    let given = br#"[NaN, "NaN", "a\"NaN", -NaN, {"NaN": NaN}]"#;
    assert_eq!(without_nan(given).as_ref(), br#"[null, "NaN", "a\"NaN", -null, {"NaN": null}]"#);
    assert!(matches!(without_nan(b"[1]"), Cow::Borrowed(_)));
    assert_eq!(without_nan(b"\"NaN\\").as_ref(), b"\"NaN\\");
}

/// What the reader of any JSON gives, and what the fast one does, if it does.
fn both(json: &str) -> (Option<Given>, Option<Given>) {
    (read(json).ok(), flat::read(json.as_bytes()))
}

#[test]
fn plain_records_are_read_as_any_json_is() {
    let cells = [
        "1",
        "-7",
        "0",
        "2.5",
        "-0.0",
        "1e3",
        "1E-7",
        "123456789012345678",
        "9007199254740993",
        "true",
        "false",
        "null",
        "\"a\"",
        "\"é漢😀\"",
        "\"\"",
        "3.141592653589793238",
        "5e-324",
        "1.7976931348623157e308",
    ];
    let mut read_fast = 0;
    for one in cells {
        for other in cells {
            for json in [
                format!(r#"[{{"a":{one},"b":"x"}},{{"a":{other},"b":null}}]"#),
                format!(" [ {{ \"a\" : {one} , \"b\" : {other} }} ] "),
                format!("{{\"a\":{one},\n\"b\":{other}}}"),
            ] {
                let (slow, fast) = both(&json);
                let slow = slow.unwrap_or_else(|| panic!("{json}"));
                if let Some(fast) = fast {
                    read_fast += 1;
                    assert_eq!(fast.rows, slow.rows, "{json}");
                    assert_eq!((fast.by_name, fast.by_position), (slow.by_name, slow.by_position));
                }
            }
        }
    }
    assert!(read_fast > 700, "{read_fast}");
}

#[test]
fn what_is_unusual_is_left_to_the_reader_of_any_json() {
    for json in [
        "",
        "[",
        "[]",
        "{}",
        "[{}]",
        "1",
        "[1]",
        "[[1]]",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "[{\"a\":1},]",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":-0}",
        "{\"a\":1e400}",
        "{\"a\":1234567890123456789}",
        "{\"a\":NaN}",
        "{\"a\":nul}",
        "{\"a\":\"\\n\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":[1]}",
        "{\"a\":{}}",
        "{\"a\":1,\"a\":2}",
        "{\"\\u0061\":1}",
        "{a:1}",
        "[{\"a\":1},{\"b\":1}]",
        "[{\"a\":1},{\"a\":1,\"b\":2}]",
        "[{\"a\":1,\"b\":2},{\"a\":1}]",
        "[{\"a\":1,\"b\":2},{\"b\":1,\"a\":2}]",
        "[{\"a\":1},{\"a\":\"x\"}]",
        "[{\"a\":1},{\"a\":true}]",
        "{\"rows\":1}",
        "{\"columns\":1,\"rows\":2}",
        "[{\"a\":9007199254740993},{\"a\":0.5}]",
        "{\"a\":1}\0",
    ] {
        assert!(flat::read(json.as_bytes()).is_none(), "{json}");
    }
    assert!(flat::read(b"{\"a\":\"\xff\"}").is_none());
}
