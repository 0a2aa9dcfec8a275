//! The longest stretches in which a thread that wanted to run did not, or sat in one call.

use super::calls::CallKind;

/// What held a thread up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It waited for a CPU.
    Waiting,
    /// It waited because a quota was used up.
    Throttled,
    /// It was in a system call.
    Call(CallKind),
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it began.
    pub start_ns: u64,
    /// How long it was.
    pub ns: u64,
    /// The process.
    pub cookie: u64,
    /// The thread.
    pub tid: u32,
    /// What it was.
    pub cause: Cause,
}

/// So many are kept.
const KEPT: usize = 100;

/// The longest pauses over a threshold.
#[derive(Clone, Debug)]
pub struct Pauses {
    threshold_ns: u64,
    longest: Vec<Pause>,
}

impl Pauses {
    /// None yet.
    #[must_use]
    pub const fn over(threshold_ns: u64) -> Self {
        Self { threshold_ns, longest: Vec::new() }
    }

    /// Keeps a pause if it is long enough.
    pub fn consider(&mut self, pause: Pause) {
        if pause.ns >= self.threshold_ns {
            self.longest.push(pause);
            if self.longest.len() >= 2 * KEPT {
                self.trim();
            }
        }
    }

    /// Adds those of the time that followed.
    pub fn absorb(&mut self, later: &Self) {
        self.longest.extend(&later.longest);
        self.trim();
    }

    fn trim(&mut self) {
        self.longest.sort_by_key(|pause| (std::cmp::Reverse(pause.ns), pause.start_ns));
        self.longest.truncate(KEPT);
    }

    /// The longest first.
    #[must_use]
    pub fn longest(&self) -> Vec<Pause> {
        let mut sorted = self.clone();
        sorted.trim();
        sorted.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(ns: u64) -> Pause {
        Pause { start_ns: 1, ns, cookie: 1, tid: 1, cause: Cause::Waiting }
    }

    #[test]
    fn only_what_reaches_the_threshold_is_a_pause() {
        let mut pauses = Pauses::over(200);
        pauses.consider(pause(199));
        pauses.consider(pause(200));
        assert_eq!(pauses.longest(), [pause(200)]);
    }

    #[test]
    fn of_many_the_longest_are_kept() {
        let mut pauses = Pauses::over(0);
        (0..1000).for_each(|ns| pauses.consider(pause(ns)));
        let longest = pauses.longest();
        assert_eq!(longest.len(), KEPT);
        assert_eq!((longest[0].ns, longest[KEPT - 1].ns), (999, 900));
    }
}
