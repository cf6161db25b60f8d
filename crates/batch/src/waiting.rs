//! The items that wait in one queue: two lanes, oldest first, within the limits of a policy. Time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::{BatchPolicy, ClosedBy, Priority};

/// Items in the background fill one of so many parts of the room, at most: the rest is kept for live ones.
const BACKGROUND_SHARE: usize = 2;

/// An item, or a piece of one, that waits. `P` is the answer that it owes.
#[derive(Debug)]
pub(crate) struct Entry<I, P> {
    /// Grows from entry to entry; the pieces of an item share one.
    pub(crate) id: u64,
    pub(crate) item: I,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) submitted: Instant,
    pub(crate) deadline: Option<Instant>,
    pub(crate) part: P,
    pub(crate) priority: Priority,
    /// It runs as it is, whatever its size: it is a piece, or cannot be cut.
    pub(crate) uncuttable: bool,
}

/// What the policy's limits are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

impl Size {
    fn plus(self, other: Size) -> Size {
        Size { rows: self.rows.saturating_add(other.rows), bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn minus(self, other: Size) -> Size {
        Size { rows: self.rows.saturating_sub(other.rows), bytes: self.bytes.saturating_sub(other.bytes) }
    }
}

impl<I, P> Entry<I, P> {
    pub(crate) fn size(&self) -> Size {
        Size { rows: self.rows, bytes: self.bytes }
    }

    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    pub(crate) fn is_to_be_cut(&self, policy: &BatchPolicy) -> bool {
        self.rows > policy.max_rows && !self.uncuttable
    }
}

/// The entries of one queue that wait.
#[derive(Debug)]
pub(crate) struct Waiting<I, P> {
    live: VecDeque<Entry<I, P>>,
    background: VecDeque<Entry<I, P>>,
    /// Of everything in the lanes, and of what is being cut.
    size: Size,
}

/// A run to be, and what was found to be past running.
#[derive(Debug)]
pub(crate) struct Assembly<I, P> {
    pub(crate) batch: Vec<Entry<I, P>>,
    pub(crate) closed_by: ClosedBy,
    pub(crate) expired: Vec<Entry<I, P>>,
    pub(crate) abandoned: Vec<Entry<I, P>>,
}

impl<I, P> Default for Assembly<I, P> {
    fn default() -> Assembly<I, P> {
        Assembly { batch: Vec::new(), closed_by: ClosedBy::Drained, expired: Vec::new(), abandoned: Vec::new() }
    }
}

impl<I, P> Waiting<I, P> {
    pub(crate) fn new() -> Waiting<I, P> {
        Waiting { live: VecDeque::new(), background: VecDeque::new(), size: Size::default() }
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len() + self.background.len()
    }

    /// Whether an item of this size may wait too. One above the limits by itself may if it is the only one.
    pub(crate) fn has_room(&self, size: Size, priority: Priority, policy: &BatchPolicy) -> bool {
        let with = self.size.plus(size);
        let share = match priority {
            Priority::Live => 1,
            Priority::Background => BACKGROUND_SHARE,
        };
        let fits = with.rows <= policy.max_queued_rows / share && with.bytes <= policy.max_queued_bytes / share;
        fits || self.size == Size::default()
    }

    /// The lane that the next run begins with; `None` if nothing waits.
    pub(crate) fn next_priority(&self) -> Option<Priority> {
        self.front().map(|entry| entry.priority)
    }

    /// When the oldest entry of either lane was submitted.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let fronts = [self.live.front(), self.background.front()];
        fronts.into_iter().flatten().map(|entry| entry.submitted).min()
    }

    /// Until when what waits may wait for company: the longest delay from when it came, but no entry for more than half
    /// of the time that it has.
    pub(crate) fn patient_until(&self, max_delay: Duration) -> Option<Instant> {
        let patience = |entry: &Entry<I, P>| {
            let left = entry.deadline.map(|deadline| deadline.saturating_duration_since(entry.submitted) / 2);
            entry.submitted + left.map_or(max_delay, |left| left.min(max_delay))
        };
        self.live.iter().chain(&self.background).map(patience).min()
    }

    /// Puts an entry behind the others of its lane.
    pub(crate) fn push(&mut self, entry: Entry<I, P>) {
        self.size = self.size.plus(entry.size());
        self.lane(entry.priority).push_back(entry);
    }

    /// Puts the pieces of an entry that was taken to be cut where it stood. The first of them is in the hands of the
    /// caller, who runs it; from now on they are counted instead of the entry, whose size was `whole`.
    pub(crate) fn put_back(&mut self, pieces: Vec<Entry<I, P>>, whole: Size) {
        self.size = self.size.minus(whole);
        for piece in pieces.into_iter().rev() {
            self.size = self.size.plus(piece.size());
            let lane = self.lane(piece.priority);
            let at = lane.partition_point(|entry| entry.id < piece.id);
            lane.insert(at, piece);
        }
    }

    /// Takes out the entries with this identifier, which the caller drops when it holds no lock.
    pub(crate) fn withdraw(&mut self, id: u64) -> Vec<Entry<I, P>> {
        let mut taken = Vec::new();
        for lane in [&mut self.live, &mut self.background] {
            let at = lane.partition_point(|entry| entry.id < id);
            while lane.get(at).is_some_and(|entry| entry.id == id) {
                taken.extend(lane.remove(at));
            }
        }
        self.size = taken.iter().fold(self.size, |size, entry| size.minus(entry.size()));
        taken
    }

    /// Takes the oldest entry and those behind it that may run with it, live ones first. An entry that is to be cut is
    /// taken alone and counts as waiting until [`Waiting::put_back`].
    pub(crate) fn assemble(
        &mut self,
        now: Instant,
        policy: &BatchPolicy,
        can_join: impl Fn(&I, &I) -> bool,
        is_abandoned: impl Fn(&P) -> bool,
    ) -> Assembly<I, P> {
        let mut size = Size::default();
        let mut taken = Assembly::default();
        while let Some(next) = self.front() {
            if is_abandoned(&next.part) {
                taken.abandoned.extend(self.pop());
                continue;
            }
            if next.is_expired(now) {
                taken.expired.extend(self.pop());
                continue;
            }
            let with = size.plus(next.size());
            if let Some(first) = taken.batch.first() {
                let fits = with.rows <= policy.max_rows && with.bytes <= policy.max_bytes;
                let joins = fits && can_join(&first.item, &next.item);
                if !joins {
                    taken.closed_by = if fits { ClosedBy::Mismatch } else { ClosedBy::Full };
                    break;
                }
            }
            size = with;
            taken.batch.extend(self.pop());
            if size.rows >= policy.max_rows || size.bytes >= policy.max_bytes {
                taken.closed_by = ClosedBy::Full;
                break;
            }
        }
        if taken.batch.first().is_some_and(|first| first.is_to_be_cut(policy)) {
            self.size = self.size.plus(size);
        }
        taken
    }

    /// Takes out everything.
    pub(crate) fn drain(&mut self) -> Vec<Entry<I, P>> {
        self.size = Size::default();
        self.live.drain(..).chain(self.background.drain(..)).collect()
    }

    /// The entry that is to run next.
    fn front(&self) -> Option<&Entry<I, P>> {
        self.live.front().or_else(|| self.background.front())
    }

    fn pop(&mut self) -> Option<Entry<I, P>> {
        let entry = self.live.pop_front().or_else(|| self.background.pop_front())?;
        self.size = self.size.minus(entry.size());
        Some(entry)
    }

    fn lane(&mut self, priority: Priority) -> &mut VecDeque<Entry<I, P>> {
        match priority {
            Priority::Live => &mut self.live,
            Priority::Background => &mut self.background,
        }
    }
}
