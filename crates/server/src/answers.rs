//! Answers to questions: from what is kept, where answers are kept, else anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use ferrocast_cache::{Cache, CacheConfig, CacheKey, CacheStatus, Entry, Hit, RemoteTier, Spelling};
use ferrocast_engine::Tensor;
use ferrocast_protocol::{ApiError, ErrorCode, oip};
use ferrocast_serving::{CallOptions, Deployment, Encoded, Outputs, ServeError, Service, Timing};

use crate::error::Failure;
use crate::extract::caching::Caching;
use crate::lap::Lap;
use crate::question::{Answered, Question, Took, key_of, kind};
use crate::reply::{Kept, Reply};

/// What keeps answers.
#[derive(Debug)]
pub(crate) struct Answers {
    cache: Cache<Unkept>,
    /// How long an answer is good if its model does not say.
    ttl: Duration,
    /// How often one that still held has been replaced.
    replaced: AtomicU64,
}

/// What came of a question and is not kept.
#[derive(Debug)]
enum Unkept {
    Failed(Failure),
    /// Some of what was asked has an error in place of an answer.
    Partial(Bytes),
}

impl ferrocast_cache::Failure for Unkept {
    /// What is about one request, and not about the question.
    fn is_own(&self) -> bool {
        let Unkept::Failed(failure) = self else { return false };
        matches!(
            failure.api_error().code,
            ErrorCode::DeadlineExceeded | ErrorCode::Overloaded | ErrorCode::ShuttingDown
        )
    }
}

/// Whether answers are kept on a route, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// If the model's manifest says so.
    AsManifest,
    /// Whatever that says; it may still say for how long.
    Always,
}

/// How a request wants to be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes {
    pub(crate) options: CallOptions,
    pub(crate) caching: Caching,
    pub(crate) keep: Keep,
}

impl Answers {
    /// Keeps so many bytes, each answer for `ttl` if its model does not say, and all of them where others keep theirs.
    pub(crate) fn new(memory_bytes: u64, ttl: Duration, shared: Option<Arc<dyn RemoteTier>>) -> Answers {
        let cache = Cache::new(&CacheConfig { memory_bytes }, shared);
        Answers { cache, ttl, replaced: AtomicU64::new(0) }
    }

    /// Whether the place that servers share is out of use at present.
    pub(crate) fn is_degraded(&self) -> bool {
        self.cache.is_degraded()
    }

