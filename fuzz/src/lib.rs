//! What the fuzz targets do with bytes from anywhere. Ordinary tests do the same with the corpus.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use automl_pack::{
    Archive, Auto, Manifest, Options, bundle,
    carefree::Pickle,
    engine::{Data, Element, Input, Limits, Program, Tensor},
    plan,
};

/// A container is refused or opened; a bundle that opens is written again to the same bytes.
pub fn open(data: &[u8]) {
    let Ok(archive) = Archive::from_bytes(data) else { return };
    let is_bundle = archive.verify().is_ok();
    let opened = Auto::from_archive(&archive, &Options::default());
    assert!(opened.is_err() || is_bundle || !archive.is_bundle(), "an unverified bundle opens");
    if is_bundle {
        let mut again = Vec::new();
        archive.write(&mut again).expect("what was read can be written");
        let again = Archive::from_bytes(again).expect("what was written can be read");
        assert!(archive.entries().eq(again.entries()));
    }
}

/// A bare graph is refused or opened; one that opens gives a score or an error for a row.
pub fn bare(data: &[u8]) {
    let Ok(auto) = Auto::from_bytes(data) else { return };
    let plan = auto.pattern.plan();
    let columns = match plan.schema().as_wide().map(|wide| wide.width) {
        Some(plan::Width::Exactly(columns) | plan::Width::AtLeast(columns)) => columns,
        None => plan.schema().columns().len(),
    };
    let row = vec!["1"; columns].join(",");
    let header = vec!["x"; columns].join(",");
    let rows = std::io::Cursor::new(format!("{header}\n{row}\n{row}\n"));
    let job = automl_pack::Job::new(&auto).input_reader(rows).output_writer(Vec::new());
    let _ = job.by_position(true).threads(1).run();
}

/// A table of any format is refused or scored: each of its rows is in the output, or among those that are rejected.
pub fn table(data: &[u8]) {
    static AUTO: OnceLock<Auto> = OnceLock::new();
    let auto = AUTO.get_or_init(|| {
        Auto::from_bytes(include_bytes!("../corpus/open/ensemble")).expect("the corpus has a whole bundle")
    });
    let mut scores = Vec::new();
    let rows = std::io::Cursor::new(data.to_vec());
    let job = automl_pack::Job::new(auto).input_reader(rows).output_writer(&mut scores);
    if let Ok(summary) = job.threads(1).chunk_rows(16).max_rejects(u64::MAX).run() {
        let lines = scores.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(lines, summary.rows + 1, "the header, and a line for each row");
    }
}

/// A manifest is refused or read; one that is read has its digest.
pub fn manifest(data: &[u8]) {
    if let Ok(manifest) = Manifest::read_draft(data) {
        let sealed = Archive::seal(manifest, [("x", b"x".to_vec())]).expect("one plain entry");
        sealed.verify().expect("what was sealed is whole");
    }
    if let Ok(manifest) = Manifest::read(data) {
        assert!(manifest.is_sealed());
    }
}

/// A schema and, after a zero byte, a plan are refused or read; what is read comes back as it was.
pub fn schema_and_plan(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let schema = bundle::read_json::<plan::SchemaForm>("schema.json", parts.next().unwrap_or_default());
    let form = bundle::read_json::<plan::PlanForm>("plan.json", parts.next().unwrap_or_default());
    let Ok(schema) = schema else { return };
    let _ = schema.bare_plan();
    let (Ok(form), Ok(columns)) = (form, schema.schema()) else { return };
    let (Ok(target), Ok(plan)) = (schema.target(form.target_scale), form.plan(columns.clone())) else {
        return;
    };
    let again = plan::PlanForm::of(&plan, &target).plan(columns).expect("what was read can be read again");
    assert_eq!(plan::PlanForm::of(&plan, &target), plan::PlanForm::of(&again, &target));
    prepare_odd_rows(&plan);
}

/// Cells of every sort, in every column: whatever a plan does to them, it does not panic.
fn prepare_odd_rows(plan: &plan::Plan) {
    const CELLS: [&str; 10] = [
        "",
        "a",
        "1",
        "-0.5",
        "1e300",
        "NaN",
        "0001-01-01T00:00:00Z",
        "9999-12-31",
        "[1, null, \"u\"]",
        "é u\u{1F600} 3",
    ];
    // More than these make a row of numbers that does not fit the memory, which is the schema's wish.
    const WIDEST: usize = 1 << 16;
    let width: usize = (0..plan.inputs().len()).map(|input| plan.labels(input).len()).sum();
    if width > WIDEST || plan.schema().columns().is_empty() {
        return;
    }
    let column = |place: usize| -> ArrayRef {
        let cells = (0..CELLS.len()).map(|row| CELLS[(row + place) % CELLS.len()]);
        Arc::new(cells.collect::<Vec<_>>().into_iter().map(Some).collect::<StringArray>())
    };
    let columns = plan.schema().columns().iter().enumerate();
    let columns = columns.map(|(place, of)| (of.name.as_str(), column(place)));
    let Ok(rows) = RecordBatch::try_from_iter(columns) else { return };
    let _ = plan.prepare(&rows, &plan::Policy::all(plan::Action::Null));
    let _ = plan.prepare(&rows, &plan::Policy::all(plan::Action::Impute));
}

/// A pickle is refused or read as data.
pub fn pickle(data: &[u8]) {
    if let Ok(pickle) = Pickle::read(data) {
        let _ = pickle.root().kind();
    }
}

/// A graph is refused or loaded; one that loads gives something for a few rows, or is refused then.
pub fn graph(data: &[u8]) {
    // Less than the defaults: what is looked for is not what a large machine can bear.
    let limits = Limits { values: 1 << 21, values_of_row: 1 << 18, held: 1 << 22 };
    let Ok(program) = Program::load_within(data, limits) else { return };
    for rows in [1, 3] {
        let inputs = program.inputs().iter().map(|input| rows_of(input, rows));
        let _ = program.run(inputs.collect());
    }
}

/// Rows of the type and the width that an input takes, with values from everywhere.
fn rows_of(input: &Input, rows: usize) -> Tensor {
    let width = input.width.unwrap_or(1).min(1 << 10);
    let shape = if input.rank == Some(1) { vec![rows] } else { vec![rows, width] };
    let places = 0..shape.iter().product();
    let number = |place: usize| match place % 11 {
        7 => f64::NAN,
        9 => f64::INFINITY,
        place => place as f64 - 4.5,
    };
    let data = match input.element {
        Element::F32 => Data::F32(places.map(|place| number(place) as f32).collect()),
        Element::F64 => Data::F64(places.map(number).collect()),
        Element::I64 => Data::I64(places.map(|place| place as i64 % 9 - 3).collect()),
        Element::I32 => Data::I32(places.map(|place| place as i32 % 9 - 3).collect()),
        Element::Bool => Data::Bool(places.map(|place| place % 3 == 0).collect()),
        Element::Text => {
            Data::Text(places.map(|place| ["a", "", "1", "red blue", "-2.5"][place % 5].to_owned()).collect())
        }
    };
    Tensor::new(shape, data).expect("as many values as the shape says")
}
