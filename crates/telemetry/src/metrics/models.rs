//! Predictions by version of a model: how many, how long each phase took, and what came to nothing.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ferrocast_counters::{Count, Sharded};

use super::histogram::{Histogram, nanoseconds};
use super::model_totals::ModelTotals;
use super::{BATCH_ROWS, ENCODE_DURATION, INFERENCE_DURATION, PARSE_DURATION, PREPROCESS_DURATION, QUEUE_DURATION};

/// Where the time of a prediction went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// Rows or pictures to tensors.
    pub preprocess: Duration,
    /// The wait for its turn; zero where it ran at once.
    pub queue: Duration,
    /// The run of the model that it was part of.
    pub inference: Duration,
    /// Tensors to the body of the answer.
    pub encode: Duration,
}

/// Why a request for predictions got none. The words for them are Triton's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotPredicted {
    /// Too much waited already.
    Rejected,
    /// Nobody waits for it any more, or its time was up.
    Canceled,
    /// The model failed.
    Backend,
    /// Anything else, such as a model that was taken out of service meanwhile.
    Other,
}

impl NotPredicted {
    /// Every reason, with Triton's word for it.
    pub(crate) const ALL: [(NotPredicted, &'static str); 4] = [
        (NotPredicted::Rejected, "REJECTED"),
        (NotPredicted::Canceled, "CANCELED"),
        (NotPredicted::Backend, "BACKEND"),
        (NotPredicted::Other, "OTHER"),
    ];
}

/// Counts what one version of a model does. The series are there while a handle is: whoever loads the version anew asks
/// for the new one before he drops the old, and both count into the same.
#[derive(Debug, Clone)]
pub struct ModelMetrics(Arc<Series>);

/// The series of one version.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) model: String,
    pub(crate) version: String,
    pub(crate) counts: Sharded<Counts>,
}

/// What one version has done, in the copy of one thread.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) predictions: Count,
    pub(crate) parse: Histogram,
    pub(crate) preprocess: Histogram,
    pub(crate) queue: Histogram,
    pub(crate) inference: Histogram,
    pub(crate) encode: Histogram,
    pub(crate) batch_rows: Histogram,
    rejected: Count,
    canceled: Count,
    backend: Count,
    other: Count,
    pub(crate) hits: Spent,
    pub(crate) misses: Spent,
}

/// How often, and how many nanoseconds in all.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    pub(crate) number: Count,
    pub(crate) nanoseconds: Count,
}

impl Spent {
    fn add(&self, took: Duration) {
        self.number.add_one();
        self.nanoseconds.add(nanoseconds(took));
    }
}

impl Counts {
    fn new() -> Counts {
        Counts {
            predictions: Count::default(),
            parse: Histogram::of(&PARSE_DURATION),
            preprocess: Histogram::of(&PREPROCESS_DURATION),
            queue: Histogram::of(&QUEUE_DURATION),
            inference: Histogram::of(&INFERENCE_DURATION),
            encode: Histogram::of(&ENCODE_DURATION),
            batch_rows: Histogram::of(&BATCH_ROWS),
            rejected: Count::default(),
            canceled: Count::default(),
            backend: Count::default(),
            other: Count::default(),
            hits: Spent::default(),
            misses: Spent::default(),
        }
    }

    pub(crate) fn failures(&self, why: NotPredicted) -> &Count {
        match why {
            NotPredicted::Rejected => &self.rejected,
            NotPredicted::Canceled => &self.canceled,
            NotPredicted::Backend => &self.backend,
            NotPredicted::Other => &self.other,
        }
    }
}

impl ModelMetrics {
    /// The body of a request was read and validated, whatever came of it.
    pub fn parsed(&self, took: Duration) {
        self.here().parse.time(took);
    }

    /// A request was answered with predictions for so many rows.
    pub fn answered(&self, rows: usize, phases: &Phases) {
        let counts = self.here();
        counts.predictions.add(rows as u64);
        counts.preprocess.time(phases.preprocess);
        counts.queue.time(phases.queue);
        counts.inference.time(phases.inference);
        counts.encode.time(phases.encode);
    }

