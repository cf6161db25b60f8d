//! Alone in its process, because it changes the process.

use ferrocast_telemetry::{InitError, LogConfig, LogFormat, init};

#[test]
fn a_second_set_up_is_an_error() {
    let config = |filter: &str| LogConfig { filter: filter.to_owned(), format: LogFormat::Auto };
    assert!(matches!(init(&config("ferrocast=loud")), Err(InitError::Filter { .. })));
    init(&config("off")).unwrap();
    assert!(matches!(init(&config("off")), Err(InitError::AlreadySet)));
}
