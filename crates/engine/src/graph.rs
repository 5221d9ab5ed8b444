//! A graph that runs at any batch.

use ndarray::{Array2, ArrayView2, Axis};
use prost::Message;
use tract_onnx::pb;

use crate::{
    Data, Error, Facts, Program, Tensor, facts, model, plan::guarded_own, plans::Plans, program::room,
    rewrite,
};

/// A graph, ready to run from any thread.
///
/// - its input is one matrix of f32, and all its values were in its bytes
/// - it was run for at least one batch: loading is where an operator that cannot run is refused
/// - a row's output does not depend on the rows beside it; where tract runs the graph, but for the last digit: a batch
///   of another size may add in another order
pub struct Graph {
    runner: Runner,
    facts: Facts,
    width: usize,
    columns: usize,
}

/// What runs it.
enum Runner {
    /// Our own operators, at any batch.
    Own(Program),
    /// tract, at the batch that a graph is stuck at.
    General(Plans),
}

impl Graph {
    /// Reads a graph of one input and prepares it to give the output of that number.
    pub fn load(bytes: &[u8], output: usize) -> Result<Graph, Error> {
        Graph::load_coded(bytes, output, &[])
    }

    /// As [`Graph::load`], for rows of which some columns hold nothing but codes: for each column, how many
    /// levels these stand for, if they do. What becomes of codes is looked up then, and a row with another
    /// value in such a column is refused.
    pub fn load_coded(bytes: &[u8], output: usize, levels: &[Option<usize>]) -> Result<Graph, Error> {
        let not_onnx = |reason: String| Error::NotOnnx { reason };
        if bytes.is_empty() {
            return Err(not_onnx("it is empty".to_owned()));
        }
        let mut model = model::read(bytes)?;
        let mut facts = facts::read(&model)?;
        let names = facts::outputs(&model);
        if output >= names.len() {
            return Err(Error::NoOutput { wanted: output, found: names });
        }
        let width = facts.width.ok_or_else(|| Error::InputType {
            input: facts.input.clone(),
            found: "a matrix without a declared number of columns".to_owned(),
        })?;
        let mut folded = model.clone();
        rewrite::fold(&mut folded, facts.opset);
        match own(&folded, output, width, levels) {
            Ok(Some((program, columns))) => {
                return Ok(Graph { runner: Runner::Own(program), facts, width, columns });
            }
            // What is left is a graph of our operators that does not run at any batch: tract runs it at its
            // own. Others it would take unseen, and be wrong about some of.
            Ok(None) | Err(Error::Run { .. } | Error::OutputShape { .. }) if !facts::has_ml(&model) => {}
            Ok(None) => return Err(Error::RowsDepend { output: names[output].clone() }),
            Err(error) => return Err(error),
        }
        rewrite::rewrite(&mut model, facts.opset);
        let (plans, batch) = Plans::prepare(&model, output, width)?;
        facts.batch = batch;
        let columns = plans.columns()?;
        Ok(Graph { runner: Runner::General(plans), facts, width, columns })
    }

    /// The names of the outputs of a graph that is not prepared.
    pub fn output_names(bytes: &[u8]) -> Result<Vec<String>, Error> {
        let model = pb::ModelProto::decode(bytes);
        let model = model.map_err(|error| Error::NotOnnx { reason: error.to_string() })?;
        match facts::outputs(&model) {
            names if names.is_empty() => Err(Error::Lacking { what: "outputs" }),
            names => Ok(names),
        }
    }

    /// What stands in the graph.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many columns a row must have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many columns the output has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether a row gives the same, to the last bit, alone and among any others.
    pub fn is_exact(&self) -> bool {
        matches!(self.runner, Runner::Own(_))
    }

