//! Which route and which model a path meant, for what is answered before anybody has looked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Weak;

use ferrocast_serving::Deployment;
use foldhash::fast::RandomState;

use crate::question::RowsAsked;
use crate::routes::guarded::FoundRoute;

/// Paths that are remembered: more than there are models, or clients spell versions in many ways.
const MOST: usize = 1024;

/// What was found for a path.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) route: FoundRoute,
    /// Not held here: once it is out of service its memory is free.
    pub(crate) model: Weak<Deployment>,
    /// If rows are asked for there.
    pub(crate) rows: Option<RowsAsked>,
    /// Whether an answer from there has been kept.
    pub(crate) keeps: bool,
}

/// Those of one I/O thread, as long as the models are what they were.
#[derive(Debug, Default)]
pub(crate) struct Places(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    generation: u64,
    places: HashMap<String, Rc<Place>, RandomState>,
}

impl Places {
    /// What was found for the path, if that still holds.
    pub(crate) fn get(&self, generation: u64, path: &str) -> Option<Rc<Place>> {
        let known = self.0.borrow();
        known.places.get(path).filter(|_| known.generation == generation).cloned()
    }

    /// Remembers what was found.
    pub(crate) fn note(&self, generation: u64, path: &str, place: Place) {
        let known = &mut *self.0.borrow_mut();
        if known.generation != generation || known.places.len() >= MOST {
            known.generation = generation;
            known.places.clear();
        }
        known.places.insert(path.to_owned(), Rc::new(place));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::{MOST, Place, Places};
    use crate::routes::guarded::FoundRoute;

    fn place() -> Place {
        Place { route: FoundRoute::default(), model: Weak::new(), rows: None, keeps: false }
    }

    #[test]
    fn what_was_found_is_forgotten_with_the_models() {
        let places = Places::default();
        places.note(1, "/a", place());
        assert!(places.get(1, "/a").is_some() && places.get(1, "/b").is_none() && places.get(2, "/a").is_none());
        places.note(2, "/b", place());
        assert!(places.get(2, "/b").is_some() && places.get(2, "/a").is_none() && places.get(1, "/a").is_none());
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let places = Places::default();
        for number in 0..=MOST {
            places.note(1, &number.to_string(), place());
        }
        assert!(places.get(1, "0").is_none() && places.get(1, &MOST.to_string()).is_some());
    }
}
