//! The threads of a job: one reads chunks, others take them to encoded scores.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread,
    time::Duration,
};

use arrow_schema::Field;

use super::{
    choice::{Choice, check_kept},
    leg::Given,
    summary::timed,
    work::{Done, Worker},
};
use crate::{
    Error, Format, Reading, Stop,
    input::{Chunk, Decoder, Size, Table},
};

/// How often a stop is looked for while nothing comes.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// What comes back from threads.
pub(super) enum Event {
    /// The chunk of this number.
    Done(u64, Box<Done>),
    /// What came in its place: nothing follows.
    Failed(u64, Error),
    /// There are so many chunks, and reading them took so long.
    Over(u64, Duration),
    Panicked(Box<dyn Any + Send>),
}

/// A table that is open, and what tells its cells.
pub(super) struct Open {
    pub table: Table,
    pub decoder: Decoder,
    pub path: PathBuf,
}

/// What is read, and how.
pub(super) struct Tables {
    pub first: Open,
    /// Its place among the leg's.
    pub place: usize,
    pub others: Vec<Given>,
    pub choice: Choice,
    pub reading: Reading,
    pub size: Size,
    pub to: Format,
    /// The columns that are kept.
    pub kept: Vec<Field>,
}

/// A chunk on its way to being scored.
struct Task {
    number: u64,
    table: usize,
    decoder: Arc<Decoder>,
    chunk: Chunk,
    share: Option<f64>,
}

/// Chunks that come back, in any order, and permits for as many to be on their way.
pub(super) struct Threads {
    pub events: Receiver<Event>,
    permits: Receiver<()>,
}

impl Threads {
    /// One permit, for a chunk that is written.
    pub(super) fn release(&self) {
        // Whoever reads gave it before the chunk was on its way.
        let _ = self.permits.try_recv();
    }
}

/// Starts the threads. They end when nobody takes what they give.
pub(super) fn start(tables: Tables, worker: Worker, threads: usize, in_flight: usize) -> Threads {
    let (to_events, events) = mpsc::channel();
    let (permit, permits) = mpsc::sync_channel(in_flight);
    let (to_tasks, tasks) = mpsc::sync_channel(in_flight);
    let tasks = Arc::new(Mutex::new(tasks));
    for _ in 0..threads {
        let (tasks, worker, to_events) = (Arc::clone(&tasks), worker.clone(), to_events.clone());
        // A pool of one thread: what is parallel within a chunk stays on it, and chunks do not wait for each other.
        match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(pool) => pool.spawn(move || guard(&to_events.clone(), || work(&tasks, &worker, &to_events))),
            Err(_) => {
                thread::spawn(move || guard(&to_events.clone(), || work(&tasks, &worker, &to_events)));
            }
        }
    }
    thread::spawn(move || guard(&to_events.clone(), || tables.read(&to_tasks, &permit, &to_events)));
    Threads { events, permits }
}

/// A panic is told to whoever waits.
fn guard(events: &Sender<Event>, run: impl FnOnce()) {
    if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(run)) {
        let _ = events.send(Event::Panicked(panic));
    }
}

fn work(tasks: &Mutex<Receiver<Task>>, worker: &Worker, events: &Sender<Event>) {
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task { number, table, decoder, chunk, share }) = task else { return };
        let event = match worker.work(table, &decoder, chunk, share) {
            Ok(done) => Event::Done(number, Box::new(done)),
            Err(error) => Event::Failed(number, error),
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

impl Tables {
    /// Reads all chunks of all tables.
    fn read(self, tasks: &SyncSender<Task>, permits: &SyncSender<()>, events: &Sender<Event>) {
        let mut number = 0;
        let mut spent = Duration::ZERO;
        let last = match self
            .each(&mut number, &mut spent, |task| permits.send(()).is_ok() && tasks.send(task).is_ok())
        {
            Ok(()) => Event::Over(number, spent),
            Err(error) => Event::Failed(number, error),
        };
        let _ = events.send(last);
    }

    /// Gives each chunk to `hand`, as long as that takes them.
    fn each(self, number: &mut u64, spent: &mut Duration, hand: impl Fn(Task) -> bool) -> Result<(), Error> {
        let Tables { first, place, others, choice, reading, size, to, kept } = self;
        let mut next = Some(first);
        let mut others = others.into_iter();
        for table in place.. {
            let opened = match next.take() {
                Some(first) => first,
                None => match others.next() {
                    Some(given) => match open(given, &choice, &reading, to, Some(&kept)) {
                        Err(error) if is_of_nothing(&error) => continue,
                        opened => opened?.0,
                    },
                    None => break,
                },
            };
            let Open { table: mut rows, decoder, path } = opened;
            let decoder = Arc::new(decoder);
            while let Some(chunk) = timed(spent, || rows.next(size)).map_err(|error| error.of(&path))? {
                let share = rows.size().map(|size| chunk.read as f64 / size.max(1) as f64);
                let decoder = Arc::clone(&decoder);
                if !hand(Task { number: *number, table, decoder, chunk, share }) {
                    return Ok(());
                }
                *number += 1;
            }
        }
        Ok(())
    }
}

/// Whether a table has not even a header. Among others, it is one without rows.
pub(super) fn is_of_nothing(error: &Error) -> bool {
    matches!(error.parts().1, Error::Empty)
}

/// Opens a table at its first row; kept columns are to be those of the tables before.
pub(super) fn open(
    given: Given,
    choice: &Choice,
    reading: &Reading,
    to: Format,
    kept: Option<&[Field]>,
) -> Result<(Open, usize), Error> {
    let (table, found) = given.open(reading)?;
    let of = |error: Error| error.of(&found.path);
    let (decoder, ignored) = choice.decoder(&table, &found, reading.header, to).map_err(of)?;
    kept.map_or(Ok(()), |kept| check_kept(kept, &decoder)).map_err(of)?;
    let table = table.of_columns(&decoder.places());
    Ok((Open { table, decoder, path: found.path }, ignored))
}

/// The same on a thread of its own: a pipe may be silent for long, and a stop is looked for meanwhile.
pub(super) fn open_aside(
    given: Given,
    choice: &Choice,
    reading: &Reading,
    to: Format,
    stop: &Stop,
) -> Result<(Open, usize), Error> {
    let (choice, reading) = (choice.clone(), reading.clone());
    let (tell, opened) = mpsc::channel();
    thread::spawn(move || {
        let open = AssertUnwindSafe(|| open(given, &choice, &reading, to, None));
        let _ = tell.send(panic::catch_unwind(open));
    });
    loop {
        stop.check()?;
        match opened.recv_timeout(LOOK) {
            Ok(opened) => return opened.unwrap_or_else(|panic| panic::resume_unwind(panic)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => unreachable!("the thread tells how it ends"),
        }
    }
}