    /// Runs the rows, however many there are: one row of output for each.
    pub fn run(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
        if rows.ncols() != self.width {
            return Err(Error::Width { expected: self.width, found: rows.ncols() });
        }
        if rows.nrows() == 0 {
            return Ok(Array2::zeros((0, self.columns)));
        }
        match &self.runner {
            Runner::Own(program) => run_own(program, rows),
            Runner::General(plans) => plans.run(rows),
        }
    }

    /// How many rows are best run at a time, of so many that are shared among some threads.
    pub fn block(&self, rows: usize, threads: usize) -> usize {
        match &self.runner {
            Runner::Own(program) => program.block(rows, threads),
            // Its last digits depend on how rows are cut, which must not be a matter of threads.
            Runner::General(plans) => plans.block(),
        }
    }
}

/// The program of a model, where all of it is supported and a row gives the same alone and among others:
/// a graph that was traced at a batch of its own may run at others and be wrong there.
fn own(
    model: &pb::ModelProto,
    output: usize,
    width: usize,
    levels: &[Option<usize>],
) -> Result<Option<(Program, usize)>, Error> {
    const ROWS: usize = 3;
    let load = || {
        let mut program = Program::of_model(model)?;
        program.keep_outputs(&[output]);
        Ok(program)
    };
    let mut program = guarded_own(load)?;
    let levels: Vec<Option<usize>> =
        (0..width).map(|column| levels.get(column).copied().flatten().filter(|count| *count > 0)).collect();
    let place = |at: usize| match levels[at % width.max(1)] {
        Some(levels) => (at * 7919 % levels) as f32,
        None => ((at * 7919 % 23) as f32 - 11.0) / 8.0,
    };
    let rows = Array2::from_shape_fn((ROWS, width), |(row, column)| place(row * width + column));
    let together = run_own(&program, rows.view())?;
    for row in 0..ROWS {
        let alone = run_own(&program, rows.slice_axis(Axis(0), (row..row + 1).into()))?;
        if !are_near(alone.view(), together.slice_axis(Axis(0), (row..row + 1).into())) {
            return Ok(None);
        }
    }
    guarded_own(|| {
        program.look_up(&levels);
        Ok(())
    })?;
    if !are_near(run_own(&program, rows.view())?.view(), together.view()) {
        program = guarded_own(load)?;
    }
    Ok(Some((program, together.ncols())))
}

fn are_near(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> bool {
    const TOLERANCE: f32 = 1e-3;
    let near =
        |(a, b): (&f32, &f32)| (a - b).abs() <= TOLERANCE * (1.0 + b.abs()) || a.is_nan() && b.is_nan();
    a.shape() == b.shape() && a.iter().zip(b).all(near)
}

fn run_own(program: &Program, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
    let shape = vec![rows.nrows(), rows.ncols()];
    let values = match rows.as_slice() {
        Some(values) => room::copy(values),
        None => rows.iter().copied().collect(),
    };
    let input = Tensor::of(shape, Data::F32(values));
    let outputs = guarded_own(|| program.run(vec![input]))?;
    let output = outputs.into_iter().next().ok_or(Error::Lacking { what: "outputs" })?;
    let found = format!("{:?}", output.shape());
    let refuse = || Error::OutputShape { rows: rows.nrows(), found };
    let shape = match *output.shape() {
        [count, columns] if count == rows.nrows() => (count, columns),
        _ => return Err(refuse()),
    };
    match output.into_data() {
        Data::F32(values) => Array2::from_shape_vec(shape, values).map_err(|_| refuse()),
        Data::F64(values) => {
            let single = values.into_iter().map(|x| x as f32).collect();
            Array2::from_shape_vec(shape, single).map_err(|_| refuse())
        }
        _ => Err(refuse()),
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let looked_up = match &self.runner {
            Runner::Own(program) => program.looked_up(),
            Runner::General(_) => 0,
        };
        f.debug_struct("Graph")
            .field("facts", &self.facts)
            .field("looked_up", &looked_up)
            .finish_non_exhaustive()
    }
}
