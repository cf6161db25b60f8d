//! Handing tasks in, doing them, and asking for them.

use super::row::{Row, Unreadable, name_of, named, record};
use super::{MOST_AT_ONCE, RedisStore, millis, scripts};
use crate::{
    Bound, CallbackState, Cancelled, Claim, ListQuery, NewTask, Outcome, QUARANTINED, Record, State, StoreError,
    Submitted, TaskId, Verdict,
};

/// Tasks of a list that one script looks at.
const LOOKED_AT: usize = 500;

/// Why a task was given up for which processes died.
const WHY_QUARANTINED: &str = "the server died each time this task ran";

/// The code of a task that is given up as its record is damaged.
const UNREADABLE: &str = "TASK_UNREADABLE";

impl RedisStore {
    pub(super) async fn submit_task(&self, task: NewTask) -> Result<Submitted, StoreError> {
        let NewTask { id, topic, owner, request_id, trace_parent, payload, callback, idempotency } = task;
        let mut call = self.call(&scripts::SUBMIT);
        call.arg(id.to_string()).arg(payload.len()).arg(self.bounds.most_tasks).arg(self.bounds.most_bytes);
        call.arg(list_of(owner.as_deref()));
        match &idempotency {
            Some(idempotency) => {
                call.arg(key_of(owner.as_deref(), &idempotency.key)).arg(&idempotency.fingerprint[..]);
            }
            None => {
                call.arg("").arg("");
            }
        }
        call.arg("topic").arg(topic).arg("request").arg(request_id).arg("payload").arg(payload.as_ref());
        if let Some(trace_parent) = trace_parent {
            call.arg("trace").arg(trace_parent);
        }
        if let Some(owner) = owner {
            call.arg("owner").arg(owner);
        }
        if let Some(callback) = callback {
            let state = name_of(CallbackState::ALL, CallbackState::Waiting);
            call.arg("url").arg(callback.url).arg("host").arg(callback.host).arg("callback").arg(state);
        }
        let answer: Vec<String> = self.run(call).await?;
        match answer.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["accepted"] => Ok(Submitted::Accepted),
            ["known", id] => Ok(Submitted::Known(id.parse().map_err(|_| self.unreadable(&Unreadable("name")))?)),
            ["reused"] => Err(StoreError::KeyReused),
            ["tasks"] => Err(StoreError::Full(Bound::Tasks(self.bounds.most_tasks))),
            ["bytes"] => Err(StoreError::Full(Bound::Bytes(self.bounds.most_bytes))),
            _ => Err(self.unreadable(&Unreadable("answer"))),
        }
    }

    pub(super) async fn read_record(&self, id: TaskId) -> Result<Option<Record>, StoreError> {
        let mut call = self.call(&scripts::RECORD);
        call.arg(id.to_string());
        let row: Option<Row> = self.run(call).await?;
        row.map(record).transpose().map_err(|error| self.unreadable(&error))
    }

    pub(super) async fn list_records(&self, query: ListQuery) -> Result<Vec<Record>, StoreError> {
        let filter = |value: Option<&str>| value.map(|value| format!("={value}")).unwrap_or_default();
        let list = list_of(query.owner.as_deref());
        let before = query.before.map(|id| id.to_string()).unwrap_or_default();
        let state = filter(query.state.map(|state| name_of(State::ALL, state)));
        let topic = filter(query.topic.as_deref());
        let callback = filter(query.callback.map(|state| name_of(CallbackState::ALL, state)));
        let (mut records, mut below) = (Vec::new(), String::new());
        while records.len() < query.most {
            let mut call = self.call(&scripts::LIST);
            call.arg(&list).arg(&before).arg(&below).arg(LOOKED_AT);
            call.arg((query.most - records.len()).min(LOOKED_AT)).arg(&state).arg(&topic).arg(&callback);
            let (next, rows): (Option<String>, Vec<Row>) = self.run(call).await?;
            for row in rows {
                records.push(record(row).map_err(|error| self.unreadable(&error))?);
            }
            let Some(next) = next else { break };
            below = next;
        }
        Ok(records)
    }

    pub(super) async fn cancel_task(&self, id: TaskId) -> Result<Cancelled, StoreError> {
        let mut call = self.call(&scripts::CANCEL);
        call.arg(id.to_string());
        let (known, now): (Option<String>, bool) = self.run(call).await?;
        let Some(known) = known else { return Ok(Cancelled::Unknown) };
        if now {
            return Ok(Cancelled::Now);
        }
        let state = named(State::ALL, &known).ok_or_else(|| self.unreadable(&Unreadable("state")))?;
        Ok(Cancelled::Before(state))
    }

    pub(super) async fn claim_tasks(&self, most: usize, busy: usize) -> Result<Vec<Claim>, StoreError> {
        let _alone = self.claiming.lock().await;
        let (entries, has_suspect) = self.held.entries();
        let mut call = self.call(&scripts::CLAIM);
        call.arg(&self.me).arg(most.min(MOST_AT_ONCE)).arg(u8::from(busy > 0)).arg(u8::from(has_suspect));
        call.arg(millis(self.lease)).arg(self.bounds.most_crashes).arg(QUARANTINED).arg(WHY_QUARANTINED).arg(entries);
        let (lost, gone, quarantined, rows): (Vec<String>, Vec<String>, Vec<String>, Vec<Row>) = self.run(call).await?;
        self.held.remove_entries(&lost);
        for id in gone {
            tracing::error!(id, "a task is lost: Redis has its name and not its record");
        }
        for id in quarantined {
            tracing::error!(id, "a task is not begun again, as processes died of it");
        }
        let mut claims = Vec::with_capacity(rows.len());
        for mut row in rows {
            let Ok(id) = row.parsed("name") else {
                tracing::error!("a task without a name cannot be begun");
                continue;
            };
            match claim(id, row) {
                Ok((entry, claim)) => {
                    self.held.add_task(id, entry, claim.is_suspect);
                    claims.push(claim);
                }
                Err(error) => self.give_up(id, &error).await,
            }
        }
        Ok(claims)
    }

    /// Ends a task that cannot be begun. If that fails, it is taken and given up once more.
    async fn give_up(&self, id: TaskId, error: &Unreadable) {
        let failed = Outcome::Failed { code: UNREADABLE.to_owned(), message: error.to_string() };
        let settled = self.settle_task(id, Verdict::Final(failed)).await;
        tracing::error!(%id, %error, ?settled, "a task is given up");
    }

    pub(super) async fn settle_task(&self, id: TaskId, verdict: Verdict) -> Result<bool, StoreError> {
        let mut call = self.call(&scripts::SETTLE);
        call.arg(id.to_string()).arg(&self.me);
        match verdict {
            Verdict::Again { after, counts } => {
                call.arg("again").arg(millis(after)).arg(u8::from(counts));
            }
            Verdict::Final(outcome) => {
                call.arg(name_of(State::ALL, outcome.state()));
                match outcome {
                    Outcome::Done(result) => {
                        call.arg("result").arg(result.as_ref());
                    }
                    Outcome::Failed { code, message } => {
                        call.arg("code").arg(code).arg("message").arg(message);
                    }
                    Outcome::Cancelled => {}
                }
            }
        }
        let held = self.held.task(id);
        let counted = self.run(call).await?;
        if let Some(held) = held {
            self.held.remove_task(id, &held);
        }
        Ok(counted)
    }

    pub(super) async fn keep_tasks(&self, ids: Vec<TaskId>) -> Result<Vec<TaskId>, StoreError> {
        let mut call = self.call(&scripts::KEEP);
        call.arg(&self.me).arg(millis(self.lease));
        for id in &ids {
            call.arg(id.to_string());
        }
        let lost: Vec<String> = self.run(call).await?;
        Ok(ids.into_iter().filter(|id| lost.contains(&id.to_string())).collect())
    }

    pub(super) fn unreadable(&self, error: &Unreadable) -> StoreError {
        self.link.unavailable(&error.to_string())
    }
}

/// The list that a task is in. That of everybody is not that of an owner without a name.
fn list_of(owner: Option<&str>) -> String {
    owner.map_or_else(|| "-".to_owned(), |owner| format!("+{owner}"))
}

/// The idempotency key of an owner, so that no two of them are the same.
fn key_of(owner: Option<&str>, key: &str) -> String {
    owner.map_or_else(|| format!("-{key}"), |owner| format!("+{}:{owner}{key}", owner.len()))
}

/// A row of `claim.lua` after the name: the entry and the claim.
fn claim(id: TaskId, mut row: Row) -> Result<(String, Claim), Unreadable> {
    let entry = row.text("entry")?;
    let claim = Claim {
        id,
        topic: row.text("topic")?,
        request_id: row.text("request")?,
        trace_parent: row.optional_text("trace")?,
        accepted_at: row.accepted_at()?,
        payload: row.bytes().ok_or(Unreadable("payload"))?.into(),
        attempt: row.parsed("number of attempts")?,
        is_suspect: row.text("number of crashes")? != "0",
    };
    Ok((entry, claim))
}
