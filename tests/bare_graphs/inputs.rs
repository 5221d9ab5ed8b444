//! Where a graph's inputs come from, and what becomes of cells that are not as they should be.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use automl_pack::{Action, Auto, ByPosition, Error, Flaw, Policy, plan};
use ndarray::array;

use super::{made, recorded::model, refused, scored};

const TYPED: &str = "text,id,flag,exact,short,other\n NA ,9223372036854775807,true,0.1234567890123456,-7,x\n";

#[test]
fn inputs_are_columns_of_their_name_and_others_are_counted() {
    let (out, err) = scored(&made("typed"), TYPED, &[]);
    let expected = "id_out,flag_out,text_out,exact_out,short_out\n\
                    9223372036854775807,false, NA ,0.1234567890123456,-7\n";
    assert_eq!(out, expected);
    assert_eq!(err, "1 row scored, 1 column ignored\n");
}

#[test]
fn one_wide_input_takes_all_columns_whatever_they_are_called() {
    let expected = "prediction\n-4.5\n-5\n";
    for header in ["a,b,c", "c,b,a", "x,x,x", "x_2,x_1,x_0"] {
        let rows = format!("{header}\n0.5,-1,2\n1.5,0.25,-0.75\n");
        assert_eq!(scored(&made("centred"), &rows, &[]).0, expected, "{header}");
    }
    let auto = Auto::unpack(made("centred")).unwrap();
    let scores = auto.pattern.predict(&array![[0.5_f32, -1.0, 2.0]]).unwrap();
    assert_eq!(scores.values(), Some([-4.5].as_slice()));
}

#[test]
fn an_input_of_several_columns_beside_others_takes_numbered_ones() {
    let auto = Auto::unpack(model("embed_mlp")).unwrap();
    let names: Vec<&str> =
        auto.pattern.plan().schema().columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[9], names[11]), (12, "num_0", "num_9", "cat_1"));
}

#[test]
fn another_number_of_columns_is_refused_unless_the_others_are_kept() {
    let err = refused(&made("centred"), "a,b,c,label\n0.5,-1,2,1\n", &[]);
    let expected = "error: stdin: input \"x\" takes all columns in order: expected 3, found 4\n\
                    hint: a graph with one wide input takes every column, whatever it is called; labels and ids \
                    are left out where --keep names them\n";
    assert_eq!(err, expected);
    let (out, _) = scored(&made("centred"), "a,b,label,c\n0.5,-1,1,2\n", &["--keep", "label"]);
    assert_eq!(out, "label,prediction\n1,-4.5\n");
    // Where all columns fit, one that is kept is read too.
    let (out, _) = scored(&made("centred"), "a,b,c\n0.5,-1,2\n", &["--keep", "a"]);
    assert_eq!(out, "a,prediction\n0.5,-4.5\n");
    let err = refused(&made("trees"), "a,b\n1,2\n", &[]);
    assert!(
        err.starts_with("error: stdin: input \"x\" takes all columns in order: expected 3 or more, found 2")
    );
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let err = refused(&made("strict"), "Colour,sizes,size\nred,S,S\n", &[]);
    let expected =
        "error: stdin: 1 of the 2 columns the models read is missing: \"colour\" (did you mean \"Colour\"?)";
    assert!(err.starts_with(expected), "{err}");
    let (out, _) = scored(&made("strict"), "Colour,sizes\nred,S\n", &["--by-position"]);
    assert_eq!(out, "prediction\n2\n");
}

#[test]
fn a_cell_that_cannot_be_read_is_refused_with_its_line_and_the_name_it_has_in_the_file() {
    let rows = "age,fare,rank\n0.5,-1,2\n0.5,old,2\n";
    let err = refused(&made("centred"), rows, &[]);
    let expected = "error: stdin: line 3: row 2, column \"fare\": unreadable cell, found \"old\": expected a number\n\
                    hint: --policy null scores the other rows, --policy impute fills in what can be filled in\n";
    assert_eq!(err, expected);
    let (out, err) = scored(&made("centred"), rows, &["--policy", "null", "--audit"]);
    assert_eq!(
        out,
        "prediction,audit_missing,audit_unseen,audit_unreadable,audit_out_of_range,audit_done\n\
                    -4.5,,,,,\n,,,fare,,fare=refused\n"
    );
    assert_eq!(err, "1 row scored, 1 row refused\nunreadable cells: fare 1\n");
}

