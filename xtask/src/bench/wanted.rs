//! Which scenarios a run measures: those that it names, or all.

use anyhow::ensure;

use super::{
    mixed, open_loop, overload, picture,
    scenario::{SCENARIOS, Scenario},
    tensor,
};

/// Scenarios that are not a path with its bodies beside a yardstick.
const OTHERS: [&str; 5] = [mixed::NAME, tensor::NAME, open_loop::NAME, picture::NAME, overload::NAME];

/// The names that were given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'f>(&'f [String]);

impl Wanted<'_> {
    /// Fails if there is no scenario of such a name.
    pub(super) fn of(names: &[String]) -> anyhow::Result<Wanted<'_>> {
        for name in names {
            ensure!(every_name().any(|known| known == name), "there is no scenario `{name}`");
        }
        Ok(Wanted(names))
    }

    /// Whether the one of this name is.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted == name)
    }

    /// Whether none is left out.
    pub(super) fn is_all(self) -> bool {
        every_name().all(|known| self.has(known))
    }

    /// Those that are a path with its bodies beside a yardstick.
    pub(super) fn scenarios(self) -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().filter(move |scenario| self.has(scenario.name))
    }
}

fn every_name() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).chain(OTHERS)
}

#[cfg(test)]
mod tests {
    use super::{Wanted, every_name};

    #[test]
    fn scenarios_are_wanted_by_name() {
        let names = ["forest", "mixed"].map(str::to_owned);
        let wanted = Wanted::of(&names).unwrap();
        assert!(wanted.has("mixed") && !wanted.has("tensor") && !wanted.is_all());
        assert_eq!(wanted.scenarios().map(|scenario| scenario.name).collect::<Vec<_>>(), ["forest"]);
        assert!(Wanted::of(&["jungle".to_owned()]).unwrap_err().to_string().contains("`jungle`"));
    }

    #[test]
    fn all_are_wanted_if_none_is_named() {
        assert!(Wanted::of(&[]).unwrap().is_all());
        let names: Vec<String> = every_name().map(str::to_owned).collect();
        assert!(Wanted::of(&names).unwrap().is_all());
    }
}
