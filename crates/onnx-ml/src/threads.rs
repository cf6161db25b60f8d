//! Work that is spread over threads, for as long as a call takes.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// What `work` makes of each of `items`, in their order, done by as many threads as there are processors for.
///
/// The calling thread is one of them, so that it goes on, alone if need be, where no thread can be started.
pub fn in_threads<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    // Each takes what is next until nothing is left, as some items are larger than others.
    let take = || {
        let positions = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        positions.map_while(|position| Some((position, work(items.get(position)?)))).collect::<Vec<_>>()
    };
    let mut done = scope(|scope| {
        let others: Vec<_> = (1..threads).filter_map(|_| Builder::new().spawn_scoped(scope, take).ok()).collect();
        let mut done = take();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|&(position, _)| position);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What two pieces of work make, done at once if there is a second processor.
pub(crate) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    if available_parallelism().map_or(1, usize::from) == 1 {
        return (one(), other());
    }
    scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, &one);
        let other = other();
        let one = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => one(),
        };
        (one, other)
    })
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::in_threads;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1000).collect();
        assert_eq!(in_threads(&items, |item| item * item), items.iter().map(|item| item * item).collect::<Vec<_>>());
        assert!(in_threads(&[], |item: &u64| *item).is_empty());
    }

    #[test]
    fn a_panic_is_that_of_the_caller() {
        let panic =
            catch_unwind(|| in_threads(&[1, 2, 3, 4], |&item| assert_ne!(item, 3, "the third"))).expect_err("a panic");
        assert!(panic.downcast_ref::<String>().is_some_and(|text| text.contains("the third")));
    }
}
