//! What a key may be allowed to do: one scope for each group of routes.

use std::fmt;
use std::str::FromStr;

/// A group of routes that a key may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Predictions, and reading about models.
    Predict,
    /// Tasks: handing them in, following and cancelling them.
    Jobs,
    /// Metrics.
    Metrics,
    /// Whatever changes the server: loading and unloading models.
    Admin,
}

/// The word is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope must be one of {}", Scopes::ALL)]
pub struct UnknownScope;

impl Scope {
    /// All scopes, in the order in which they are listed.
    pub const ALL: [Scope; 4] = [Scope::Predict, Scope::Jobs, Scope::Metrics, Scope::Admin];

    /// The lower-case word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Predict => "predict",
            Scope::Jobs => "jobs",
            Scope::Metrics => "metrics",
            Scope::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Scope, UnknownScope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(UnknownScope)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    pub const ALL: Scopes =
        Scopes(Scope::Predict.bit() | Scope::Jobs.bit() | Scope::Metrics.bit() | Scope::Admin.bit());

    /// Whether `scope` is one of them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// The words, separated by commas: `predict, jobs`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(", "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Scopes, UnknownScope};

    #[test]
    fn words_are_read_as_they_are_shown() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for word in ["", "Predict", "predict ", "all", "*"] {
            assert_eq!(word.parse::<Scope>(), Err(UnknownScope));
        }
        assert_eq!(UnknownScope.to_string(), "a scope must be one of predict, jobs, metrics, admin");
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        for bits in 0_u8..16 {
            let chosen: Vec<Scope> = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| Scope::ALL[bit]).collect();
            let scopes: Scopes = chosen.iter().rev().copied().collect();
            assert_eq!(scopes.iter().collect::<Vec<_>>(), chosen);
            assert_eq!(scopes.is_empty(), chosen.is_empty());
            for scope in Scope::ALL {
                assert_eq!(scopes.contains(scope), chosen.contains(&scope));
            }
        }
    }

    #[test]
    fn a_set_is_shown_by_its_words() {
        let scopes: Scopes = [Scope::Jobs, Scope::Predict].into_iter().collect();
        assert_eq!(scopes.to_string(), "predict, jobs");
        assert_eq!(format!("{scopes:?}"), "{Predict, Jobs}");
        assert_eq!(Scopes::default().to_string(), "");
        assert_eq!(Scopes::ALL.iter().collect::<Vec<_>>(), Scope::ALL);
    }
}
