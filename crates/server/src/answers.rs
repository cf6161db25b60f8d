//! Answers to questions: from what is kept, where answers are kept, else anew.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use ferrocast_cache::{Cache, CacheConfig, CacheKey, Entry, Hit, RemoteTier};
use ferrocast_protocol::ErrorCode;
use ferrocast_serving::{CallOptions, Deployment, ServeError, Service};

use crate::error::Failure;
use crate::extract::caching::Caching;
use crate::question::{Answered, Question, key_of};
use crate::reply::Reply;

/// What keeps answers.
#[derive(Debug)]
pub(crate) struct Answers {
    cache: Cache<Unkept>,
    /// How long an answer is good if its model does not say.
    ttl: Duration,
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

/// A question in the making.
pub(crate) struct Asked<'a, F> {
    /// The body and a word for the route, where there is nothing else to the question.
    pub(crate) as_sent: Option<(&'static str, &'a [u8])>,
    /// The question, once it is read.
    pub(crate) question: F,
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
        Answers { cache: Cache::new(&CacheConfig { memory_bytes }, shared), ttl }
    }

    /// Whether the place that servers share is out of use at present.
    pub(crate) fn is_degraded(&self) -> bool {
        self.cache.is_degraded()
    }

    /// Answers a question, from what is kept if that will do. A body that was answered before is not even read, if it comes
    /// again byte for byte.
    pub(crate) async fn answer<T, F>(
        &self,
        service: &Service,
        model: &Deployment,
        wishes: Wishes,
        asked: Asked<'_, F>,
    ) -> Result<Reply<T>, Failure>
    where
        F: Future<Output = Result<Question, Failure>>,
    {
        let Wishes { options, caching, keep } = wishes;
        let Some(ttl) = self.ttl(model, keep) else {
            let _permit = service.admit(model)?;
            return Ok(Reply::answered(asked.question.await?.answer(service, model, options).await?));
        };
        let as_sent = asked.as_sent.map(|(route, body)| key_of(route, model).part(body).finish());
        if caching.may_reuse()
            && let Some(key) = &as_sent
            && let Some(entry) = self.cache.get(key).await
            && caching.accepts(&entry)
        {
            return Ok(Reply::kept(&entry, Hit::Memory));
        }
        let question = asked.question.await?;
        let key = question.key(model);
        let compute = || async {
            let _permit = service.admit(model)?;
            question.answer(service, model, options).await
        };
        if caching.may_reuse() {
            let (reply, found) = self.found_or_computed(key, ttl, options, compute).await?;
            let Some((entry, hit)) = found else { return Ok(reply) };
            // What was computed for this request cannot be too old for it.
            if hit == Hit::Miss || caching.accepts(&entry) {
                self.keep_as_sent(as_sent, entry).await;
                return Ok(reply);
            }
        }
        let answered = compute().await?;
        if answered.is_whole && !caching.no_store {
            let entry = self.cache.insert(key, ttl, answered.body.clone()).await;
            self.keep_as_sent(as_sent, entry).await;
        }
        Ok(Reply::answered(answered).with_hit(Hit::Miss))
    }

    /// How long an answer is good; `None` if none is kept.
    fn ttl(&self, model: &Deployment, keep: Keep) -> Option<Duration> {
        match (model.pipeline().manifest().cache, keep) {
            (Some(section), _) => Some(Duration::from_secs(section.ttl)),
            (None, Keep::Always) => Some(self.ttl),
            (None, Keep::AsManifest) => None,
        }
    }

    /// The answer, and if it is kept, how, and where it came from.
    async fn found_or_computed<T, F>(
        &self,
        key: CacheKey,
        ttl: Duration,
        options: CallOptions,
        compute: impl FnOnce() -> F,
    ) -> Result<(Reply<T>, Option<(Entry, Hit)>), Failure>
    where
        F: Future<Output = Result<Answered, Failure>>,
    {
        let mut timing = None;
        let lead = || async {
            let answered = compute().await.map_err(Unkept::Failed)?;
            timing = answered.timing;
            if answered.is_whole { Ok(answered.body) } else { Err(Unkept::Partial(answered.body)) }
        };
        let found = by_deadline(options, self.cache.get_or_compute(key, ttl, lead)).await?;
        match found {
            Ok((entry, hit)) => Ok((Reply::kept(&entry, hit).with_timing(timing.as_ref()), Some((entry, hit)))),
            Err(error) => match error.failure() {
                Unkept::Failed(failure) => Err(failure.clone()),
                Unkept::Partial(body) => Ok((Reply::json(body.clone()).with_hit(Hit::Miss), None)),
            },
        }
    }

    /// So that the same body is not read again.
    async fn keep_as_sent(&self, key: Option<CacheKey>, entry: Entry) {
        if let Some(key) = key {
            self.cache.alias(key, entry).await;
        }
    }
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
