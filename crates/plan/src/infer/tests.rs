use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    builder::{Float64Builder, ListBuilder},
};

use super::*;
use crate::{Classes, Known};

fn texts<T: AsRef<str>>(cells: &[T]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(cells))
}

/// What a column is found to hold, beside a target of two classes.
fn find(cells: ArrayRef) -> (ColumnForm, Sight) {
    find_as("x", cells, Wishes::default()).unwrap()
}

fn find_as(name: &str, cells: ArrayRef, wishes: Wishes) -> Result<(ColumnForm, Sight), Error> {
    let target = texts(&(0..cells.len()).map(|row| ["no", "yes"][row % 2]).collect::<Vec<_>>());
    let rows = RecordBatch::try_from_iter([(name, cells), ("target", target)]).unwrap();
    let mut inference = Inference::new(&rows.schema(), "target", wishes)?;
    inference.see(&rows)?;
    let inferred = inference.finish()?;
    Ok((inferred.schema.columns[0].clone(), inferred.sights[0].clone()))
}

/// Each cell in ten rows: what fewer rows have is told of none.
fn often(cells: &[&str]) -> ArrayRef {
    texts(&cells.repeat(10))
}

fn kind(cells: &[&str]) -> KindForm {
    find(often(cells)).0.kind
}

/// What the target is found to be.
fn target(cells: ArrayRef, wishes: Wishes) -> Result<(TaskForm, Option<Classes>), Error> {
    let x = texts(&(0..cells.len()).map(|row| row.to_string()).collect::<Vec<_>>());
    let rows = RecordBatch::try_from_iter([("x", x), ("target", cells)]).unwrap();
    let mut inference = Inference::new(&rows.schema(), "target", wishes)?;
    inference.see(&rows)?;
    let form = inference.finish()?.schema.target;
    Ok((form.task, form.classes))
}