    /// Grows by one whenever an answer takes the place of one that still held: how questions were written until then says
    /// nothing any more.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Acquire)
    }

    /// Where answers came from, and what is kept.
    pub(crate) fn status(&self) -> CacheStatus {
        self.cache.status()
    }

    /// What was answered before to a question that was written so.
    pub(crate) fn get_spelled(&self, spelling: &Spelling) -> Option<Entry> {
        self.cache.get_spelled(spelling)
    }

    /// Keeps an answer by how its question is written, too.
    pub(crate) fn alias(&self, spelling: Spelling, entry: Entry) {
        self.cache.alias(spelling, entry);
    }

    /// Answers a question, from what is kept if that will do.
    pub(crate) async fn answer<T>(
        &self,
        service: &Service,
        model: &Deployment,
        wishes: Wishes,
        question: impl Future<Output = Result<Question, Failure>>,
    ) -> Result<Reply<T>, Failure> {
        let Wishes { options, keep, .. } = wishes;
        let Some(ttl) = self.ttl(model, keep) else {
            let _permit = service.admit(model)?;
            let question = question.await?;
            return Ok(Reply::answered(question.answer(service, model, options).await?));
        };
        let question = question.await?;
        let compute = async || {
            let _permit = service.admit(model)?;
            question.answer(service, model, options).await
        };
        let began = Instant::now();
        // What nobody keeps has the smaller future.
        let mut found = Box::pin(self.find(question.key(model), ttl, wishes, compute)).await?;
        found.tell(model, Lap::since(began));
        Ok(found.into_reply())
    }

    /// Runs the model on tensors, or gives what it said of the same ones before. Whoever calls it has been admitted.
    pub(crate) async fn outputs(
        &self,
        service: &Service,
        model: &Deployment,
        wishes: Wishes,
        tensors: Encoded,
    ) -> Result<Inferred, Failure> {
        let options = wishes.options;
        let Some(ttl) = self.ttl(model, wishes.keep) else {
            let Outputs { tensors, timing } = service.infer(model, tensors, options).await?;
            return Ok(Inferred { tensors, timing: Some(timing), kept: None });
        };
        let key = key_of(kind!("tensors"), model).derive(&oip::stored(&tensors.tensors));
        let compute = async || {
            let Outputs { tensors, timing } = service.infer(model, tensors.clone(), options).await?;
            let is_whole = tensors.iter().all(is_finite);
            let began = Instant::now();
            let body = oip::stored(&tensors).into();
            Ok(Answered { body, took: Took { timing: Some(timing), written: Lap::since(began) }, is_whole })
        };
        let began = Instant::now();
        let mut found = self.find(key, ttl, wishes, compute).await?;
        found.tell(model, Lap::since(began));
        let tensors = oip::restored(&found.body).ok_or_else(ApiError::internal)?;
        let timing = found.took.and_then(|took| took.timing);
        Ok(Inferred { tensors, timing, kept: Some(found.kept) })
    }

    /// Whether answers of the model are kept.
    pub(crate) fn keeps(&self, model: &Deployment, keep: Keep) -> bool {
        self.ttl(model, keep).is_some()
    }

    /// How long an answer is good; `None` if none is kept.
    fn ttl(&self, model: &Deployment, keep: Keep) -> Option<Duration> {
        match (model.pipeline().manifest().cache, keep) {
            (Some(section), _) => Some(Duration::from_secs(section.ttl)),
            (None, Keep::Always) => Some(self.ttl),
            (None, Keep::AsManifest) => None,
        }
    }

    /// What is kept under the key if that will do, else what is computed, which is kept if it may be.
    async fn find(
        &self,
        key: CacheKey,
        ttl: Duration,
        Wishes { options, caching, .. }: Wishes,
        compute: impl AsyncFn() -> Result<Answered, Failure>,
    ) -> Result<Found, Failure> {
        if caching.may_reuse() {
            let found = self.found_or_computed(key, ttl, options, &compute).await?;
            // What was computed for this request cannot be too old for it.
            if found.took.is_some() || found.entry.as_ref().is_none_or(|entry| caching.accepts(entry)) {
                return Ok(found);
            }
        }
        let Answered { body, took, is_whole } = compute().await?;
        let entry = match is_whole && !caching.no_store {
            true => {
                let entry = self.cache.insert(key, ttl, body.clone());
                self.replaced.fetch_add(1, Ordering::Release);
                Some(entry)
            }
            false => None,
        };
        Ok(Found { body, entry, took: Some(took), kept: Kept::new(Hit::Miss, None) })
    }

    async fn found_or_computed(
        &self,
        key: CacheKey,
        ttl: Duration,
        options: CallOptions,
        compute: &impl AsyncFn() -> Result<Answered, Failure>,
    ) -> Result<Found, Failure> {
        let mut took = None;
        let led = &mut took;
        let lead = move || async move {
            let answered = compute().await.map_err(Unkept::Failed)?;
            *led = Some(answered.took);
            if answered.is_whole { Ok(answered.body) } else { Err(Unkept::Partial(answered.body)) }
        };
        match by_deadline(options, self.cache.get_or_compute(key, ttl, lead)).await? {
            Ok((entry, hit)) => {
                let kept = Kept::new(hit, Some(&entry));
                Ok(Found { body: entry.body().clone(), entry: Some(entry), took, kept })
            }
            Err(error) => match error.failure() {
                Unkept::Failed(failure) => Err(failure.clone()),
                Unkept::Partial(body) => {
                    Ok(Found { body: body.clone(), entry: None, took, kept: Kept::new(Hit::Miss, None) })
                }
            },
        }
    }
}

/// Tensors that a model gave, now or before.
pub(crate) struct Inferred {
    /// One for each output, in the signature's order.
    pub(crate) tensors: Vec<Tensor>,
    /// If it was asked for this request.
    pub(crate) timing: Option<Timing>,
    /// Where they came from, if answers of the model are kept.
    pub(crate) kept: Option<Kept>,
}

/// An answer, and where it came from.
struct Found {
    body: Bytes,
    /// As it is kept, if it is.
    entry: Option<Entry>,
    /// If it was computed for this request.
    took: Option<Took>,
    kept: Kept,
}

impl Found {
    /// Whoever counts what the model does hears where its answer came from.
    fn tell(&mut self, model: &Deployment, looked: Lap) {
        self.kept = self.kept.found_in(looked);
        match (&self.took, &self.entry) {
            (None, _) => model.observer().reused(looked.took()),
            (Some(_), Some(_)) => model.observer().kept(looked.took()),
            (Some(_), None) => {}
        }
    }

    fn into_reply<T>(self) -> Reply<T> {
        let reply = Reply::json(self.body).with_kept(self.kept).with_entry(self.entry);
        match self.took {
            Some(took) => reply.with_took(took),
            None => reply,
        }
    }
}

/// Whether each number is one. What is not is never kept.
fn is_finite(tensor: &Tensor) -> bool {
    let floats = tensor.as_slice::<f32>().unwrap_or_default().iter().all(|value| value.is_finite());
    floats && tensor.as_slice::<f64>().unwrap_or_default().iter().all(|value| value.is_finite())
}

/// Whoever waits for the computation of another has a deadline of his own.
async fn by_deadline<T>(options: CallOptions, answer: impl Future<Output = T>) -> Result<T, Failure> {
    match options.deadline {
        None => Ok(answer.await),
        Some(deadline) => {
            let answer = tokio::time::timeout_at(deadline.into(), answer).await;
            answer.map_err(|_| ServeError::DeadlineExceeded.into())
        }
    }
}
