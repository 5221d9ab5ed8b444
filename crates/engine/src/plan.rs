//! A graph made ready for a number of rows at a time.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use ndarray::{Array2, ArrayView2, Axis};
use tract_onnx::prelude::*;

use crate::Error;

type Runnable = Arc<TypedSimplePlan>;

/// The graph for exactly `rows` rows, with the running states that no thread is using.
pub(crate) struct Plan {
    rows: usize,
    runnable: Runnable,
    idle: Mutex<Vec<TypedSimpleState>>,
}

impl Plan {
    /// Settles every shape for `rows` rows of `width` columns, optimises the graph for them, and runs it
    /// once on zeros.
    pub(crate) fn prepare(parsed: &InferenceModel, rows: usize, width: usize) -> Result<Plan, Error> {
        let failed = |reason: String| Error::Prepare { rows, reason };
        let build = || -> TractResult<Runnable> {
            let mut model = parsed.clone();
            model.set_input_fact(0, f32::fact([rows, width]).into())?;
            TypedSimplePlan::new(model.into_typed()?.into_optimized()?)
        };
        let runnable = guarded(build).map_err(failed)?;
        let shape = runnable.model().output_fact(0).map_err(|error| failed(describe(&error)))?.shape.clone();
        let is_matrix = shape.rank() == 2 && shape[0] == rows.to_dim();
        if !is_matrix {
            return Err(Error::OutputShape { rows, found: format!("{shape:?}") });
        }
        let plan = Plan { rows, runnable, idle: Mutex::default() };
        plan.run(Array2::zeros((rows, width)).view())?;
        Ok(plan)
    }

    /// Whether every row of this plan's batch gives what it gives to another: a graph that was traced
    /// for a batch of its own may run at others and be wrong there.
    pub(crate) fn agrees_with(&self, other: &Plan, width: usize) -> bool {
        const TOLERANCE: f32 = 1e-3;
        let rows = Array2::zeros((self.rows, width));
        let one = rows.slice_axis(Axis(0), (..1).into());
        let (Ok(ours), Ok(theirs)) = (self.run(rows.view()), other.run(one)) else { return false };
        let near =
            |a: &f32, b: &f32| (a - b).abs() <= TOLERANCE * (1.0 + b.abs()) || a.is_nan() && b.is_nan();
        ours.rows().into_iter().all(|row| row.iter().zip(theirs.row(0)).all(|(a, b)| near(a, b)))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns the output has, where that is settled.
    pub(crate) fn columns(&self) -> Option<usize> {
        let fact = self.runnable.model().output_fact(0).ok()?;
        usize::try_from(fact.shape.get(1)?.to_i64().ok()?).ok()
    }

    /// Runs at most [`Plan::rows`] rows; the rest of the batch is filled with zeros and dropped.
    pub(crate) fn run(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
        let count = rows.nrows();
        let mut batch = Array2::zeros((self.rows, rows.ncols()));
        batch.slice_axis_mut(Axis(0), (..count).into()).assign(&rows);
        let failed = |reason| Error::Run { reason };
        let outputs = guarded(|| {
            let mut state = match self.lock().pop() {
                Some(state) => state,
                None => self.runnable.spawn()?,
            };
            let outputs = state.run(tvec!(Tensor::from(batch.into_dyn()).into_tvalue()))?;
            // Only a state that ran to its end is used again.
            self.lock().push(state);
            Ok(outputs)
        })
        .map_err(failed)?;
        let output = outputs[0].to_plain_array_view::<f32>().map_err(|error| failed(describe(&error)))?;
        let found = format!("{:?}", output.shape());
        let shape = Error::OutputShape { rows: self.rows, found };
        let output = output.into_dimensionality::<ndarray::Ix2>().map_err(|_| shape.clone())?;
        if output.nrows() != self.rows {
            return Err(shape);
        }
        Ok(output.slice_axis(Axis(0), (..count).into()).to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TypedSimpleState>> {
        // What is behind the lock is whole at any time: a push or a pop.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is at work in the engine, where a panic is caught and becomes an error. A
/// program that reports panics may leave such a one to the error.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// The same for our own operators: a panic of theirs is a fault of ours, and no graph's to make.
pub(crate) fn guarded_own<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let mut found = None;
    let outcome = guarded(|| {
        found = Some(work());
        Ok(())
    });
    match (found, outcome) {
        (Some(found), Ok(())) => found,
        (_, outcome) => {
            Err(Error::Run { reason: outcome.err().unwrap_or_else(|| "it gave nothing".to_owned()) })
        }
    }
}

/// The engine reports most of what it cannot do; on some hostile graphs it panics instead.
pub(crate) fn guarded<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    match result {
        Ok(result) => result.map_err(|error| describe(&error)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            Err(text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned())
        }
    }
}

/// The engine's words, on one line of bounded length.
pub(crate) fn describe(error: &TractError) -> String {
    const LONGEST: usize = 400;
    let words = format!("{error:#}");
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}
