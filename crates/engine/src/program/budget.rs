//! What loading and running a graph may take, so that none can fill the memory or go on for ever.

use std::cell::Cell;

use super::tensor::{Data, Fault, Tensor};

/// How much a graph may work out and hold. Sizes in a file are claims: a few bytes can ask for more than
/// any machine has.
///
/// A value is a number, a truth value or a text (a long text counts as several). A product of matrices
/// counts as one value for sixteen multiplications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Values that may be worked out at load, and in each run whatever its rows.
    pub values: usize,
    /// Values that may be worked out for each row, besides 64 for each number that the graph holds.
    pub values_of_row: usize,
    /// Values that may be held at once.
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { values: 1 << 26, values_of_row: 1 << 22, held: 1 << 28 }
    }
}

/// How often each number that a graph holds may be looked at for a row.
const LOOKS: usize = 64;

impl Limits {
    /// For loading a graph that holds so many numbers.
    pub(super) fn of_load(self, parameters: usize) -> Budget {
        Budget::new(self.values.saturating_add(parameters.saturating_mul(LOOKS)), self.held)
    }

    /// For a run over so many rows.
    pub(super) fn of_run(self, rows: usize, parameters: usize) -> Budget {
        let of_row = self.values_of_row.saturating_add(parameters.saturating_mul(LOOKS));
        Budget::new(self.values.saturating_add(of_row.saturating_mul(rows)), self.held)
    }
}

/// What is left of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    left: usize,
    room: usize,
    /// The least room that there was.
    least: usize,
}

impl Budget {
    fn new(left: usize, room: usize) -> Budget {
        Budget { left, room, least: room }
    }
}

thread_local! {
    /// Of the run that this thread is in; graphs inside of nodes share it.
    static BUDGET: Cell<Option<Budget>> = const { Cell::new(None) };
}

/// Puts back what was there before, on every way out.
struct Restore(Option<Budget>);

impl Drop for Restore {
    fn drop(&mut self) {
        BUDGET.set(self.0);
    }
}

/// Does the work within a budget.
pub(super) fn within<T>(budget: Budget, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(BUDGET.replace(Some(budget)));
    work()
}

/// How many values the work that is done within a budget held at once.
pub(super) fn most_held(limits: Limits) -> usize {
    BUDGET.get().map_or(0, |budget| limits.held.saturating_sub(budget.least))
}

/// How many values the work that is done within a budget worked out, of those that it may.
pub(super) fn spent(given: Budget) -> usize {
    BUDGET.get().map_or(0, |budget| given.left.saturating_sub(budget.left))
}

/// Does the work of a graph inside of another; what it holds is let go at its end, but not what it spent.
pub(super) fn inside<T>(work: impl FnOnce() -> T) -> T {
    let before = BUDGET.get();
    let result = work();
    if let (Some(before), Some(after)) = (before, BUDGET.get()) {
        BUDGET.set(Some(Budget { room: before.room, ..after }));
    }
    result
}

fn change(f: impl FnOnce(&mut Budget) -> Option<()>) -> Result<(), Fault> {
    let Some(mut budget) = BUDGET.get() else { return Ok(()) };
    f(&mut budget).ok_or("the graph asks for more than the limits allow")?;
    BUDGET.set(Some(budget));
    Ok(())
}

/// Values are about to be made: refused before there is memory for them.
pub(super) fn fits(values: usize) -> Result<(), Fault> {
    change(|budget| (values <= budget.left.min(budget.room)).then_some(()))
}

/// The same for texts of a list, however often each.
pub(super) fn fits_texts(count: usize, texts: &[String]) -> Result<(), Fault> {
    let heaviest = texts.iter().map(|text| of_text(text.len())).max().unwrap_or(1);
    fits(count.saturating_mul(heaviest))
}

/// Work is about to be done.
pub(super) fn spend(values: usize) -> Result<(), Fault> {
    change(|budget| {
        budget.left = budget.left.checked_sub(values)?;
        Some(())
    })
}

/// A node has made a value.
pub(super) fn hold(tensor: &Tensor) -> Result<(), Fault> {
    /// A node costs something, however little it makes.
    const OF_NODE: usize = 64;
    let weight = weight_of(tensor);
    change(|budget| {
        budget.left = budget.left.checked_sub(weight.saturating_add(OF_NODE))?;
        budget.room = budget.room.checked_sub(weight)?;
        budget.least = budget.least.min(budget.room);
        Some(())
    })
}

/// A value is not needed any more.
pub(super) fn let_go(tensor: &Tensor) {
    let weight = weight_of(tensor);
    if let Some(budget) = BUDGET.get() {
        BUDGET.set(Some(Budget { room: budget.room.saturating_add(weight), ..budget }));
    }
}

fn of_text(length: usize) -> usize {
    const OF_ONE: usize = 16;
    1 + length / OF_ONE
}

fn weight_of(tensor: &Tensor) -> usize {
    match tensor.data() {
        Data::Text(texts) => texts.iter().map(|text| of_text(text.len())).sum(),
        data => data.len(),
    }
}

/// What one value of a tensor weighs at most.
pub(super) fn heaviest(tensor: &Tensor) -> usize {
    match tensor.data() {
        Data::Text(texts) => texts.iter().map(|text| of_text(text.len())).max().unwrap_or(1),
        _ => 1,
    }
}
