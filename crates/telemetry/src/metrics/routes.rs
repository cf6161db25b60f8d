//! Answers by route: how many with which status, and how long they took.

use std::array;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ferrocast_counters::{Count, Sharded};
use prometheus::proto::MetricFamily;

use super::histogram::{Distribution, Histogram};
use super::{REQUEST_DURATION, REQUESTS};

/// The most routes that are told apart; a server has some forty.
const MOST_ROUTES: usize = 256;

/// The most statuses of a route that are told apart; the server has some thirty.
const MOST_STATUSES: usize = 32;

/// What is neither a status nor among those that a route has room for counts as a fault of the server.
const FAULT: u16 = 500;

/// What a method is called that is none of [`METHODS`].
const OTHER_METHOD: &str = "OTHER";

/// What routes are called for which there is no room.
const OTHER_ENDPOINT: &str = "other";

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];

/// The answers of one method of one route.
#[derive(Debug)]
pub struct RouteMetrics {
    method: &'static str,
    endpoint: String,
    /// The statuses that it has answered with, in the order of their first time. The first is [`FAULT`].
    statuses: [OnceLock<u16>; MOST_STATUSES],
    counts: Sharded<Counts>,
}

#[derive(Debug)]
struct Counts {
    /// By the place of the status.
    answers: [Count; MOST_STATUSES],
    duration: Histogram,
}

impl RouteMetrics {
    fn new(method: &'static str, endpoint: &str) -> RouteMetrics {
        RouteMetrics {
            method,
            endpoint: endpoint.to_owned(),
            statuses: array::from_fn(|place| if place == 0 { OnceLock::from(FAULT) } else { OnceLock::new() }),
            counts: Sharded::new(|| Counts { answers: Default::default(), duration: Histogram::of(&REQUEST_DURATION) }),
        }
    }

    /// A request was answered with `status`. What is outside of 100 to 599 counts as 500.
    pub fn answered(&self, status: u16, took: Duration) {
        let counts = self.counts.here();
        if let Some(answers) = counts.answers.get(self.place(status)) {
            answers.add_one();
        }
        counts.duration.time(took);
    }

    fn place(&self, status: u16) -> usize {
        let status = if (100..=599).contains(&status) { status } else { FAULT };
        self.statuses.iter().position(|known| *known.get_or_init(|| status) == status).unwrap_or(0)
    }

    /// The statuses that it has answered with, and how often.
    fn answers(&self) -> impl Iterator<Item = (u16, u64)> {
        self.statuses.iter().enumerate().filter_map(|(place, status)| {
            let answers = self.counts.iter().filter_map(|counts| counts.answers.get(place));
            let number = answers.map(|answers| answers.get()).sum();
            status.get().map(|status| (*status, number)).filter(|(_, number)| *number > 0)
        })
    }
}

/// Every route that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Routes(Mutex<Vec<Arc<RouteMetrics>>>);

impl Routes {
    /// The same for the same method and endpoint.
    pub(crate) fn get(&self, method: &str, endpoint: &str) -> Arc<RouteMetrics> {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER_METHOD);
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |endpoint: &str| {
            routes.iter().find(|route| route.method == method && route.endpoint == endpoint).map(Arc::clone)
        };
        if let Some(route) = find(endpoint) {
            return route;
        }
        let endpoint = if routes.len() < MOST_ROUTES { endpoint } else { OTHER_ENDPOINT };
        if let Some(route) = find(endpoint) {
            return route;
        }
        let route = Arc::new(RouteMetrics::new(method, endpoint));
        routes.push(Arc::clone(&route));
        route
    }

    /// The series of those that have been used.
    pub(crate) fn collect(&self) -> [MetricFamily; 2] {
        let mut routes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        routes.sort_by(|one, other| (&one.endpoint, one.method).cmp(&(&other.endpoint, other.method)));
        let requests = routes.iter().flat_map(|route| {
            route.answers().map(|(status, number)| {
                ([route.method.to_owned(), route.endpoint.clone(), status.to_string()], number as f64)
            })
        });
        let durations = routes.iter().filter_map(|route| {
            let duration = Distribution::of(&route.counts, |counts| &counts.duration);
            (duration.count() > 0).then_some(([route.method, &route.endpoint], duration))
        });
        [REQUESTS.values(requests), REQUEST_DURATION.distributions(durations)]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use super::{MOST_ROUTES, MOST_STATUSES, RouteMetrics, Routes};

    const MS: Duration = Duration::from_millis(1);

    fn answers(route: &RouteMetrics) -> Vec<(u16, u64)> {
        let mut answers: Vec<_> = route.answers().collect();
        answers.sort_unstable();
        answers
    }

    #[test]
    fn a_route_is_one() {
        let routes = Routes::default();
        let get = routes.get("GET", "/health");
        assert!(Arc::ptr_eq(&get, &routes.get("GET", "/health")));
        assert!(!Arc::ptr_eq(&get, &routes.get("HEAD", "/health")));
        assert!(Arc::ptr_eq(&routes.get("BREW", "/health"), &routes.get("get", "/health")));
    }

    #[test]
    fn routes_without_end_are_one() {
        let routes = Routes::default();
        for number in 0..100_000 {
            routes.get("GET", &format!("/{number}"));
        }
        assert_eq!(routes.0.lock().unwrap().len(), MOST_ROUTES + 1);
        assert!(Arc::ptr_eq(&routes.get("GET", "/a"), &routes.get("GET", "/b")));
        assert_eq!(routes.get("POST", "/a").endpoint, "other");
        assert_eq!(routes.get("GET", "/0").endpoint, "/0");
    }

    #[test]
    fn statuses_are_counted_apart() {
        let routes = Routes::default();
        let route = routes.get("GET", "/");
        assert_eq!(answers(&route), []);
        for status in [200, 404, 200, 500, 0, 99, 600, u16::MAX] {
            route.answered(status, MS);
        }
        assert_eq!(answers(&route), [(200, 2), (404, 1), (500, 5)]);
    }

    #[test]
    fn statuses_without_end_are_faults() {
        let routes = Routes::default();
        let route = routes.get("GET", "/");
        (100..600).for_each(|status| route.answered(status, MS));
        let answers = answers(&route);
        let [.., (status, faults)] = answers[..] else { panic!("no answers") };
        assert_eq!((answers.len(), status, faults), (MOST_STATUSES, 500, 500 - (MOST_STATUSES as u64 - 1)));
    }

    #[test]
    fn threads_agree_on_statuses() {
        let routes = Routes::default();
        let route = routes.get("GET", "/");
        thread::scope(|scope| {
            for first in 0..4 {
                let route = &route;
                scope.spawn(move || (0..400).for_each(|number| route.answered(200 + (first + number) % 20, MS)));
            }
        });
        assert_eq!(answers(&route), (200..220).map(|status| (status, 80)).collect::<Vec<_>>());
    }
}
