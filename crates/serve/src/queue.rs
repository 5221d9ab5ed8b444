//! Threads that score, and the requests that wait for them.
//!
//! - as many threads as are asked for, each with a pool of one: what is parallel within a small request stays on its
//!   thread, and requests do not wait for each other
//! - no more than so many requests wait; those beyond are refused at once, so that the wait of the others is bounded
//! - what waits when a thread becomes free may be taken together; nothing ever waits for others to come

use std::{
    collections::VecDeque,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use crate::refusal::{Code, Refusal};

/// Threads, and what waits for them.
pub(crate) struct Queue<T> {
    line: Arc<Line<T>>,
}

/// What waits: several may be done at once.
pub(crate) trait Task: Send + 'static {
    /// Whether this one may be done together with another.
    fn goes_with(&self, other: &Self) -> bool;

    /// Does some tasks that go together, or one.
    fn work(tasks: Vec<Self>)
    where
        Self: Sized;
}

struct Line<T> {
    state: Mutex<State<T>>,
    has_more: Condvar,
    most: usize,
    threads: usize,
}

struct State<T> {
    tasks: VecDeque<T>,
    is_over: bool,
}

impl<T: Task> Queue<T> {
    /// Starts so many threads, for which at most so many tasks wait.
    pub(crate) fn start(threads: usize, most: usize) -> std::io::Result<Queue<T>> {
        let threads = threads.max(1);
        let state = Mutex::new(State { tasks: VecDeque::new(), is_over: false });
        let line = Arc::new(Line { state, has_more: Condvar::new(), most, threads });
        for number in 0..threads {
            let line = Arc::clone(&line);
            thread::Builder::new().name(format!("score-{number}")).spawn(move || line.work())?;
        }
        Ok(Queue { line })
    }

    /// Lets a task wait for a thread.
    pub(crate) fn push(&self, task: T) -> Result<(), Refusal> {
        self.line.push(task)
    }

    /// How many tasks wait.
    pub(crate) fn waiting(&self) -> usize {
        self.line.lock().tasks.len()
    }
}

/// The threads end when what waits is done.
impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.line.lock().is_over = true;
        self.line.has_more.notify_all();
    }
}

impl<T> Line<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Task> Line<T> {
    fn push(&self, task: T) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.tasks.len() >= self.most {
            let message = format!("{} requests wait already", self.most);
            return Err(Refusal::new(Code::Overloaded, message));
        }
        state.tasks.push_back(task);
        drop(state);
        self.has_more.notify_one();
        Ok(())
    }

    fn next(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            if let Some(first) = state.tasks.pop_front() {
                return Some(self.take_with(first, &mut state.tasks));
            }
            if state.is_over {
                return None;
            }
            state = self.has_more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A task with those right behind it that go with it, as far as they are this thread's share.
    fn take_with(&self, first: T, waiting: &mut VecDeque<T>) -> Vec<T> {
        const MOST: usize = 64;
        let share = (waiting.len() + 1).div_ceil(self.threads).min(MOST);
        let mut taken = vec![first];
        while taken.len() < share && waiting.front().is_some_and(|next| taken[0].goes_with(next)) {
            taken.extend(waiting.pop_front());
        }
        taken
    }

    fn work(&self) {
        // Where there can be none, the process's pool does.
        let _alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        while let Some(tasks) = self.next() {
            // Whoever waits is told by the end of the channel.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| T::work(tasks)));
        }
    }
}

#[cfg(test)]
mod tests;
