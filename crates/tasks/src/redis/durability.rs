//! Whether Redis remembers what it is told.

use redis::aio::MultiplexedConnection;

/// Says in the log that accepted tasks are only as durable as this Redis is. Whether there was something to say.
pub(super) async fn warn_if_forgetful(connection: &MultiplexedConnection, place: &str) -> bool {
    let setting = async |name: &str| {
        let mut connection = connection.clone();
        let answer: Result<(String, String), _> =
            redis::cmd("CONFIG").arg("GET").arg(name).query_async(&mut connection).await;
        // Often nobody but an administrator may ask. Then nothing is known, and nothing is said.
        answer.ok().map(|(_, value)| value)
    };
    let disk = what_it_does_not_write(setting("appendonly").await.as_deref(), setting("save").await.as_deref());
    if let Some(why) = disk {
        tracing::warn!(place, why, "Redis forgets tasks that it has accepted when it ends");
    }
    let evicts = setting("maxmemory-policy").await.filter(|policy| evicts_tasks(policy));
    if let Some(policy) = &evicts {
        tracing::warn!(place, policy, "Redis forgets tasks that it has accepted when its memory is full");
    }
    disk.is_some() || evicts.is_some()
}

fn what_it_does_not_write(appendonly: Option<&str>, save: Option<&str>) -> Option<&'static str> {
    match (appendonly?, save?) {
        ("no", "") => Some("it writes nothing to disk"),
        ("no", _) => Some("it writes snapshots to disk, and not what came after (appendonly)"),
        _ => None,
    }
}

/// Policies for keys that expire by themselves leave tasks alone.
fn evicts_tasks(policy: &str) -> bool {
    policy.starts_with("allkeys")
}

#[cfg(test)]
mod tests {
    use super::{evicts_tasks, what_it_does_not_write};

    #[test]
    fn only_what_forgets_tasks_is_warned_of() {
        assert!(what_it_does_not_write(Some("no"), Some("")).is_some());
        assert!(what_it_does_not_write(Some("no"), Some("3600 1")).is_some());
        assert_eq!(what_it_does_not_write(Some("yes"), Some("")), None);
        assert_eq!(what_it_does_not_write(None, None), None);
        assert!(evicts_tasks("allkeys-lru"));
        assert!(!evicts_tasks("noeviction") && !evicts_tasks("volatile-ttl"));
    }
}
