//! The account of one kind of system call.

use tracer_common::{fold::FoldedCalls, record::Call, shape::What};

use super::hist::Hist;

/// Which kind of call: what a row of the table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallKind {
    /// The number of the call.
    pub nr: u16,
    /// For `brk` one of [`Call::BRK_GROW`] and its neighbours, else 0.
    pub brk: u8,
    /// The number is one of ia32's.
    pub compat: bool,
}

impl CallKind {
    /// The kind of a call.
    #[must_use]
    pub const fn of(call: &Call) -> Self {
        let brk = if Call::kind_is_brk(call.kind) { call.kind } else { 0 };
        Self { nr: call.nr, brk, compat: call.flags & Call::COMPAT != 0 }
    }

    /// The kind of folded calls.
    #[must_use]
    pub const fn folded(what: What) -> Self {
        Self { nr: what.nr, brk: what.brk, compat: what.compat }
    }
}

/// What is known of all calls of one kind.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// On-CPU time of completed calls that belongs to the program before: an exec begins in one
    /// program and ends in another.
    pub lead_on_cpu_ns: u64,
    /// Elapsed times of the completed ones.
    pub wall: Hist,
    /// The parts running in the kernel; `None` as long as each is the whole call.
    on_cpu: Option<Hist>,
    /// The parts waiting for a CPU.
    pub runnable: Hist,
    /// The parts sleeping.
    pub blocked: Hist,
    /// How many of the completed ones failed.
    pub errors: u64,
    /// Bytes asked for by those that did not.
    pub bytes: u64,
    /// Of these, bytes of files that were mapped, as far as calls were not folded.
    pub file_bytes: u64,
    /// When the last of the completed ones ended; 0 without one.
    pub last_end_ns: u64,
    /// Sum of the moments at which those ended that were not folded.
    ends_ns: u128,
    /// Ends whose beginning was not seen, or lies before the window.
    pub unpaired: u64,
    /// Cut off by the death of their thread.
    pub ended_by_exit: u64,
    /// On-CPU time of those.
    pub ended_by_exit_on_cpu_ns: u64,
    /// Open at the end.
    pub in_flight: u64,
    /// How long the longest of these had lasted, of those whose beginning was seen; 0 without one.
    pub in_flight_longest_ns: u64,
    /// How many of these began before they could be seen.
    pub in_flight_before: u64,
    /// On-CPU time of these.
    pub in_flight_on_cpu_ns: u64,
    /// How many of the completed ones were summed in the kernel.
    pub folded: u64,
}

impl Calls {
    /// Adds a call that has ended within the window. Returns whether it was a whole one, which began
    /// in it and returned.
    pub fn add(&mut self, call: &Call, window_start_ns: u64) -> bool {
        let began_ns = call.end_ns.saturating_sub(call.wall_ns());
        if call.flags & Call::UNPAIRED != 0 || began_ns < window_start_ns {
            self.unpaired += 1;
            false
        } else if call.flags & Call::ENDED_BY_EXIT != 0 {
            self.ended_by_exit += 1;
            self.ended_by_exit_on_cpu_ns += call.on_cpu_ns;
            false
        } else {
            if self.on_cpu.is_some() || call.on_cpu_ns != call.wall_ns() {
                self.on_cpu_mut().record(call.on_cpu_ns);
            }
            self.wall.record(call.wall_ns());
            self.runnable.record(call.runnable_ns);
            self.blocked.record(call.blocked_ns);
            self.last_end_ns = self.last_end_ns.max(call.end_ns);
            self.ends_ns += u128::from(call.end_ns);
            if call.flags & Call::FAILED != 0 {
                self.errors += 1;
            } else {
                self.bytes = self.bytes.saturating_add(call.amount);
                if call.kind == Call::MAPS_FILE {
                    self.file_bytes = self.file_bytes.saturating_add(call.amount);
                }
            }
            true
        }
    }

    /// Adds calls that were summed in the kernel.
    pub fn fold(&mut self, sums: &FoldedCalls) {
        let FoldedCalls { count, errors, amount, wall_max_ns, on_cpu, runnable, blocked, .. } =
            *sums;
        self.folded += count;
        self.errors += errors;
        self.bytes = self.bytes.saturating_add(amount);
        let wall = on_cpu.ns.saturating_add(runnable.ns).saturating_add(blocked.ns);
        if self.on_cpu.is_some() || on_cpu.ns != wall {
            self.on_cpu_mut().fold(count, on_cpu.ns, on_cpu.max_ns);
        }
        self.wall.fold(count, wall, wall_max_ns);
        self.runnable.fold(count, runnable.ns, runnable.max_ns);
        self.blocked.fold(count, blocked.ns, blocked.max_ns);
    }