    /// A request got no predictions.
    pub fn failed(&self, why: NotPredicted) {
        self.here().failures(why).add_one();
    }

    /// The model ran once, for so many rows of one or more requests.
    pub fn ran(&self, rows: usize) {
        self.here().batch_rows.observe(rows as u64);
    }

    /// A request was answered with what was kept. It is not [`answered`](ModelMetrics::answered) as well.
    pub fn cache_hit(&self, took: Duration) {
        self.here().hits.add(took);
    }

    /// An answer was looked for in vain, and kept after it was computed; `took` is the time of both.
    pub fn cache_miss(&self, took: Duration) {
        self.here().misses.add(took);
    }

    fn here(&self) -> &Counts {
        self.0.counts.here()
    }
}

/// The series of every version that somebody counts for.
#[derive(Debug, Default)]
pub(crate) struct Models(Mutex<Vec<Weak<Series>>>);

impl Models {
    /// A handle to the series of that version.
    pub(crate) fn get(&self, model: &str, version: &str) -> ModelMetrics {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|series| series.strong_count() > 0);
        let mut counted = all.iter().filter_map(Weak::upgrade);
        if let Some(series) = counted.find(|series| series.model == model && series.version == version) {
            return ModelMetrics(series);
        }
        let (model, version) = (model.to_owned(), version.to_owned());
        let series = Arc::new(Series { model, version, counts: Sharded::new(Counts::new) });
        all.push(Arc::downgrade(&series));
        ModelMetrics(series)
    }

    /// What all of them have counted, by model and version.
    pub(crate) fn totals(&self) -> Vec<ModelTotals> {
        let series: Vec<_> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
        let mut totals: Vec<_> = series.iter().map(|series| ModelTotals::of(series)).collect();
        totals.sort_by(|one, other| (&one.model, &one.version).cmp(&(&other.model, &other.version)));
        totals
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Models, NotPredicted, Phases};
    use crate::metrics::model_totals::SpentTotal;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_is_counted_adds_up() {
        let models = Models::default();
        let model = models.get("penguins", "1");
        model.parsed(MS);
        model.answered(3, &Phases { preprocess: MS, queue: 2 * MS, inference: 3 * MS, encode: 4 * MS });
        model.ran(5);
        model.cache_hit(MS);
        model.cache_miss(2 * MS);
        model.failed(NotPredicted::Rejected);
        model.failed(NotPredicted::Other);
        model.failed(NotPredicted::Other);
        let totals = models.totals().remove(0);
        let sums = [&totals.parse, &totals.preprocess, &totals.queue, &totals.inference, &totals.encode]
            .map(|distribution| (distribution.count(), distribution.sum / 1_000_000));
        assert_eq!(sums, [(1, 1), (1, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!((totals.predictions, totals.batch_rows.sum, totals.failures), (3, 5, [1, 0, 0, 2]));
        let spent = |nanoseconds| SpentTotal { number: 1, nanoseconds };
        assert_eq!((totals.hits, totals.misses), (spent(1_000_000), spent(2_000_000)));
    }

    #[test]
    fn a_reload_counts_on_and_the_last_handle_takes_the_series_with_it() {
        let models = Models::default();
        let old = models.get("a", "1");
        old.ran(1);
        let new = models.get("a", "1");
        new.ran(1);
        drop(old);
        let other = models.get("a", "2");
        assert_eq!(models.totals().iter().map(|totals| totals.batch_rows.sum).collect::<Vec<_>>(), [2, 0]);
        drop(new);
        assert_eq!(models.totals().iter().map(|totals| &totals.version[..]).collect::<Vec<_>>(), ["2"]);
        drop(other);
        assert!(models.totals().is_empty());
        models.get("b", "1");
        assert_eq!(models.0.lock().unwrap().len(), 1);
        assert_eq!(models.get("a", "1").0.counts.sum(|counts| &counts.predictions), 0);
    }
}
