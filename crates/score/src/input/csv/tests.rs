//! Cells out of chunks, both ways.

use arrow_array::{cast::AsArray, types::Float64Type};
use automl_pack_plan::{Column, Kind};

use super::*;

fn decoded(text: &str, dialect: Dialect) -> Columns {
    let text = Text { bytes: text.into(), line: 1, too_long: None };
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let decimals = Column::new("x", Kind::Number).decimals();
    let (places, decimals) = ([0, 1, 3], [decimals, None, decimals]);
    let slow = row_by_row(&text, dialect, &names, &places, &decimals);
    let lost = [(); 3].map(|()| AtomicBool::new(false));
    if let Some(fast) = fused::decode(&text, dialect, names.len(), &places, &decimals, &lost) {
        assert_eq!((&fast.arrays, &fast.lines, fast.rows), (&slow.arrays, &slow.lines, slow.rows));
        assert!(slow.refused.is_empty());
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
    for odd in ["", " 7", "7 ", "1e3", "x", "1234567890123456", "\"7,5\"", "+7"] {
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
    let text = "1,a,2,3\n\n-0.5,b,,4";
    let lost = [(); 3].map(|()| AtomicBool::new(false));
    let (places, number) = ([0, 1, 3], Column::new("x", Kind::Number).decimals());
    let chunk = Text { bytes: text.into(), line: 1, too_long: None };
    let fast = fused::decode(&chunk, dialect, 4, &places, &[number, None, number], &lost);
    assert_eq!(fast.map(|fast| (fast.rows, fast.lines)), Some((2, vec![1, 3])));
}

#[test]
fn a_number_ends_where_its_cell_does_whatever_separates_cells() {
    let found = decoded("1.2.3.4\n", Dialect { delimiter: b'.', quote: b'"' });
    let texts = |at: usize| found.arrays[at].as_string::<i64>().value(0).to_owned();
    assert_eq!([texts(0), texts(1)], ["1", "2"]);
    assert_eq!(found.arrays[2].as_primitive::<Float64Type>().values().to_vec(), [4.0]);
}
