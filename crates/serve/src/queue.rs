//! Threads that score, and the requests that wait for them.
//!
//! - as many threads as are asked for, each with a pool of one: what is parallel within a small request stays on its
//!   thread, and requests do not wait for each other
//! - no more than so many requests wait; those beyond are refused at once, so that the wait of the others is bounded
//! - work that nobody waits for any more is not begun

use std::{
    collections::VecDeque,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use tokio::sync::oneshot;

use crate::refusal::{Code, Refusal};

type Task = Box<dyn FnOnce() + Send>;

/// Threads, and what waits for them.
pub(crate) struct Queue {
    line: Arc<Line>,
}

struct Line {
    state: Mutex<State>,
    has_more: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    is_over: bool,
}

impl Queue {
    /// Starts so many threads, for which at most so many tasks wait.
    pub(crate) fn start(threads: usize, most: usize) -> std::io::Result<Queue> {
        let line = Arc::new(Line { state: Mutex::default(), has_more: Condvar::new(), most });
        for number in 0..threads.max(1) {
            let line = Arc::clone(&line);
            thread::Builder::new().name(format!("score-{number}")).spawn(move || line.work())?;
        }
        Ok(Queue { line })
    }

    /// What some work gives, on one of the threads. It replies as soon as it can, and may go on.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(oneshot::Sender<T>) + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.line.push(Box::new(move || {
            if !reply.is_closed() {
                work(reply);
            }
        }))?;
        // The other end goes away when the work panics.
        answer.await.map_err(|_| Refusal::new(Code::Internal, "scoring broke down"))
    }

    /// How many tasks wait.
    pub(crate) fn waiting(&self) -> usize {
        self.line.lock().tasks.len()
    }
}

/// The threads end when what waits is done.
impl Drop for Queue {
    fn drop(&mut self) {
        self.line.lock().is_over = true;
        self.line.has_more.notify_all();
    }
}

impl Line {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, task: Task) -> Result<(), Refusal> {
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

    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.tasks.pop_front() {
                return Some(task);
            }
            if state.is_over {
                return None;
            }
            state = self.has_more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        // Where there can be none, the process's pool does.
        let _alone = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        while let Some(task) = self.next() {
            // Whoever waits is told by the end of the channel.
            let _ = panic::catch_unwind(AssertUnwindSafe(task));
        }
    }
}

#[cfg(test)]
mod tests;