#[test]
fn texts_tell_what_they_are() {
    assert_eq!(kind(&["1", "", "7", "-3"]), KindForm::Integer);
    assert_eq!(kind(&["1.5", "NA", "7", "1e3"]), KindForm::Number);
    assert_eq!(kind(&["Yes", "no", "", "YES"]), KindForm::Boolean);
    assert_eq!(kind(&["T", "F", "T"]), KindForm::Boolean);
    // Two of three spellings are of no pair.
    assert_eq!(kind(&["yes", "no", "true"]), KindForm::Category);
    assert_eq!(kind(&["red", "blue", "red"]), KindForm::Category);
    // What begins with a 0 is a name.
    assert_eq!(kind(&["0815", "0816", "0815"]), KindForm::Category);
    assert_eq!(kind(&["[1, 2]", "[3, 4.5]", "[0, null]"]), KindForm::Vector);
    assert_eq!(kind(&["[1, 2]", "[3]", "[4, 5, 6]"]), KindForm::Series);
    assert_eq!(kind(&[r#"["a"]"#, r#"["b", "c"]"#, "[]"]), KindForm::Set);
}

#[test]
fn a_few_rows_of_0_and_1_may_be_counts() {
    let cells = |count: usize| texts(&(0..count).map(|row| ["0", "1"][row % 2]).collect::<Vec<_>>());
    assert_eq!(find(cells(10)).0.kind, KindForm::Integer);
    assert_eq!(find(cells(100)).0.kind, KindForm::Boolean);
}

#[test]
fn times_are_read_as_all_of_them_are_written() {
    let formats = |cells: &[&str]| {
        let (form, _) = find(texts(cells));
        assert_eq!(form.kind, KindForm::Time, "{cells:?}");
        form.formats
    };
    assert_eq!(formats(&["2026-11-21", "2026-11-22T10:00:00Z"]), Vec::<String>::new());
    assert_eq!(formats(&["21.11.2026", "01.02.2026"]), ["%d.%m.%Y"]);
    assert_eq!(formats(&["01/02/2026", "11/21/2026"]), ["%m/%d/%Y"]);
    assert_eq!(formats(&["01/02/2026", "21/11/2026"]), ["%d/%m/%Y"]);
    assert_eq!(formats(&["01.02.26", "21.11.26"]), ["%d.%m.%y"]);
    assert_eq!(formats(&["01.02.2026 10:30", "21.11.2026 11:00"]), ["%d.%m.%Y %H:%M"]);
    assert_eq!(formats(&["12:30", "23:59"]), ["%H:%M"]);
    // Both months and days, or days and months: it says so.
    let (form, sight) = find(texts(&["01/02/2026", "03/04/2026"]));
    assert_eq!((form.formats, sight.has_hours), (vec!["%m/%d/%Y".to_owned()], false));
    assert_eq!(sight.why, "times as %m/%d/%Y; %d/%m/%Y would fit as well");
    assert_eq!(kind(&["1.2.3", "4.5.6", "1.2.3"]), KindForm::Category);
}

#[test]
fn what_stands_for_nothing_among_numbers_is_missing() {
    let (form, sight) = find(texts(&["1", "?", "2", "?", "3", ""]));
    assert_eq!((form.kind, sight.missing, sight.unreadable), (KindForm::Integer, 3, 0));
    assert!(form.missing.unwrap().contains(&"?".to_owned()));
    assert_eq!(sight.why, "integers; \"?\" for nothing");
    // Among words it is one.
    let (form, sight) = find(often(&["a", "?", "b", "a", "?"]));
    assert_eq!((form.kind, sight.missing), (KindForm::Category, 0));
}

#[test]
fn a_few_cells_that_are_no_numbers_are_unreadable() {
    let mut cells: Vec<String> = (0..100).map(|row| format!("{}.5", row % 7)).collect();
    cells[40] = "seven".to_owned();
    let (form, sight) = find(texts(&cells));
    assert_eq!((form.kind, sight.unreadable), (KindForm::Number, 1));
    assert_eq!(form.policy.unreadable, Some(crate::Action::Impute));
    assert_eq!(sight.why, "numbers; 1 cell is not, and read as missing");
}

#[test]
fn one_bad_cell_of_a_few_is_unreadable() {
    let dates = |bad: &'static str| {
        (0..10).map(move |row| if row == 4 { bad.to_owned() } else { format!("{:02}.11.2026", row + 1) })
    };
    for bad in ["soon", "20261121", "31.02.2026"] {
        let (form, sight) = find(texts(&dates(bad).collect::<Vec<_>>()));
        assert_eq!((form.kind, sight.unreadable), (KindForm::Time, 1), "{bad}");
        assert_eq!(form.policy.unreadable, Some(crate::Action::Impute));
        assert_eq!(sight.why, "times as %d.%m.%Y; 1 cell is not, and read as missing");
    }
    let (form, sight) = find(texts(&["3", "1", "4", "x", "5"]));
    assert_eq!((form.kind, sight.unreadable), (KindForm::Integer, 1));
    // Two of a few are too many.
    assert_ne!(find(texts(&["3", "1", "4", "x", "y"])).0.kind, KindForm::Integer);
}

#[test]
fn values_of_few_rows_are_told_of_none() {
    let cells: Vec<&str> = [("de", 30), ("fr", 10), ("li", 9), ("va", 1)]
        .into_iter()
        .flat_map(|(value, rows)| std::iter::repeat_n(value, rows))
        .collect();
    let (form, sight) = find(texts(&cells));
    assert_eq!(form.values, Some(vec![Known::Text("de".into()), Known::Text("fr".into())]));
    assert_eq!((sight.rare, sight.distinct), (10, Some(4)));
    assert_eq!(sight.why, "4 values; 2 more are in fewer than 10 rows, and read as unseen");
    // Where all are so, the column is a text, of which no step keeps a word.
    let (form, sight) = find(texts(&["de", "fr", "de", "li"]));
    assert_eq!((form.kind, form.values), (KindForm::Text, None));
    assert_eq!(sight.why, "3 values, none in 10 rows");
    // What is told by hand is told.
    let own = ColumnForm {
        values: Some(vec![Known::Text("va".into()), Known::Text("de".into())]),
        ..ColumnForm::new("x", KindForm::Category)
    };
    let (form, sight) =
        find_as("x", texts(&cells), Wishes { columns: vec![own.clone()], ..Wishes::default() }).unwrap();
    assert_eq!((form.values, sight.strangers), (own.values, 19));
    assert_eq!(sight.why, "asked for; 19 of 50 cells are none of its values");
    let (_, sight) = find(often(&["1", "1.0", "2"]));
    assert_eq!(sight.rare, 0);
}

#[test]
fn numbers_beyond_a_range_that_is_asked_for_are_counted() {
    let own = ColumnForm { range: Some([Some(2.0), None]), ..ColumnForm::new("x", KindForm::Integer) };
    let wishes = Wishes { columns: vec![own], ..Wishes::default() };
    let (_, sight) = find_as("x", often(&["1", "2", "3", ""]), wishes).unwrap();
    assert_eq!(sight.strangers, 10);
}

#[test]
fn what_the_first_rows_told_stands_or_does_not() {
    let confirmed = |first: &dyn Fn(usize) -> &'static str, then: &dyn Fn(usize) -> &'static str| {
        let rows = |cell: &dyn Fn(usize) -> &'static str| {
            let target = texts(&(0..1000).map(|row| ["no", "yes"][row % 2]).collect::<Vec<_>>());
            let cells = texts(&(0..1000).map(cell).collect::<Vec<_>>());
            RecordBatch::try_from_iter([("x", cells), ("target", target)]).unwrap()
        };
        let mut inference = Inference::new(&rows(first).schema(), "target", Wishes::default()).unwrap();
        inference.see(&rows(first)).unwrap();
        let early = inference.early().unwrap();
        inference.see(&rows(then)).unwrap();
        inference.confirm(&early).unwrap()
    };
    let usual = |row: usize| ["a", "b", "c"][row % 3];
    let some = |row: usize| if row < 15 { "d" } else { ["a", "b", "c"][row % 3] };
    let same = confirmed(&usual, &some).unwrap();
    assert_eq!(same.schema.columns[0].values.as_ref().map(Vec::len), Some(3));
    assert_eq!(same.rows, 2000);
    assert!(confirmed(&usual, &|row| ["a", "d"][row % 2]).is_none());
    assert!(confirmed(&usual, &|row| if row < 50 { "" } else { "a" }).is_none());
    assert!(confirmed(&|row| ["1", "2", "5"][row % 3], &|_| "2.5").is_none());
    assert!(confirmed(&|row| ["1", "2", "5"][row % 3], &|row| ["7", "8"][row % 2]).is_some());
}

#[test]
fn numbers_that_are_written_for_people_are_told_of() {
    let cells: Vec<String> = (0..60).map(|row| format!("{row},{:03}.50 €", row * 7)).collect();
    let (form, sight) = find(texts(&cells));
    assert_eq!(form.kind, KindForm::Unread);
    assert_eq!(sight.why, "numbers with more to them, such as 1,234 or 5 %: write them as 1234");
}

#[test]
fn what_tells_rows_apart_or_nothing_is_not_read() {
    let all = |of: fn(usize) -> String| texts(&(0..50).map(of).collect::<Vec<_>>());
    let why = |name: &str, cells: ArrayRef| {
        let (form, sight) = find_as(name, cells, Wishes::default()).unwrap();
        (form.kind == KindForm::Unread).then_some(sight.why)
    };
    let id = || Some("no value comes twice: an id".to_owned());
    assert_eq!(why("x", all(|row| (1000 + row).to_string())), id());
    assert_eq!(why("x", all(|row| format!("u{row}"))), id());
    assert_eq!(why("user_id", all(|row| (row * 7919 % 10_007).to_string())), id());
    assert_eq!(why("x", all(|row| (row * 7919 % 10_007).to_string())), None);
    assert_eq!(why("x", all(|_| "de".to_owned())), Some("the same in every row".to_owned()));
    assert_eq!(why("x", all(|_| "NA".to_owned())), Some("empty in every row".to_owned()));
    // Many words in no cell twice are a text.
    assert_eq!(why("x", all(|row| format!("to whom it may concern {row}"))), None);
}

#[test]
fn a_category_has_all_its_values_whenever_they_come() {
    let mut inference = None;
    for block in 0..20 {
        let cells: Vec<String> = (0..100).map(|row| format!("v{:02}", 19 - block + row % 2)).collect();
        let answers: Vec<&str> = (0..100).map(|row| ["no", "yes"][row % 2]).collect();
        let rows = RecordBatch::try_from_iter([("x", texts(&cells)), ("target", texts(&answers))]).unwrap();
        let inference = inference
            .get_or_insert_with(|| Inference::new(&rows.schema(), "target", Wishes::default()).unwrap());
        inference.see(&rows).unwrap();
    }
    let inferred = inference.unwrap().finish().unwrap();
    let values = inferred.schema.columns[0].values.clone().unwrap();
    assert_eq!(values.len(), 21);
    assert_eq!((&values[0], &values[20]), (&Known::Text("v00".into()), &Known::Text("v20".into())));
}

#[test]
fn too_many_values_are_a_text() {
    let cells: Vec<String> = (0..20_000).map(|row| format!("v{}", row % 1001)).collect();
    let (form, sight) = find(texts(&cells));
    assert_eq!((form.kind, sight.distinct), (KindForm::Text, None));
    // Whoever asks for a category gets it.
    let wishes = Wishes { columns: vec![Wishes::read("x", "category").unwrap()], ..Wishes::default() };
    let (form, _) = find_as("x", texts(&cells), wishes).unwrap();
    assert_eq!(form.values.unwrap().len(), 1001);
}

#[test]
fn what_the_file_says_is_so() {
    assert_eq!(find(Arc::new(Int64Array::from(vec![3, 1, 3]))).0.kind, KindForm::Integer);
    assert_eq!(find(Arc::new(Float64Array::from(vec![3.0, 1.0, 3.0]))).0.kind, KindForm::Number);
    assert_eq!(find(Arc::new(BooleanArray::from(vec![true, false, true]))).0.kind, KindForm::Boolean);
    let (form, sight) =
        find(Arc::new(TimestampMicrosecondArray::from(vec![Some(5), None, Some(86_400_000_000)])));
    assert_eq!((form.kind, sight.missing, sight.has_hours), (KindForm::Time, 1, true));
    let mut lists = ListBuilder::new(Float64Builder::new());
    for row in [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] {
        lists.append_value(row.map(Some));
    }
    let (form, _) = find(Arc::new(lists.finish()));
    assert_eq!((form.kind, form.width), (KindForm::Vector, Some(2)));
}

#[test]
fn what_is_asked_for_is_completed_from_the_rows() {
    let asked = |text: &str| Wishes { columns: vec![Wishes::read("x", text).unwrap()], ..Wishes::default() };
    let (form, sight) = find_as("x", often(&["3", "1", "3"]), asked("category")).unwrap();
    assert_eq!(form.values, Some(vec![Known::Integer(1), Known::Integer(3)]));
    assert_eq!(sight.why, "asked for");
    let (form, _) = find_as("x", texts(&["a;b", "b", "c;a"]), asked("set:;")).unwrap();
    assert_eq!((form.kind, form.separator.as_deref()), (KindForm::Set, Some(";")));
    let (form, _) = find_as("x", texts(&["1 2", "3 4", "5 6"]), asked("vector")).unwrap();
    assert_eq!(form.width, Some(2));
    let refused = find_as("x", texts(&["a", "b", "c"]), asked("number")).unwrap_err();
    assert_eq!(refused.to_string(), "column \"x\" is asked to be of type number: none of its 3 cells is");
    let other = Wishes { columns: vec![Wishes::read("amuont", "number").unwrap()], ..Wishes::default() };
    let refused = find_as("amount", texts(&["a", "b"]), other).unwrap_err();
    assert!(
        matches!(&refused, Error::UnknownColumn { column, .. } if column.close.as_deref() == Some("amount"))
    );
}

#[test]
fn the_target_tells_its_task() {
    let usual = Wishes::default;
    let classes = |cells: &[&str]| target(texts(cells), usual()).unwrap();
    assert_eq!(
        classes(&["yes", "no", "", "no"]),
        (TaskForm::Classification, Some(Classes::Text(vec!["no".into(), "yes".into()])))
    );
    assert_eq!(
        classes(&["10", "9", "1.0"]),
        (TaskForm::Classification, Some(Classes::Integer(vec![1, 9, 10])))
    );
    assert_eq!(classes(&["0.5", "1", "2"]), (TaskForm::Regression, None));
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    assert_eq!(target(texts(&many), usual()).unwrap(), (TaskForm::Regression, None));
    let wishes = Wishes { task: Some(TaskForm::Classification), ..usual() };
    assert_eq!(target(texts(&many), wishes).unwrap().1.map(|classes| classes.len()), Some(21));
    let truths = Arc::new(BooleanArray::from(vec![true, false]));
    let words = Classes::Text(vec!["false".into(), "true".into()]);
    assert_eq!(target(truths, usual()).unwrap(), (TaskForm::Classification, Some(words)));
}

#[test]
fn a_target_that_cannot_be_is_refused() {
    let refused = |cells: ArrayRef, wishes| target(cells, wishes).unwrap_err();
    let constant = refused(texts(&["a", "a", ""]), Wishes::default());
    assert!(matches!(constant, Error::ConstantTarget { found, .. } if found == "a"));
    let regression = Wishes { task: Some(TaskForm::Regression), ..Wishes::default() };
    assert!(
        matches!(refused(texts(&["a", "b"]), regression), Error::TextTarget { found, .. } if found == "a")
    );
    let many: Vec<String> = (0..1001).map(|number| format!("v{number}")).collect();
    assert!(matches!(refused(texts(&many), Wishes::default()), Error::TooManyClasses { limit: 1000, .. }));
    let rows = RecordBatch::try_from_iter([("x", texts(&["a"]))]).unwrap();
    let none = Inference::new(&rows.schema(), "y", Wishes::default()).unwrap_err();
    assert_eq!(none.to_string(), "the training data has no column \"y\", which is the target");
}

#[test]
fn each_type_has_its_usual_steps() {
    let cells = |of: fn(usize) -> String| texts(&(0..60).map(of).collect::<Vec<_>>());
    let rows = RecordBatch::try_from_iter([
        ("age", cells(|row| if row == 3 { String::new() } else { (row % 50).to_string() })),
        ("color", cells(|row| ["red", "blue"][row % 2].to_owned())),
        ("since", cells(|row| format!("{:02}.11.2026", 1 + row % 30))),
        ("note", cells(|row| format!("it is the {row} one of many"))),
        ("target", cells(|row| ["no", "yes"][row / 3 % 2].to_owned())),
    ])
    .unwrap();
    let mut inference = Inference::new(&rows.schema(), "target", Wishes::default()).unwrap();
    inference.see(&rows).unwrap();
    let inferred = inference.finish().unwrap();
    let words = |aim| {
        let plan = inferred.plan(aim, &Default::default());
        plan.steps.iter().map(|step| step.step.word()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        words(Aim::Networks),
        "impute select impute standardise one_hot date_parts impute standardise normalise split hash"
    );
    assert_eq!(words(Aim::Trees), "impute select impute ordinal date_parts impute normalise split hash");
    let plan = inferred.plan(Aim::Networks, &Default::default());
    assert_eq!(plan.inputs[0].columns, ["age", "age?", "color", "since", "note"]);
}