    /// Adds a call that is open at the edge of the window.
    pub fn add_open(&mut self, elapsed_ns: u64, on_cpu_ns: u64) {
        self.in_flight += 1;
        self.in_flight_on_cpu_ns += on_cpu_ns.min(elapsed_ns);
        self.in_flight_longest_ns = self.in_flight_longest_ns.max(elapsed_ns);
    }

    /// Adds a call that is open at the edge of the window and was before anything was seen of it.
    pub fn add_open_since_before(&mut self) {
        self.in_flight += 1;
        self.in_flight_before += 1;
    }

    /// Adds what came after; what was open before is open or ended now.
    pub fn absorb(&mut self, later: &Self) {
        let Self {
            lead_on_cpu_ns,
            wall,
            on_cpu,
            runnable,
            blocked,
            errors,
            bytes,
            file_bytes,
            last_end_ns,
            ends_ns,
            unpaired,
            ended_by_exit,
            ended_by_exit_on_cpu_ns,
            in_flight,
            in_flight_longest_ns,
            in_flight_before,
            in_flight_on_cpu_ns,
            folded,
        } = later;
        self.folded += folded;
        self.lead_on_cpu_ns += lead_on_cpu_ns;
        if self.on_cpu.is_some() || on_cpu.is_some() {
            self.on_cpu_mut().absorb(later.on_cpu());
        }
        self.wall.absorb(wall);
        self.runnable.absorb(runnable);
        self.blocked.absorb(blocked);
        self.errors += errors;
        self.bytes = self.bytes.saturating_add(*bytes);
        self.file_bytes = self.file_bytes.saturating_add(*file_bytes);
        self.last_end_ns = self.last_end_ns.max(*last_end_ns);
        self.ends_ns += ends_ns;
        self.unpaired += unpaired;
        self.ended_by_exit += ended_by_exit;
        self.ended_by_exit_on_cpu_ns += ended_by_exit_on_cpu_ns;
        self.in_flight_on_cpu_ns += in_flight_on_cpu_ns;
        self.in_flight += in_flight;
        self.in_flight_before += in_flight_before;
        self.in_flight_longest_ns = self.in_flight_longest_ns.max(*in_flight_longest_ns);
    }

    /// Forgets the open calls: the edge at which they were open has passed.
    pub fn forget_open(&mut self) {
        self.in_flight = 0;
        self.in_flight_before = 0;
        self.in_flight_longest_ns = 0;
        self.in_flight_on_cpu_ns = 0;
    }

    /// When the completed ones ended on average; `None` without one, or if all were folded.
    #[must_use]
    pub fn mean_end_ns(&self) -> Option<u64> {
        let timed = self.wall.count().saturating_sub(self.folded);
        self.ends_ns.checked_div(timed.into())?.try_into().ok()
    }

    /// The parts running in the kernel.
    #[must_use]
    pub fn on_cpu(&self) -> &Hist {
        self.on_cpu.as_ref().unwrap_or(&self.wall)
    }

    /// The same from now on told apart from the whole calls, to which nothing may have been added that
    /// is to be added here.
    fn on_cpu_mut(&mut self) -> &mut Hist {
        self.on_cpu.get_or_insert_with(|| self.wall.clone())
    }

    /// Says that so many of the folded calls took about this long, all of it on a CPU.
    pub fn shape(&mut self, ns: u64, count: u32) {
        if let Some(on_cpu) = &mut self.on_cpu {
            on_cpu.shape(ns, count);
        }
        self.wall.shape(ns, count);
        self.runnable.shape(0, count);
        self.blocked.shape(0, count);
    }

    /// Says that so many of them took about this long, and not all of it on a CPU.
    pub fn shape_wall(&mut self, ns: u64, count: u32) {
        self.on_cpu_mut();
        self.wall.shape(ns, count);
    }

    /// Says that the parts on a CPU of so many of the folded calls took about this long.
    pub fn shape_on_cpu(&mut self, ns: u64, count: u32) {
        self.on_cpu_mut().shape(ns, count);
    }

