//! What a filter of the log may say.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Why a filter cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A word is no level. (A target needs a level: `target=debug`.)
    #[error("the log filter holds {word:?}, which is not a level (error, warn, info, debug, trace, off)")]
    Level {
        /// The word.
        word: String,
    },
    /// It cannot be read.
    #[error("the log filter {filter:?} cannot be read")]
    Syntax {
        /// The whole filter.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
}

pub(super) fn parse(filter: &str) -> Result<EnvFilter, FilterError> {
    // A bare word is a target to `EnvFilter`, so that a misspelt level would switch off everything without a word.
    let mut directives = filter.split(',');
    let is_level = |word: &str| word.contains(['=', '[']) || (!word.is_empty() && word.parse::<LevelFilter>().is_ok());
    if let Some(word) = directives.find(|word| !is_level(word)) {
        return Err(FilterError::Level { word: word.to_owned() });
    }
    EnvFilter::builder()
        .with_regex(false)
        .parse(filter)
        .map_err(|source| FilterError::Syntax { filter: filter.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::{FilterError, parse};

    #[test]
    fn filters() {
        for good in ["info", "WARN", "off", "info,ferrocast_registry=debug", "warn,a::b=trace"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for (bad, word) in [("loud", "loud"), ("info,hyper", "hyper"), ("", "")] {
            let error = parse(bad).unwrap_err();
            assert!(matches!(&error, FilterError::Level { word: found } if found == word), "{bad}: {error}");
        }
        assert!(matches!(parse("a=loud"), Err(FilterError::Syntax { .. })));
    }
}
