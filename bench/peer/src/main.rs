//! `onnxruntime-peer LIBRARY GRAPH.onnx ROWS SECONDS THREADS` prints the time of a row in ONNX Runtime, whose shared
//! library is LIBRARY, as `automl-pack-bench graph` prints ours: the same numbers, in blocks of as many rows. Of the
//! two ways to use several threads (within an operator, and blocks divided among sessions) the faster one counts.

use std::{env, error::Error, ops::Range, thread, time::Duration};

use ort::{
    environment::Environment,
    session::Session,
    value::{TensorElementType, TensorRef, ValueType},
};

#[path = "../../src/timing.rs"]
mod timing;

use timing::{BLOCK, number, time};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [library, graph, rows, seconds, threads] = arguments.as_slice() else {
        return Err("usage: onnxruntime-peer LIBRARY GRAPH.onnx ROWS SECONDS THREADS".into());
    };
    let runtime = ort::init_from(library)?.build()?;
    let open = |threads| Side::open(&runtime, graph, threads);
    let (rows, threads) = (rows.parse()?, threads.parse()?);
    let budget = Duration::from_secs_f64(seconds.parse()?);
    let mut fastest = within(open(threads)?, rows, budget)?;
    if threads > 1 && rows > BLOCK {
        let sides: Result<_, _> = (0..threads).map(|_| open(1)).collect();
        fastest = fastest.min(divided(sides?, rows, budget)?);
    }
    println!("us_per_row {}", fastest.as_secs_f64() * 1e6 / rows as f64);
    Ok(())
}

/// One session after the other block, its operators on all threads.
fn within(mut side: Side, rows: usize, budget: Duration) -> Result<Duration, Failure> {
    let blocks = side.blocks(0..rows);
    time(budget, || side.run(&blocks))
}

/// A session for each thread, which has its share of the blocks.
fn divided(sides: Vec<Side>, rows: usize, budget: Duration) -> Result<Duration, Failure> {
    let share = rows.div_ceil(sides.len()).next_multiple_of(BLOCK);
    let mut sides: Vec<_> = (0..rows)
        .step_by(share)
        .zip(sides)
        .map(|(first, side)| (side.blocks(first..rows.min(first + share)), side))
        .collect();
    time(budget, || {
        thread::scope(|scope| {
            let runs: Vec<_> = sides
                .iter_mut()
                .map(|(blocks, side)| scope.spawn(|| side.run(blocks).map_err(|error| error.to_string())))
                .collect();
            runs.into_iter().try_for_each(|run| run.join().unwrap_or_else(|_| Err("a panic".into())))
        })
    })
}

struct Side {
    session: Session,
    input: String,
    width: usize,
    is_double: bool,
}

/// Some rows, of the type that the graph takes.
enum Block {
    Singles([i64; 2], Vec<f32>),
    Doubles([i64; 2], Vec<f64>),
}

impl Side {
    fn open(runtime: &Environment, graph: &str, threads: usize) -> Result<Side, Failure> {
        let session = Session::builder(runtime)?
            .with_intra_threads(threads)
            .map_err(|error| error.to_string())?
            .commit_from_file(graph)?;
        let [input] = session.inputs() else { return Err("expected one input".into()) };
        let ValueType::Tensor { ty, shape, .. } = input.dtype() else {
            return Err("expected numbers".into());
        };
        let width = usize::try_from(shape[1])?;
        let (input, is_double) = (input.name().to_owned(), *ty == TensorElementType::Float64);
        Ok(Side { session, input, width, is_double })
    }

    fn blocks(&self, rows: Range<usize>) -> Vec<Block> {
        let block = |first: usize| {
            let count = BLOCK.min(rows.end - first);
            let shape = [count as i64, self.width as i64];
            let numbers = (first * self.width..(first + count) * self.width).map(number);
            if self.is_double {
                Block::Doubles(shape, numbers.collect())
            } else {
                Block::Singles(shape, numbers.map(|number| number as f32).collect())
            }
        };
        rows.clone().step_by(BLOCK).map(block).collect()
    }

    fn run(&mut self, blocks: &[Block]) -> Result<(), Failure> {
        for block in blocks {
            let name = self.input.as_str();
            match block {
                Block::Singles(shape, numbers) => self
                    .session
                    .run(ort::inputs![name => TensorRef::from_array_view((*shape, numbers.as_slice()))?])?,
                Block::Doubles(shape, numbers) => self
                    .session
                    .run(ort::inputs![name => TensorRef::from_array_view((*shape, numbers.as_slice()))?])?,
            };
        }
        Ok(())
    }
}
