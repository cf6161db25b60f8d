//! The closing table of `cargo xtask ci`.

use std::time::Duration;

use super::Outcome;

/// One line a step, with its time and remark, and the time of all.
pub(super) fn print(outcomes: &[Outcome]) {
    println!("\n━━ summary ━━");
    for outcome in outcomes {
        println!("{}", line(outcome));
    }
    println!("{:8}  {:>8}", "in all", human(outcomes.iter().map(|outcome| outcome.time).sum()));
}

fn line(outcome: &Outcome) -> String {
    let (word, remark) = match &outcome.result {
        Ok(remark) => ("passed", remark.clone().unwrap_or_default()),
        // One line each; the step itself has printed the rest.
        Err(error) => ("FAILED", error.to_string().lines().next().unwrap_or_default().to_owned()),
    };
    format!("{:8}  {:>8}  {word}  {remark}", outcome.name, human(outcome.time)).trim_end().to_owned()
}

/// `4.2 s` or `12 m 07 s`.
pub(super) fn human(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} m {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{human, line};
    use crate::ci::Outcome;

    #[test]
    fn times_read_well() {
        assert_eq!(human(Duration::from_millis(4_240)), "4.2 s");
        assert_eq!(human(Duration::from_secs(727)), "12 m 07 s");
    }

    #[test]
    fn remarks_and_failures_are_named() {
        let outcome = |result| line(&Outcome { name: "deny", time: Duration::from_secs(1), result });
        assert_eq!(outcome(Ok(None)), "deny         1.0 s  passed");
        assert_eq!(outcome(Ok(Some("but".to_owned()))), "deny         1.0 s  passed  but");
        assert_eq!(outcome(Err(anyhow::anyhow!("no\nmore"))), "deny         1.0 s  FAILED  no");
    }
}
