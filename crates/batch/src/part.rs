//! What an entry of a queue answers for: a whole item, or one piece of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::sync::{Mutex, lock};
use crate::ticket::Promise;
use crate::{BatchReport, BatchRunner, Completed, TicketError};

/// The answer that one entry of a queue owes.
pub(crate) enum Part<R: BatchRunner> {
    /// That of a whole item.
    Whole(Promise<R::Output, R::Error>),
    /// That of a piece.
    Piece { of: Arc<Pieces<R>>, at: usize },
}

impl<R: BatchRunner> Part<R> {
    /// The parts of an item that has been cut into so many pieces.
    pub(crate) fn pieces(self, count: usize) -> Vec<Part<R>> {
        let Part::Whole(promise) = self else { return vec![self] };
        let outputs = (0..count).map(|_| None).collect();
        let state = Gathered { promise: Some(promise), outputs, missing: count, first: None };
        let of = Arc::new(Pieces(Mutex::new(state)));
        (0..count).map(|at| Part::Piece { of: Arc::clone(&of), at }).collect()
    }

    /// Whether nobody wants the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        match self {
            Part::Whole(promise) => promise.is_abandoned(),
            Part::Piece { of, .. } => lock(&of.0).promise.as_ref().is_none_or(Promise::is_abandoned),
        }
    }

    /// Answers with what a run gave. The first piece that fails answers for its item.
    pub(crate) fn answer(self, runner: &R, output: Result<R::Output, TicketError<R::Error>>, ran: Ran) {
        match (self, output) {
            (part, Err(error)) => part.refuse(error),
            (Part::Whole(promise), Ok(output)) => promise.answer(Ok(Completed { output, report: ran.report })),
            (Part::Piece { of, at }, Ok(output)) => of.gather(runner, at, output, ran),
        }
    }

    /// Answers that there is no output.
    pub(crate) fn refuse(self, why: TicketError<R::Error>) {
        let promise = match self {
            Part::Whole(promise) => Some(promise),
            Part::Piece { of, .. } => lock(&of.0).promise.take(),
        };
        if let Some(promise) = promise {
            promise.answer(Err(why));
        }
    }
}

/// A run as one of its entries saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ran {
    /// With the entry's own wait.
    pub(crate) report: BatchReport,
    pub(crate) began: Instant,
}

/// The outputs of an item's pieces as they come in.
pub(crate) struct Pieces<R: BatchRunner>(Mutex<Gathered<R>>);

struct Gathered<R: BatchRunner> {
    /// Gone once the item is answered: by the last piece, or by the first that failed.
    promise: Option<Promise<R::Output, R::Error>>,
    outputs: Vec<Option<R::Output>>,
    missing: usize,
    /// The piece that began first.
    first: Option<First>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct First {
    began: Instant,
    waited: Duration,
}

impl<R: BatchRunner> Pieces<R> {
    fn gather(&self, runner: &R, at: usize, output: R::Output, ran: Ran) {
        let mut gathered = lock(&self.0);
        let this = First { began: ran.began, waited: ran.report.waited };
        let first = gathered.first.map_or(this, |first| first.min(this));
        gathered.first = Some(first);
        if let Some(place) = gathered.outputs.get_mut(at) {
            *place = Some(output);
            gathered.missing -= 1;
        }
        if gathered.missing > 0 {
            return;
        }
        let promise = gathered.promise.take();
        let outputs = std::mem::take(&mut gathered.outputs).into_iter().flatten().collect();
        drop(gathered);
        let Some(promise) = promise else { return };
        let last = ran.report;
        let joined = match catch_unwind(AssertUnwindSafe(|| runner.join(outputs))) {
            Ok(joined) => joined.map_err(TicketError::Run),
            Err(_panic) => Err(TicketError::Panicked),
        };
        let ran = (ran.began + ran.report.ran).saturating_duration_since(first.began);
        let report = BatchReport { waited: first.waited, ran, ..last };
        promise.answer(joined.map(|output| Completed { output, report }));
    }
}