#[test]
fn what_is_missing_is_no_number_or_no_text() {
    // Trees know what to do with no number: here, they go on to the right.
    let (out, err) = scored(&made("trees"), "a,b,c\n1,1,\n", &[]);
    assert_eq!(out.lines().nth(1).unwrap().split(',').next(), Some("3"));
    assert_eq!(err, "1 row scored\nmissing cells: c 1\n");
    // A sum does not: it has no score.
    let err = refused(&made("centred"), "a,b,c\n1,2,3\n1,,3\n", &[]);
    let expected = "error: stdin: line 3: row 2: member centred predicts no finite number\n";
    assert!(err.starts_with(expected), "{err}");
    let blank = TYPED.replace(" NA ", "");
    let (out, err) = scored(&made("typed"), &blank, &[]);
    assert!(out.ends_with("\n9223372036854775807,false,,0.1234567890123456,-7\n"), "{out}");
    assert!(err.ends_with("missing cells: text 1\n"), "{err}");
}

#[test]
fn nothing_stands_in_for_an_integer_or_a_truth_value() {
    for (cell, by, expected) in [
        (
            "9223372036854775807",
            "",
            "column \"id\": missing cell, found nothing: expected an integer of 64 bits",
        ),
        ("true", "NA", "column \"flag\": missing cell, found \"NA\": expected true or false"),
        (
            "-7",
            "2147483648",
            "column \"short\": unreadable cell, found \"2147483648\": expected an integer of 32 bits",
        ),
    ] {
        let rows = TYPED.to_owned() + &TYPED.lines().nth(1).unwrap().replace(cell, by) + "\n";
        let err = refused(&made("typed"), &rows, &["--policy", "impute"]);
        let expected = format!(
            "error: stdin: line 3: row 2, {expected}, for which nothing stands in\nhint: --policy null scores the \
             other rows\n"
        );
        assert_eq!(err, expected);
        let (out, _) = scored(&made("typed"), &rows, &["--policy", "null"]);
        assert!(out.ends_with(",-7\n,,,,\n"), "{out}");
    }
}

#[test]
fn a_value_that_the_graph_does_not_know_is_refused_with_its_row() {
    let (out, _) = scored(&made("strict"), "size,colour\nS,red\nL,green\n", &[]);
    assert_eq!(out, "prediction\n2\n5\n");
    let err = refused(&made("strict"), "size,colour\nS,red\nXL,green\n", &[]);
    assert!(err.starts_with("error: stdin: line 3: row 2: member strict: the graph failed: node "), "{err}");
    assert!(err.contains("(ai.onnx.ml.OneHotEncoder): value 0 is none of the categories"), "{err}");
}

#[test]
fn an_arrow_batch_keeps_every_digit() {
    let batch = |id: ArrayRef| {
        let one = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        RecordBatch::try_from_iter([
            ("short", one("1")),
            ("exact", one("0.1")),
            ("flag", one("0")),
            ("text", one("a")),
            ("id", id),
        ])
        .unwrap()
    };
    let auto = Auto::unpack(made("typed")).unwrap();
    let exact = batch(Arc::new(Int64Array::from(vec![i64::MAX])));
    let scores = auto.pattern.predict(&exact).unwrap().to_record_batch(Default::default());
    let expected = Int64Array::from(vec![i64::MAX]);
    assert_eq!(scores.column_by_name("id_out").unwrap().as_ref(), &expected);
    // By position, the second column is the flag's, whatever it is called.
    let error = auto.pattern.predict(&ByPosition(&exact)).unwrap_err();
    let Error::Rows(plan::Error::Cell { column, found, .. }) = error else { panic!("{error}") };
    assert_eq!((column.as_str(), found.as_str()), ("flag", "\"0.1\""));
}

#[test]
fn policies_and_notes_are_those_of_bundles() {
    let auto = Auto::unpack(made("centred")).unwrap();
    let strict = auto.pattern.with_policy(Policy::all(Action::Null));
    let scores = strict.predict(&array![[1.0_f64, 2.0, 3.0], [1.0, f64::NAN, 3.0]]).unwrap();
    assert_eq!([0, 1].map(|row| scores.is_refused(row)), [false, true]);
    assert_eq!(scores.flaws().into_iter().collect::<Vec<_>>(), [(("x_1", Flaw::Missing), 1)]);
    let none = scores.to_record_batch(Default::default()).slice(0, 0);
    assert_eq!(none.num_columns(), 1);
}
