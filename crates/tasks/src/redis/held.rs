//! What this process has taken and not yet settled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::TaskId;

/// Tasks and deliveries of this process. Redis decides who has what; this is what the process knows of.
#[derive(Debug, Default)]
pub(super) struct Held {
    tasks: Mutex<HashMap<TaskId, Arc<HeldTask>>>,
    deliveries: Mutex<HashSet<TaskId>>,
}

/// A task, as it was taken once.
#[derive(Debug)]
pub(super) struct HeldTask {
    entry: String,
    is_suspect: bool,
}

impl Held {
    pub(super) fn add_task(&self, id: TaskId, entry: String, is_suspect: bool) {
        lock(&self.tasks).insert(id, Arc::new(HeldTask { entry, is_suspect }));
    }

    pub(super) fn task(&self, id: TaskId) -> Option<Arc<HeldTask>> {
        lock(&self.tasks).get(&id).cloned()
    }

    /// Not if it was taken once more meanwhile.
    pub(super) fn remove_task(&self, id: TaskId, settled: &Arc<HeldTask>) {
        let mut tasks = lock(&self.tasks);
        if tasks.get(&id).is_some_and(|task| Arc::ptr_eq(task, settled)) {
            tasks.remove(&id);
        }
    }

    pub(super) fn remove_entries(&self, entries: &[String]) {
        if !entries.is_empty() {
            lock(&self.tasks).retain(|_, task| !entries.contains(&task.entry));
        }
    }

    /// The entries of all tasks, and whether one of them is a suspect.
    pub(super) fn entries(&self) -> (Vec<String>, bool) {
        let tasks = lock(&self.tasks);
        (tasks.values().map(|task| task.entry.clone()).collect(), tasks.values().any(|task| task.is_suspect))
    }

    pub(super) fn add_delivery(&self, id: TaskId) {
        lock(&self.deliveries).insert(id);
    }

    pub(super) fn remove_delivery(&self, id: TaskId) {
        lock(&self.deliveries).remove(&id);
    }

    pub(super) fn deliveries(&self) -> Vec<TaskId> {
        lock(&self.deliveries).iter().copied().collect()
    }
}

/// Nothing panics while it has one of the locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
