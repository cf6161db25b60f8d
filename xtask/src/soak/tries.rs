//! Promises about time on a machine that does other things as well.

/// How often a promise is tried.
const TRIES: usize = 3;

/// One moment in which the machine stands still breaks any promise about time: it has to be kept in one of a few tries. Each
/// measures anew whatever it compares with.
pub(super) fn until_kept(mut attempt: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    for _ in 1..TRIES {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(error) => println!("once more, as {error:#}"),
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::until_kept;

    #[test]
    fn one_good_try_is_enough() {
        let mut tries = 0;
        let mut kept_at = |good| {
            tries = 0;
            until_kept(|| {
                tries += 1;
                anyhow::ensure!(tries == good, "not yet");
                Ok(())
            })
        };
        kept_at(1).unwrap();
        kept_at(3).unwrap();
        assert!(kept_at(4).is_err());
        assert_eq!(tries, 3);
    }
}
