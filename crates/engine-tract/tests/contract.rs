//! tract keeps the engine contract.

use ferrocast_engine_tract::TractLoader;

#[test]
fn keeps_the_engine_contract() {
    ferrocast_testkit::engine_suite(&TractLoader::new());
}
