//! Alone in its process, because it changes the process.

use ferrocast_telemetry::{FilterError, InitError, LogConfig, LogFormat, init};
use tracing::{Level, enabled};

#[test]
fn one_set_up_whose_level_can_change() {
    let config = |filter: &str| LogConfig { filter: filter.to_owned(), format: LogFormat::Auto };
    assert!(matches!(init(&config("ferrocast=loud"), None), Err(InitError::Filter(FilterError::Syntax { .. }))));
    let telemetry = init(&config("off"), None).unwrap();
    assert!(matches!(init(&config("off"), None), Err(InitError::AlreadySet)));

    let logging = telemetry.logging.clone();
    assert_eq!(logging.level(), "off");
    assert!(!enabled!(Level::ERROR));
    logging.set_level("once=debug,warn").unwrap();
    assert_eq!(logging.level(), "once=debug,warn");
    assert!(enabled!(Level::DEBUG) && enabled!(target: "other", Level::WARN));
    assert!(!enabled!(target: "other", Level::INFO));
    assert!(matches!(logging.set_level("loud"), Err(FilterError::Level { word }) if word == "loud"));
    assert_eq!(logging.level(), "once=debug,warn");
    logging.set_level("off").unwrap();
    assert!(!enabled!(Level::ERROR));
    assert_eq!(logging.dropped_lines(), 0);
}
