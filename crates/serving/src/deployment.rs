//! A version that is ready to serve.

use std::sync::Arc;
use std::time::Duration;

use ferrocast_batch::{BatchObserver, BatchPolicy, Gate, Pool, Queue, QueueLoad};
use ferrocast_pipeline::Pipeline;
use ferrocast_registry::Digest;

use crate::independence::Company;
use crate::runner::{Decoding, PipelineRunner};
use crate::statistics::Statistics;
use crate::tally::Tally;
use crate::{CostCurve, DeploymentObserver, Placement, PoolCounts, ServeError, StatisticsReport};

/// A version that is ready to serve: what the registry hands out.
#[derive(Debug)]
pub struct Deployment {
    identity: Identity,
    pipeline: Arc<Pipeline>,
    costs: Option<CostCurve>,
    placement: Placement,
    queue: Queue<PipelineRunner>,
    decoding: Arc<Decoding>,
    /// Requests that wait to see whether they are alone, or run inline because they were.
    arrivals: Gate,
    tally: Arc<Tally>,
}

/// Which model it is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The model's name.
    pub(crate) model: Arc<str>,
    /// The version's canonical name.
    pub(crate) version: Arc<str>,
    /// Of the names and the files.
    pub(crate) digest: [u8; 32],
}

impl Identity {
    pub(crate) fn new(model: &Arc<str>, version: &str, files: Digest) -> Identity {
        let mut digest = blake3::Hasher::new();
        for name in [model, version] {
            // The length keeps the end of a name apart from what follows it.
            digest.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
        digest.update(files.as_bytes());
        Identity { model: Arc::clone(model), version: version.into(), digest: *digest.finalize().as_bytes() }
    }
}

impl Deployment {
    /// A version whose costs are not known.
    pub(crate) fn new(
        identity: Identity,
        pipeline: Pipeline,
        pool: &Pool,
        decoding: Arc<Decoding>,
        observer: Arc<dyn DeploymentObserver>,
    ) -> Deployment {
        Deployment::placed(identity, Arc::new(pipeline), None, pool, decoding, observer)
    }

    /// The same version with its costs, and what its rows are to each other in one run.
    pub(crate) fn measured(self, costs: CostCurve, company: Company, pool: &Pool) -> Deployment {
        let observer = Arc::clone(self.observer());
        Deployment::placed(self.identity, self.pipeline, Some((costs, company)), pool, self.decoding, observer)
    }

    fn placed(
        identity: Identity,
        pipeline: Arc<Pipeline>,
        measured: Option<(CostCurve, Company)>,
        pool: &Pool,
        decoding: Arc<Decoding>,
        observer: Arc<dyn DeploymentObserver>,
    ) -> Deployment {
        let serving = &pipeline.manifest().serving;
        let threads = pool.concurrency(serving.threads);
        let placement = match &measured {
            Some((costs, company)) => Placement::decide(serving, costs, *company, threads),
            None => Placement::unmeasured(serving),
        };
        let costs = measured.map(|(costs, _)| costs);
        let policy = BatchPolicy {
            max_rows: placement.run_rows,
            max_queued_rows: placement.queue_rows,
            max_delay: Duration::from_micros(serving.max_delay_us),
            max_concurrency: Some(threads),
            ..BatchPolicy::default()
        };
        let tally = Arc::new(Tally::new(observer));
        let runner =
            PipelineRunner { pipeline: Arc::clone(&pipeline), joins: placement.joins, decoding: Arc::clone(&decoding) };
        let queue = pool.queue(Arc::new(runner), policy, Arc::clone(&tally) as Arc<dyn BatchObserver>);
        Deployment { identity, pipeline, costs, placement, queue, decoding, arrivals: Gate::new(usize::MAX), tally }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.identity.model
    }

    /// The version's canonical name.
    pub fn version(&self) -> &str {
        &self.identity.version
    }

    /// A digest of everything that decides its answers: its names, and what is in its files.
    pub fn digest(&self) -> &[u8; 32] {
        &self.identity.digest
    }

    /// The model itself.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// What rows were measured to cost; `None` if the manifest wants no warm-up.
    pub fn costs(&self) -> Option<&CostCurve> {
        self.costs.as_ref()
    }

    /// Who hears what it does: for whoever reads requests to it and writes their answers.
    pub fn observer(&self) -> &Arc<dyn DeploymentObserver> {
        self.tally.observer()
    }

    /// Where requests run, and why.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// What waits for the pool now.
    pub fn load(&self) -> QueueLoad {
        self.queue.load()
    }

    /// Most threads of the pool that work for this version at a time.
    pub fn threads(&self) -> usize {
        self.queue.policy().max_concurrency.unwrap_or(1)
    }

    /// What became of the requests that went to the pool.
    pub fn pool_counts(&self) -> PoolCounts {
        self.tally.counts()
    }

    /// What the version has done since it was loaded.
    pub fn report(&self) -> StatisticsReport {
        self.statistics().report()
    }

    /// Whether the bytes are a picture that the model can be given. Takes as long as decoding it.
    pub(crate) fn check_image(&self, picture: &[u8]) -> Result<(), ServeError> {
        let encoded = self.decoding.encode(&self.pipeline, picture);
        encoded.map(drop).map_err(|cause| ServeError::from_prediction(cause, self))
    }

    pub(crate) fn statistics(&self) -> &Statistics {
        self.tally.statistics()
    }

    pub(crate) fn queue(&self) -> &Queue<PipelineRunner> {
        &self.queue
    }

    pub(crate) fn arrivals(&self) -> &Gate {
        &self.arrivals
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How long the pool needs for what waits, by what its rows were measured to cost.
    pub(crate) fn backlog(&self, load: &QueueLoad) -> Duration {
        let Some(costs) = &self.costs else { return load.oldest };
        self.placement.cost_per_row(costs).mul_f64(load.rows as f64 / self.threads() as f64)
    }
}
