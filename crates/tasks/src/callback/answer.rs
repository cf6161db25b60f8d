//! What the answer to a callback means.

use std::time::Duration;

use super::refused::CallbackRefused;
use super::schedule::Schedule;
use crate::DeliveryVerdict;

/// Longest text about an answer, in characters.
const MAX_TEXT: usize = 200;

/// The receiver is gone for good and wants no more.
const GONE: u16 = 410;

/// What came of an attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryAnswer {
    /// The receiver answered.
    Status {
        /// Its status.
        status: u16,
        /// Its [`retry_after`](super::retry_after()).
        retry_after: Option<Duration>,
    },
    /// It did not answer in time.
    TimedOut {
        /// How long it had.
        after: Duration,
    },
    /// It was not reached, or broke off: a few words such as `connection refused`, without the address.
    Failed(String),
    /// The policy no longer lets the address pass, or not what its host resolves to.
    Refused(CallbackRefused),
}

/// What becomes of a callback after an attempt, counted from 1: a status from 200 to 299 ends it well, and 410 ends it.
/// After everything else, redirects among them, which are never followed, it is tried again until the schedule ends.
/// `random` as for [`Schedule::delay`].
pub fn judge(answer: DeliveryAnswer, attempt: u32, schedule: &Schedule, random: f64) -> DeliveryVerdict {
    let why = text(&answer);
    let retry_after = match answer {
        DeliveryAnswer::Status { status: 200..=299, .. } => return DeliveryVerdict::Delivered(why),
        DeliveryAnswer::Status { status: GONE, .. } => return DeliveryVerdict::Dead(why),
        DeliveryAnswer::Status { retry_after, .. } => retry_after,
        DeliveryAnswer::TimedOut { .. } | DeliveryAnswer::Failed(_) | DeliveryAnswer::Refused(_) => None,
    };
    match schedule.delay(attempt.saturating_add(1), retry_after, random) {
        Some(after) => DeliveryVerdict::Again { after, why },
        None => DeliveryVerdict::Dead(why),
    }
}

/// The answer in words, for whoever handed the task in.
fn text(answer: &DeliveryAnswer) -> String {
    let text = match answer {
        DeliveryAnswer::Status { status, .. } => format!("answered {status}"),
        DeliveryAnswer::TimedOut { after } => format!("no answer within {} s", after.as_secs_f64()),
        DeliveryAnswer::Failed(reason) => reason.clone(),
        // What a name resolves to in the network of the server is nobody else's business.
        DeliveryAnswer::Refused(CallbackRefused::NotPublic { .. } | CallbackRefused::Denied { .. }) => {
            "not sent: the host is at an address that callbacks may not go to".to_owned()
        }
        DeliveryAnswer::Refused(refused) => format!("not sent: {refused}"),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, prop_assert, proptest};

    use super::{DeliveryAnswer, judge};
    use crate::DeliveryVerdict;
    use crate::callback::{CallbackPolicy, Schedule};

    fn status(status: u16) -> DeliveryAnswer {
        DeliveryAnswer::Status { status, retry_after: None }
    }

    fn again(seconds: u64, why: &str) -> DeliveryVerdict {
        DeliveryVerdict::Again { after: Duration::from_secs(seconds), why: why.into() }
    }

    #[test]
    fn a_status_decides() {
        for good in [200, 202, 204, 299] {
            assert_eq!(
                judge(status(good), 1, &Schedule::default(), 0.5),
                DeliveryVerdict::Delivered(format!("answered {good}"))
            );
        }
        for bad in [100, 199, 300, 301, 302, 307, 400, 401, 404, 409, 411, 429, 500, 503, 599] {
            assert_eq!(judge(status(bad), 1, &Schedule::default(), 0.5), again(5, &format!("answered {bad}")));
        }
        assert_eq!(judge(status(410), 1, &Schedule::default(), 0.5), DeliveryVerdict::Dead("answered 410".into()));
    }

    #[test]
    fn no_answer_is_told_in_words() {
        let refused = |url: &str| DeliveryAnswer::Refused(CallbackPolicy::default().check(url).unwrap_err());
        let rows = [
            (DeliveryAnswer::TimedOut { after: Duration::from_secs(15) }, "no answer within 15 s"),
            (DeliveryAnswer::TimedOut { after: Duration::from_millis(1_500) }, "no answer within 1.5 s"),
            (DeliveryAnswer::Failed("connection refused".into()), "connection refused"),
            (DeliveryAnswer::Failed("bad\r\nname".into()), "bad  name"),
            (refused("https://10.0.0.1"), "not sent: the host is at an address that callbacks may not go to"),
            (
                refused("https://example.com:25"),
                "not sent: callbacks to port 25 are not allowed; `callbacks.ports` lists those that are",
            ),
        ];
        for (answer, why) in rows {
            assert_eq!(judge(answer, 2, &Schedule::default(), 0.5), again(300, why));
        }
    }

    #[test]
    fn every_status_can_ask_to_wait() {
        for status in [302, 404, 429, 503] {
            let answer = DeliveryAnswer::Status { status, retry_after: Some(Duration::from_secs(77)) };
            assert_eq!(judge(answer, 1, &Schedule::default(), 0.5), again(77, &format!("answered {status}")));
        }
    }

    #[test]
    fn it_is_tried_until_the_schedule_ends() {
        let schedule: Schedule = "0, 10, 20".parse().unwrap();
        assert_eq!(judge(status(503), 1, &schedule, 0.5), again(10, "answered 503"));
        assert_eq!(judge(status(503), 2, &schedule, 0.5), again(20, "answered 503"));
        for last in [3, 4, u32::MAX] {
            assert_eq!(judge(status(503), last, &schedule, 0.5), DeliveryVerdict::Dead("answered 503".into()));
        }
        assert_eq!(judge(status(200), 3, &schedule, 0.5), DeliveryVerdict::Delivered("answered 200".into()));
    }

    proptest! {
        #[test]
        fn texts_are_short_and_plain(reason in any::<String>(), long in ".{150,400}") {
            for reason in [reason, long] {
                let DeliveryVerdict::Again { why, .. } = judge(DeliveryAnswer::Failed(reason), 1, &Schedule::default(), 0.5)
                else {
                    panic!("ended")
                };
                prop_assert!(why.chars().count() <= 200 && !why.contains(char::is_control));
            }
        }
    }
}
