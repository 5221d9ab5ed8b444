//! Cells out of chunks, both ways.

use arrow_array::{cast::AsArray, types::Float64Type};
use automl_pack_plan::{Column, Kind};

use super::*;

fn number() -> Option<Decimals> {
    Column::new("x", Kind::Number).decimals()
}

fn none_lost() -> [AtomicBool; 3] {
    [(); 3].map(|()| AtomicBool::new(false))
}

/// Columns of which some are lost, by a way that may tell that others are; none where it gives none.
fn read<E>(
    lost: &[AtomicBool; 3],
    mut way: impl FnMut(Vec<columns::Column>) -> Result<Columns, E>,
    told: impl Fn(E) -> Option<Lost>,
) -> Option<Columns> {
    loop {
        match way(columns::Column::all(&[0, 1, 3], &[number(), None, number()], lost, 0)) {
            Ok(columns) => return Some(columns),
            Err(ended) => told(ended)?.0.iter().for_each(|at| lost[*at].store(true, Ordering::Relaxed)),
        }
    }
}

fn decoded(text: &str, dialect: Dialect) -> Columns {
    let text = Text { bytes: text.into(), line: 1, too_long: None };
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let slow = read(&none_lost(), |columns| row_by_row(&text, dialect, &names, columns), Some).unwrap();
    let fast = read(
        &none_lost(),
        |columns| tiles::read(&text, dialect, names.len(), columns),
        |ended| match ended {
            Ended::Lost(lost) => Some(lost),
            Ended::Odd => None,
        },
    );
    if let Some(fast) = fast {
        assert_eq!((&fast.arrays, &fast.lines, fast.rows), (&slow.arrays, &slow.lines, slow.rows));
        assert!(slow.refused.is_empty());
    } else {
        let is_odd = text.bytes.iter().any(|byte| b"\"\r\0".contains(byte));
        assert!(is_odd || !slow.refused.is_empty());
    }
    slow
}

#[test]
fn a_column_that_has_numbers_alone_is_one_of_numbers() {
    let dialect = Dialect { delimiter: b',', quote: b'"' };
    let found = decoded("1,x,y,-2.5\n3,4\n\"0.5\",\"5,\"\"6\",,7\r\n8.,9,,10", dialect);
    let numbers = |at: usize| found.arrays[at].as_primitive::<Float64Type>().values().to_vec();
    assert_eq!((numbers(0), numbers(2)), (vec![1.0, 0.5, 8.0], vec![-2.5, 7.0, 10.0]));
    let texts: Vec<_> = found.arrays[1].as_string::<i64>().iter().flatten().collect();
    assert_eq!((texts, found.rows, found.refused.len()), (vec!["x", "5,\"6", "9"], 3, 1));
}

#[test]
fn a_column_that_has_anything_else_is_one_of_texts_as_they_stand() {
    let dialect = Dialect { delimiter: b',', quote: b'"' };
    for odd in [" 7", "7 ", "1e3", "x", "NA", "\"7,5\"", "+7"] {
        let found = decoded(&format!("1.50,,,2\n{odd},,,3\n"), dialect);
        let texts: Vec<_> = found.arrays[0].as_string::<i64>().iter().flatten().collect();
        assert_eq!(texts, ["1.50", odd.trim_matches('"')], "{odd:?}");
        assert_eq!(found.arrays[2].as_primitive::<Float64Type>().values().to_vec(), [2.0, 3.0]);
    }
}

#[test]
fn one_pass_gives_what_row_by_row_does() {
    let dialect = Dialect { delimiter: b',', quote: b'"' };
    let pieces = [
        "1",
        "-2.5",
        "x",
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "1,a,2,3\n",
        "0.25,é,,-7\n",
        "12345678.5",
        "\"",
        "\r\n",
    ];
    let mut state = 11_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..9 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += pieces[(state >> 33) as usize % pieces.len()];
        }
        // The comparison is in there.
        let _ = decoded(&text, dialect);
    }
}

#[test]
fn tiles_take_lines_however_they_end_and_cells_without_anything() {
    let dialect = Dialect { delimiter: b',', quote: b'"' };
    let columns = || columns::Column::all(&[0, 1, 3], &[number(), None, number()], &none_lost(), 0);
    for end in ["\n", "\r\n"] {
        let text = ["1,a,2,3", "", "-0.5,é,,", "7,,,12345678901234567", ""].join(end);
        let text = Text { bytes: text.into(), line: 1, too_long: None };
        let found = tiles::read(&text, dialect, 4, columns()).unwrap();
        assert_eq!((found.rows, found.lines), (3, vec![1, 3, 4]));
        let numbers = |at: usize| found.arrays[at].as_primitive::<Float64Type>().iter().collect::<Vec<_>>();
        assert_eq!(numbers(0), [Some(1.0), Some(-0.5), Some(7.0)]);
        assert_eq!(numbers(2), [Some(3.0), None, Some(12_345_678_901_234_567.0)]);
        let texts: Vec<_> = found.arrays[1].as_string::<i64>().iter().flatten().collect();
        assert_eq!(texts, ["a", "é", ""]);
    }
    for odd in ["1,a,2\n", "1,a,2,3,4\n", "1,a,2,\"3\"\n", "1,a\r,2,3\n", "1,a,2,3\r", "1,a,2,3\n,"] {
        let text = Text { bytes: odd.into(), line: 1, too_long: None };
        assert!(matches!(tiles::read(&text, dialect, 4, columns()), Err(Ended::Odd)), "{odd:?}");
    }
}

#[test]
fn all_columns_that_are_lost_are_told_at_once() {
    let dialect = Dialect { delimiter: b',', quote: b'"' };
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let text = Text { bytes: "1,a,2,3\nx,b,4,5\n6,c,7,y\n".into(), line: 1, too_long: None };
    let columns = || columns::Column::all(&[0, 1, 3], &[number(), None, number()], &none_lost(), 0);
    let in_tiles = tiles::read(&text, dialect, 4, columns());
    assert!(matches!(in_tiles, Err(Ended::Lost(Lost(lost))) if lost == [0, 2]));
    assert!(matches!(row_by_row(&text, dialect, &names, columns()), Err(Lost(lost)) if lost == [0, 2]));
}

#[test]
fn a_number_ends_where_its_cell_does_whatever_separates_cells() {
    let found = decoded("1.2.3.4\n", Dialect { delimiter: b'.', quote: b'"' });
    let number = |at: usize| found.arrays[at].as_primitive::<Float64Type>().value(0);
    assert_eq!((number(0), number(2)), (1.0, 4.0));
    assert_eq!(found.arrays[1].as_string::<i64>().value(0), "2");
}

#[test]
fn what_separates_cells_does_not_enclose_them() {
    let reading = crate::Reading { quote: b',', ..crate::Reading::default() };
    let found = crate::Blocks::read(&b"a,b\n1,2\n"[..], &reading, 1_000).err().unwrap();
    assert_eq!(found.to_string(), "',' is both the delimiter and the quote: expected two characters");
}
