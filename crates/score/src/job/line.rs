//! The legs of a job: what comes back from its threads is put in order and written.

use std::{
    collections::BTreeMap,
    panic,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::RecvTimeoutError},
    time::Instant,
};

use super::{
    Job, Progress, Summary,
    finished::Ended,
    journal::State,
    leg::{Given, Leg},
    rejects::{Rejects, of_output},
    summary::timed,
    terms::Terms,
    threads::{self, Event, Open, Tables, Threads},
    way::Way,
    work::{Done, Worker},
};
use crate::{
    Error, Format,
    input::Refusal,
    output::{Encoder, Sink, Writing, name_left},
};

/// A job on its way.
pub(super) struct Run<'r> {
    pub terms: Terms<'r>,
    pub see: &'r mut dyn FnMut(&Progress),
    pub state: State,
    /// Rows of which it was made sure that they need not be scored again.
    pub settled: u64,
    /// Whether a file of scores was begun.
    pub is_begun: bool,
    /// Files that were begun.
    pub partials: Vec<PathBuf>,
}

impl Run<'_> {
    /// All legs, one after another.
    pub(super) fn all(mut self, legs: Vec<Leg<'_>>, rejects: Option<&Path>) -> Result<Summary, Box<Ended>> {
        match self.legs(legs, rejects) {
            Ok(()) => Ok(self.state.summary),
            Err(error) => {
                let Run { is_begun, settled: rows, partials, .. } = self;
                Err(Box::new(Ended { error, is_begun, rows, partials }))
            }
        }
    }

    fn legs(&mut self, legs: Vec<Leg<'_>>, rejects: Option<&Path>) -> Result<(), Error> {
        let sizes = legs.iter().flat_map(|leg| leg.tables.iter().map(|table| table.bytes()));
        let mut way = Way::new(sizes.collect(), self.state.summary.rows);
        // What was done last may lack its name.
        let last = self.state.legs.checked_sub(1).and_then(|last| legs.get(last)?.output());
        name_last(last, self.state.last)?;
        if self.state.legs == legs.len() {
            return name_last(rejects, self.state.rejects);
        }
        let mut rejected = rejects.map(|path| self.begin_rejects(path)).transpose()?;
        for (number, leg) in legs.into_iter().enumerate() {
            if number >= self.state.legs {
                let output = leg.output().map(Path::to_owned);
                let of_output = |error| output.iter().fold(error, |error, path| of_output(path, error));
                let done = self.leg(number, leg, rejected.as_mut(), &mut way).map_err(of_output);
                if matches!(done, Err(Error::TooManyRejects { .. })) {
                    // Which rows they are is what somebody wants to know now.
                    rejected.map_or(Ok(()), Rejects::finish)?;
                    return done;
                }
                done?;
            } else {
                way.before += leg.tables.len();
            }
        }
        rejected.map_or(Ok(()), Rejects::finish)
    }

    fn begin_rejects(&mut self, path: &Path) -> Result<Rejects, Error> {
        let rejects = Rejects::begin(path, self.state.rejects)?;
        self.partials.extend(rejects.partial().map(Path::to_owned));
        Ok(rejects)
    }

    /// What is read into one file.
    fn leg(
        &mut self,
        number: usize,
        leg: Leg<'_>,
        rejects: Option<&mut Rejects>,
        way: &mut Way,
    ) -> Result<(), Error> {
        let paths: Vec<PathBuf> = leg.tables.iter().map(|table| table.path()).collect();
        let mut others = leg.tables.into_iter().skip(self.state.table);
        let (place, (mut first, ignored)) = self.open_first(&mut others, leg.writing.format)?;
        self.go_on(&mut first)?;
        way.last.clone_from(&first.path);
        way.columns = first.table.columns().fields().len();
        if self.state.legs + self.state.table == 0 {
            self.state.summary.ignored = ignored;
        }
        let kept = first.decoder.kept();
        let columns = self.terms.choice.output(&first.decoder, self.terms.digest.as_deref())?;
        let encoder = Encoder::new(&leg.writing);
        let worker = Worker {
            pattern: self.terms.choice.pattern.clone(),
            selection: self.terms.choice.selection,
            writing: leg.writing,
            encoder,
            columns: Arc::clone(&columns),
        };
        let (there, known) = self.state.output.clone().unzip();
        let part = leg.to.part(there.unwrap_or(0), &mut self.partials)?;
        self.is_begun = true;
        if self.state == State::default() {
            self.terms.journal.inspect(|journal| journal.remove());
        }
        self.state.size = Some(self.terms.size);
        let sink = Sink::begin(part, leg.writing, &encoder, &columns, known.as_deref())?;
        let tables = Tables {
            first,
            place,
            others: others.collect(),
            choice: self.terms.choice.clone(),
            reading: self.terms.reading.clone(),
            size: self.terms.size,
            to: leg.writing.format,
            kept,
        };
        let threads = threads::start(tables, worker, self.terms.threads, Job::in_flight(self.terms.threads));
        let mut desk = Desk { sink, writing: leg.writing, rejects, paths, settled: Instant::now() };
        self.write_all(&threads, &mut desk, way)?;
        way.before += desk.paths.len();
        self.check_rows(way)?;
        let Desk { sink, writing, rejects, .. } = desk;
        let part = timed(&mut self.state.summary.stages.writing, || sink.finish(&writing)?.settled())?;
        self.end_leg(number, part.bytes(), rejects)?;
        part.commit()
    }

    /// Opens the first table that is not empty, and says where it stands.
    fn open_first(
        &self,
        tables: &mut impl ExactSizeIterator<Item = Given>,
        to: Format,
    ) -> Result<(usize, (Open, usize)), Error> {
        let Terms { choice, reading, stop, .. } = self.terms;
        let mut place = self.state.table;
        loop {
            let table = tables.next().expect("a leg has a table");
            match threads::open_aside(table, choice, reading, to, stop) {
                Err(error) if threads::is_of_nothing(&error) && tables.len() > 0 => place += 1,
                opened => return Ok((place, opened?)),
            }
        }
    }

    /// Some table has to have a row.
    fn check_rows(&self, way: &Way) -> Result<(), Error> {
        let is_last = way.before == way.sizes.len();
        if !is_last || self.state.summary.rows + self.state.summary.rejected > 0 {
            return Ok(());
        }
        let error = Error::NoRows { columns: way.columns };
        Err(if way.sizes.len() == 1 { error.of(&way.last) } else { error })
    }

    /// Goes to where an earlier run was.
    fn go_on(&self, first: &mut Open) -> Result<(), Error> {
        let Some(position) = self.state.position else { return Ok(()) };
        first.table.skip_to(position).map_err(|error| error.of(&first.path))
    }

    /// Takes chunks as they come, and writes them in order.
    fn write_all(&mut self, threads: &Threads, desk: &mut Desk<'_, '_>, way: &mut Way) -> Result<(), Error> {
        let mut waiting: BTreeMap<u64, Result<Box<Done>, Error>> = BTreeMap::new();
        let (mut next, mut last) = (0, None);
        while last != Some(next) {
            self.look(desk)?;
            match threads.events.recv_timeout(threads::LOOK) {
                Ok(Event::Done(number, done)) => drop(waiting.insert(number, Ok(done))),
                Ok(Event::Failed(number, error)) => drop(waiting.insert(number, Err(error))),
                Ok(Event::Over(count, spent)) => {
                    self.state.summary.stages.reading += spent;
                    last = Some(count);
                }
                Ok(Event::Panicked(panic)) => panic::resume_unwind(panic),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => unreachable!("threads tell how they end"),
            }
            while let Some(done) = waiting.remove(&next) {
                let done = done.map_err(|error| self.settled_before(desk, error))?;
                self.write(*done, desk, way)?;
                threads.release();
                next += 1;
                self.look(desk)?;
            }
        }
        Ok(())
    }

    /// Ends where it is to.
    fn look(&mut self, desk: &mut Desk<'_, '_>) -> Result<(), Error> {
        if !self.terms.stop.is_set() {
            return Ok(());
        }
        self.settle(desk)?;
        Err(Error::Stopped)
    }

    /// What was done before an error that may not come again is kept.
    fn settled_before(&mut self, desk: &mut Desk<'_, '_>, error: Error) -> Error {
        // The error that came first is the one that is told.
        let _ = self.settle(desk);
        error
    }

    fn write(&mut self, done: Done, desk: &mut Desk<'_, '_>, way: &mut Way) -> Result<(), Error> {
        if self.state.table != done.table {
            (self.state.table, self.state.rows_of_table) = (done.table, 0);
        }
        let Done { table, encoded, ends_group, end, rows, refused, summary, share } = done;
        self.reject(refused, table, desk)?;
        self.state.summary.add(&summary);
        timed(&mut self.state.summary.stages.writing, || {
            desk.sink.write(&desk.writing, encoded, ends_group)
        })?;
        self.state.position = Some(end);
        self.state.rows_of_table += rows;
        if desk.settled.elapsed() >= self.terms.checkpoint {
            self.settle(desk)?;
        }
        let progress = way.progress(&self.state, share, self.terms.began);
        (self.see)(&progress);
        Ok(())
    }

    /// Writes down the rows that could not be scored. Where no more may be, the next ends the job.
    fn reject(&mut self, refused: Vec<Refusal>, table: usize, desk: &mut Desk<'_, '_>) -> Result<(), Error> {
        let (path, before) = (&desk.paths[table], self.state.rows_of_table as usize);
        let left = self.terms.most_rejects - self.state.summary.rejected.min(self.terms.most_rejects);
        let number = |refusal: &Refusal| refusal.line.unwrap_or((before + refusal.row + 1) as u64);
        if let Some(rejects) = desk.rejects.as_mut().filter(|_| !refused.is_empty()) {
            rejects.add(path, refused.iter().map(|refusal| (number(refusal), &refusal.error)))?;
        }
        if refused.len() as u64 > left {
            let one = refused.into_iter().nth(left as usize).expect("there are more");
            let error = one.error.after_rows(before).of(path);
            return Err(match self.terms.most_rejects {
                0 => error,
                limit => Error::TooManyRejects { limit, source: Box::new(error) },
            });
        }
        Ok(())
    }

    /// Makes sure of what is written, and writes down where the job is.
    fn settle(&mut self, desk: &mut Desk<'_, '_>) -> Result<(), Error> {
        let Some(journal) = self.terms.journal else { return Ok(()) };
        let Some(output) = timed(&mut self.state.summary.stages.writing, || desk.sink.settle())? else {
            return Ok(());
        };
        desk.settled = Instant::now();
        self.state.output = Some(output);
        if let Some(rejects) = &mut desk.rejects {
            self.state.rejects = rejects.settle()?;
        }
        journal.write(&self.state)?;
        self.settled = self.state.summary.rows;
        Ok(())
    }

    /// Writes down that a leg is done: from then on, its file lacks nothing but its name.
    fn end_leg(&mut self, number: usize, last: u64, rejects: Option<&mut Rejects>) -> Result<(), Error> {
        let rejects = rejects.map_or(Ok(0), Rejects::settle)?;
        let summary = std::mem::take(&mut self.state.summary);
        let size = self.state.size;
        self.state = State { legs: number + 1, last, rejects, size, summary, ..State::default() };
        self.terms.journal.map_or(Ok(()), |journal| journal.write(&self.state))?;
        self.settled = self.state.summary.rows;
        Ok(())
    }
}

/// Gives a file its name, of which a run before this one made sure that it is whole.
fn name_last(path: Option<&Path>, bytes: u64) -> Result<(), Error> {
    path.map_or(Ok(()), |path| name_left(path, bytes).map_err(|error| of_output(path, error)))
}

/// Where the chunks of a leg are written.
struct Desk<'d, 'a> {
    sink: Sink<'a>,
    writing: Writing,
    rejects: Option<&'d mut Rejects>,
    /// The leg's tables.
    paths: Vec<PathBuf>,
    settled: Instant,
}