    /// On-CPU time of all calls, however they ended or did not, in the account at hand.
    #[must_use]
    pub fn on_cpu_ns(&self) -> u64 {
        let completed = self.on_cpu().sum().saturating_sub(self.lead_on_cpu_ns);
        completed + self.ended_by_exit_on_cpu_ns + self.in_flight_on_cpu_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(on_cpu_ns: u64, blocked_ns: u64) -> Call {
        Call { end_ns: 1 << 40, on_cpu_ns, blocked_ns, ..Call::default() }
    }

    fn of(calls: &[Call]) -> Calls {
        let mut all = Calls::default();
        calls.iter().for_each(|call| assert!(all.add(call, 0)));
        all
    }

    #[test]
    fn times_on_a_cpu_are_those_of_the_whole_calls_until_one_waits() {
        let mut calls = of(&[call(100, 0), call(300, 0)]);
        assert_eq!((calls.on_cpu().count(), calls.on_cpu().sum()), (2, 400));
        calls.add(&call(50, 1_000), 0);
        assert_eq!((calls.on_cpu().count(), calls.on_cpu().sum()), (3, 450));
        assert_eq!((calls.on_cpu().max(), calls.wall.max()), (Some(300), Some(1_050)));
        assert_eq!(calls.on_cpu().quantile(0.1), Some(50));
        calls.add(&call(10, 0), 0);
        assert_eq!((calls.on_cpu().count(), calls.wall.count()), (4, 4));
    }

    #[test]
    fn put_together_they_are_told_apart_if_one_of_them_is() {
        let (alike, apart) = (of(&[call(100, 0)]), of(&[call(50, 1_000)]));
        for (first, second) in [(&alike, &apart), (&apart, &alike)] {
            let mut both = first.clone();
            both.absorb(second);
            assert_eq!((both.on_cpu().count(), both.on_cpu().sum()), (2, 150));
            assert_eq!((both.wall.count(), both.wall.sum()), (2, 1_150));
            assert_eq!(both.on_cpu().quantile(1.0), Some(100));
        }
        let mut both = alike.clone();
        both.absorb(&alike);
        assert_eq!(both.on_cpu().sum(), 200);
    }

    #[test]
    fn the_mean_moment_is_that_of_the_calls_whose_moments_are_known() {
        let ended = |end_ns| Call { end_ns, on_cpu_ns: 1, ..Call::default() };
        let mut calls = of(&[ended(100), ended(300)]);
        assert_eq!(calls.mean_end_ns(), Some(200));
        calls.fold(&FoldedCalls { count: 5, ..FoldedCalls::default() });
        assert_eq!(calls.mean_end_ns(), Some(200));
        calls.absorb(&of(&[ended(800)]));
        assert_eq!(calls.mean_end_ns(), Some(400));
        assert_eq!(Calls::default().mean_end_ns(), None);
    }

    #[test]
    fn bytes_of_files_are_those_of_calls_that_succeed() {
        let mapping = |kind, flags| Call { kind, flags, amount: 10, ..call(1, 0) };
        let calls = of(&[
            mapping(Call::MAPS_FILE, 0),
            mapping(Call::MAPS_FILE, Call::FAILED),
            mapping(0, 0),
        ]);
        assert_eq!((calls.bytes, calls.file_bytes, calls.errors), (20, 10, 1));
        let mut both = calls.clone();
        both.absorb(&calls);
        assert_eq!((both.bytes, both.file_bytes), (40, 20));
    }

    #[test]
    fn shapes_of_folded_calls_may_come_in_any_order() {
        let sums = |ns, blocked| {
            let part = |ns| tracer_common::fold::Part { ns, max_ns: ns };
            let (on_cpu, blocked) = (part(ns), part(blocked));
            FoldedCalls { count: 1, wall_max_ns: ns, on_cpu, blocked, ..FoldedCalls::default() }
        };
        let mut calls = Calls::default();
        calls.shape_wall(1_000, 1);
        calls.shape(100, 1);
        calls.shape_on_cpu(50, 1);
        calls.fold(&sums(100, 0));
        calls.fold(&sums(50, 950));
        assert_eq!((calls.wall.count(), calls.on_cpu().count()), (2, 2));
        assert_eq!(calls.on_cpu().quantile(0.1), Some(50));
        assert_eq!(calls.on_cpu().quantile(1.0), Some(100));
    }
}
