//! Routes that say what they need. There are no others: the constructors of the libraries are forbidden elsewhere (`clippy.toml`), so
//! that a route cannot be mounted without a word about who may use it.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::guard::{Guard, GuardContext};
use ferrocast_telemetry::RouteMetrics;

use crate::access::Need;
use crate::middleware::request_context::RequestContext;

/// A route that was found for a request. What it is called is known once it has answered.
pub(crate) type FoundRoute = Rc<OnceCell<NamedRoute>>;

/// A route by its name.
#[derive(Debug)]
pub(crate) struct NamedRoute {
    /// Its path with parameters in braces.
    pub(crate) template: String,
    /// Where its answers are counted.
    pub(crate) metrics: Arc<RouteMetrics>,
}

/// Lets in what may use the route, and tells the outermost layer that it was found.
struct Guarded {
    need: Need,
    found: FoundRoute,
}

impl Guarded {
    fn by(need: Need) -> Guarded {
        Guarded { need, found: FoundRoute::default() }
    }
}

impl Guard for Guarded {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        // Without the outermost layer nothing is let in.
        context.req_data().get::<Rc<RequestContext>>().is_some_and(|request| request.enter(&self.found, self.need))
    }
}

macro_rules! guarded {
    ($($method:ident)+) => {
        $(
            /// A route of that method.
            #[expect(clippy::disallowed_methods, reason = "the guard is here")]
            pub(crate) fn $method(need: Need) -> apistos::web::Route {
                apistos::web::$method().guard(Guarded::by(need))
            }
        )+
    };
}

guarded!(get post put delete);

/// A route that the API description does not show.
#[expect(clippy::disallowed_methods, reason = "the guard is here")]
pub(crate) fn get_page(need: Need) -> actix_web::Route {
    actix_web::web::get().guard(Guarded::by(need))
}
