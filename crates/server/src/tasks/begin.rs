//! The store that the configuration names, and whoever works on what is in it.

use std::sync::Arc;

use ferrocast_serving::Service;
use ferrocast_tasks::{
    RedisStore, RedisStoreConfig, RedisStoreConfigError, SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig,
    TaskObserver, TaskStore, Tasks,
};
use ferrocast_telemetry::Tracing;
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
pub(crate) async fn begin(
    config: &Config,
    service: Arc<Service>,
    observer: Arc<dyn TaskObserver>,
    tracing: &Tracing,
) -> Result<Tasks, RunError> {
    let courier = CallbackCourier::new(&config.callbacks, tracing.clone()).map_err(|error| match error {
        CourierError::Certificates(why) => config.problem("callbacks.ca_file", why).into(),
        error => RunError::from(std::io::Error::other(error)),
    })?;
    let worker = PredictionWorker {
        service,
        limits: config.limits.of_a_body(),
        timeout: config.tasks.timeout,
        debug: config.server.debug,
        tracing: tracing.clone(),
    };
    let tasks = ferrocast_tasks::TasksConfig {
        workers: config.tasks.workers,
        most_attempts: config.tasks.max_attempts,
        ..ferrocast_tasks::TasksConfig::default()
    };
    Ok(Tasks::start(store(config).await?, Arc::new(worker), Arc::new(courier), tasks, observer)?)
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
            let store = RedisStore::new(redis).map_err(|error| {
                let key = if matches!(error, RedisStoreConfigError::Prefix) { "redis.prefix" } else { "redis.url" };
                config.problem(key, error.to_string())
            })?;
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

#[cfg(test)]
mod tests {
    use super::store;
    use crate::config::{Config, Sources};

    /// Why there is no store with these settings.
    async fn refused(settings: [(&str, &str); 2]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let models = ("MODEL_PATH".to_owned(), folder.path().to_str().unwrap().to_owned());
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = settings.into_iter().chain([models]).collect();
        let config = Config::from_sources(&Sources { environment, ..Sources::default() }).unwrap();
        store(&config).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn the_setting_is_named_that_cannot_work() {
        let said = refused([("REDIS_URL", "redis://127.0.0.1:1"), ("REDIS__PREFIX", "a{b}")]).await;
        assert!(said.contains("redis.prefix") && said.contains("REDIS__PREFIX"), "{said}");
        let said = refused([("REDIS_URL", "http://:hunter2@127.0.0.1"), ("REDIS__PREFIX", "a")]).await;
        assert!(said.contains("redis.url") && said.contains("REDIS_URL") && !said.contains("hunter2"), "{said}");
    }
}
