//! What is wrong with a configuration: one line per problem, naming the key and where its value comes from.

use std::fmt;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `section.name`, or the name of a file that could not be read.
    pub key: String,
    /// Where the value comes from, such as `--port` or `SERVER__PORT in the environment`.
    pub source: String,
    /// What is wrong and what would be right. Never holds the value of a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.key, self.message, self.source)
    }
}

/// Everything that is wrong with a configuration, at least one problem, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// In the order of the reference.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// A configuration with a single problem.
    pub(crate) fn of(key: &str, source: String, message: String) -> ConfigError {
        ConfigError { problems: vec![Problem { key: key.to_owned(), source, message }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
