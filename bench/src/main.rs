//! Our side of the measurements that `carefree.py` prints: one process, one figure a line.
//!
//! `automl-pack-bench BUNDLE ROWS.csv COPIES THREADS SECONDS` prints the time of one row in
//! microseconds, the rows a second on the file repeated COPIES times, and those of labels alone.
//! `automl-pack-bench graph FILE.onnx ROWS SECONDS THREADS [avx2|portable]` prints the time of a row in one graph.
//! `automl-pack-bench prepare SCHEMA PLAN ROWS.csv COPIES SECONDS OUT` prints the rows a second from columns
//! to the first input of a plan, on one thread, and writes that input's numbers to a file.
//! `automl-pack-bench open BUNDLE SECONDS` prints how long a bundle takes to open, with its golden rows
//! replayed and without, and what is left of it when nothing is prepared: reading and digests.

use std::{env, fs, sync::Arc, time::Duration};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use automl_pack::{
    Archive, Auto, Options, Policy,
    engine::{Data, Element, Program, Tensor, Way},
    plan::{self, Plan, PlanForm, SchemaForm},
};

mod timing;

use rayon::prelude::*;
use timing::{BLOCK, number, time};

/// That of the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [command, bundle, seconds] = arguments.as_slice()
        && command == "open"
    {
        return open(bundle, Duration::from_secs_f64(seconds.parse()?));
    }
    if let [command, schema, plan, rows, copies, seconds, out] = arguments.as_slice()
        && command == "prepare"
    {
        let rows = read(rows, copies.parse()?)?;
        return prepare(&read_plan(schema, plan)?, &rows, Duration::from_secs_f64(seconds.parse()?), out);
    }
    if let [command, graph, rows, seconds, threads, way @ ..] = arguments.as_slice()
        && command == "graph"
    {
        choose(way)?;
        rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
        return run_graph(graph, rows.parse()?, Duration::from_secs_f64(seconds.parse()?));
    }
    let [bundle, rows, copies, threads, seconds] = arguments.as_slice() else {
        return Err("usage: automl-pack-bench BUNDLE ROWS.csv COPIES THREADS SECONDS".into());
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let auto = Auto::unpack(bundle)?;
    let budget = Duration::from_secs_f64(seconds.parse()?);

    let one = read(rows, 1)?.slice(0, 1);
    println!("one_row_us {}", time(budget, || auto.pattern.predict(&one))?.as_secs_f64() * 1e6);
    let many = read(rows, copies.parse()?)?;
    let taken = time(budget, || auto.pattern.predict(&many))?;
    println!("rows_per_second {}", many.num_rows() as f64 / taken.as_secs_f64());
    let pattern = auto.pattern.labels_only();
    let taken = time(budget, || pattern.predict(&many))?;
    println!("labels_per_second {}", many.num_rows() as f64 / taken.as_secs_f64());
    Ok(())
}

/// Goes another way than the widest.
fn choose(way: &[String]) -> Result<(), Failure> {
    let way = match way {
        [] => return Ok(()),
        [way] if way == "avx2" => Way::Avx2,
        [way] if way == "portable" => Way::Portable,
        _ => return Err("expected avx2 or portable".into()),
    };
    if way.choose() { Ok(()) } else { Err("the processor lacks it".into()) }
}

/// In blocks of rows, with the same numbers as the other side's.
fn run_graph(graph: &str, rows: usize, budget: Duration) -> Result<(), Failure> {
    let program = Program::load(&fs::read(graph)?)?;
    let [input] = program.inputs() else { return Err("expected one input".into()) };
    let width = input.width.ok_or("expected an input of known width")?;
    let block = |first: usize, most: usize| {
        let count = most.min(rows - first);
        let numbers = (first * width..(first + count) * width).map(number);
        let values = match input.element {
            Element::F64 => Data::F64(numbers.collect()),
            _ => Data::F32(numbers.map(|number| number as f32).collect()),
        };
        Tensor::new(vec![count, width], values)
    };
    // What was run once knows how many rows are best.
    program.run(vec![block(0, 3)?])?;
    let most = program.block(rows, rayon::current_num_threads());
    let blocks = (0..rows).step_by(most).map(|first| block(first, most)).collect::<Result<Vec<_>, _>>()?;
    let run = |block: &Tensor| program.run(vec![block.clone()]).map(|_| ());
    let taken = if rayon::current_num_threads() == 1 || blocks.len() == 1 {
        time(budget, || blocks.iter().try_for_each(run))?
    } else {
        time(budget, || blocks.par_iter().try_for_each(run))?
    };
    println!("us_per_row {}", taken.as_secs_f64() * 1e6 / rows as f64);
    Ok(())
}

fn read_plan(schema: &str, plan: &str) -> Result<Plan, Failure> {
    let schema: SchemaForm = serde_json::from_slice(&fs::read(schema)?)?;
    let plan: PlanForm = serde_json::from_slice(&fs::read(plan)?)?;
    Ok(plan.plan(schema.schema()?)?)
}

/// In blocks of 256 rows, as a pattern prepares them.
fn prepare(plan: &Plan, rows: &RecordBatch, budget: Duration, out: &str) -> Result<(), Failure> {
    let count = rows.num_rows();
    let whole = || -> Result<Vec<_>, plan::Error> {
        let block =
            |first: usize| plan.prepare(&rows.slice(first, BLOCK.min(count - first)), &Policy::default());
        (0..count).step_by(BLOCK).map(block).collect()
    };
    let taken = time(budget, whole)?;
    println!("rows_per_second {}", count as f64 / taken.as_secs_f64());
    let mut bytes = Vec::new();
    for prepared in whole()? {
        let matrix = prepared.matrix().ok_or("expected one input of single precision")?;
        bytes.extend(matrix.iter().flat_map(|number| number.to_le_bytes()));
    }
    Ok(fs::write(out, bytes)?)
}

fn open(bundle: &str, budget: Duration) -> Result<(), Failure> {
    let options = |replay| Options { replay, ..Options::default() };
    let whole = time(budget, || Auto::unpack_with(bundle, &options(true)))?;
    let unproven = time(budget, || Auto::unpack_with(bundle, &options(false)))?;
    let read = time(budget, || Archive::open(bundle)?.verify())?;
    for (what, time) in [("open", whole), ("without_replay", unproven), ("read_and_verify", read)] {
        println!("{what}_ms {:.2}", time.as_secs_f64() * 1e3);
    }
    println!("replay_share {:.3}", 1.0 - unproven.as_secs_f64() / whole.as_secs_f64());
    Ok(())
}

/// A CSV file without quotes, its rows repeated; columns of numbers are such, as on the other side.
fn read(path: &str, copies: usize) -> Result<RecordBatch, Failure> {
    let text = fs::read_to_string(path)?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().ok_or("an empty file")?;
    let lines: Vec<_> = lines.collect();
    let column = |at: usize| -> ArrayRef {
        let cells = || lines.iter().map(|line| Some(line[at]).filter(|cell| !["NA", ""].contains(cell)));
        let numbers: Option<Vec<Option<f64>>> =
            cells().map(|cell| cell.map_or(Some(None), |cell| cell.parse().ok().map(Some))).collect();
        let all = 0..copies;
        match numbers {
            Some(numbers) => Arc::new(all.flat_map(|_| numbers.iter().copied()).collect::<Float64Array>()),
            None => Arc::new(all.flat_map(|_| cells()).collect::<StringArray>()),
        }
    };
    Ok(RecordBatch::try_from_iter(header.iter().enumerate().map(|(at, name)| (*name, column(at))))?)
}
