//! The store that the configuration names, and whoever works on what is in it.

use std::sync::Arc;

use ferrocast_serving::Service;
use ferrocast_tasks::{
    RedisStore, RedisStoreConfig, SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig, TaskStore, Tasks,
};
use tracing::warn;

use super::courier::{CallbackCourier, CourierError};
use super::worker::PredictionWorker;
use crate::app::RunError;
use crate::config::{Config, TaskStoreKind};

/// Begins to work on what is stored, as soon as models are loaded.
///
/// # Errors
/// If a setting cannot work, or the system gives no thread. A store that cannot be used now is none: it is said in the log,
/// and may be well later.
pub(crate) async fn begin(config: &Config, service: Arc<Service>) -> Result<Tasks, RunError> {
    let courier = CallbackCourier::new(&config.callbacks).map_err(|error| match error {
        CourierError::Certificates(why) => config.problem("callbacks.ca_file", why).into(),
        error => RunError::from(std::io::Error::other(error)),
    })?;
    let worker = PredictionWorker {
        service,
        limits: config.limits.of_a_body(),
        timeout: config.tasks.timeout,
        debug: config.server.debug,
    };
    let tasks = ferrocast_tasks::TasksConfig {
        workers: config.tasks.workers,
        most_attempts: config.tasks.max_attempts,
        ..ferrocast_tasks::TasksConfig::default()
    };
    Ok(Tasks::start(store(config).await?, Arc::new(worker), Arc::new(courier), tasks)?)
}

async fn store(config: &Config) -> Result<Arc<dyn TaskStore>, RunError> {
    let bounds = StoreConfig {
        most_tasks: config.tasks.max_tasks,
        most_bytes: config.tasks.max_bytes,
        keep: config.tasks.keep,
        ..StoreConfig::default()
    };
    match (config.tasks.store, &config.redis.url) {
        (TaskStoreKind::Redis, Some(url)) => {
            let prefix = format!("{}:tasks", config.redis.prefix);
            let redis =
                RedisStoreConfig { url: url.reveal().to_owned(), prefix, bounds, ..RedisStoreConfig::default() };
            let store = RedisStore::new(redis).map_err(|error| config.problem("redis.url", error.to_string()))?;
            Ok(Arc::new(store))
        }
        _ => {
            let clock = Arc::new(SteadyClock::start());
            let store = SqliteStore::new(SqliteStoreConfig { path: config.tasks.path.clone(), bounds, clock });
            if let Err(error) = store.check().await {
                warn!("/predict_async answers 503 until this is mended: {error} (tasks.path)");
            }
            Ok(Arc::new(store))
        }
    }
}
