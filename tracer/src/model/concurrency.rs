//! How many threads, and processes, were on a CPU at the same time.

use std::collections::BTreeMap;

use super::stays::Span;

/// Time by the number of those that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concurrency {
    /// At index n: time in which n threads were on a CPU.
    pub threads_ns: Vec<u64>,
    /// At index n: time in which threads of n processes were.
    pub processes_ns: Vec<u64>,
}

impl Concurrency {
    /// Merges stays, each with its process, over a stretch of time.
    #[must_use]
    pub fn of(stays: &[(Span, u64)], from_ns: u64, to_ns: u64) -> Self {
        // An end sorts before a beginning at the same time: the CPU was never shared.
        let mut edges: Vec<(u64, bool, u64)> = stays
            .iter()
            .flat_map(|&((from, to), process)| [(from, true, process), (to, false, process)])
            .collect();
        edges.sort_unstable();
        let mut running = BTreeMap::<u64, usize>::new();
        let mut concurrency = Self::default();
        let (mut threads, mut now) = (0usize, from_ns);
        for (at, begins, process) in edges {
            let passed = at.clamp(now, to_ns) - now;
            concurrency.pass(threads, running.len(), passed);
            now += passed;
            let count = running.entry(process).or_default();
            if begins {
                threads += 1;
                *count += 1;
            } else {
                threads = threads.saturating_sub(1);
                *count = count.saturating_sub(1);
            }
            if *count == 0 {
                running.remove(&process);
            }
        }
        concurrency.pass(threads, running.len(), to_ns.saturating_sub(now));
        concurrency
    }

    fn pass(&mut self, threads: usize, processes: usize, ns: u64) {
        if ns > 0 {
            add(&mut self.threads_ns, threads, ns);
            add(&mut self.processes_ns, processes, ns);
        }
    }

    /// Adds the time that followed.
    pub fn absorb(&mut self, later: &Self) {
        for (n, ns) in later.threads_ns.iter().enumerate() {
            add(&mut self.threads_ns, n, *ns);
        }
        for (n, ns) in later.processes_ns.iter().enumerate() {
            add(&mut self.processes_ns, n, *ns);
        }
    }
}

fn add(by_number: &mut Vec<u64>, n: usize, ns: u64) {
    if by_number.len() <= n {
        by_number.resize(n + 1, 0);
    }
    by_number[n] += ns;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_running_is_zero_at_once_for_the_whole_stretch() {
        let none = Concurrency::of(&[], 100, 200);
        assert_eq!((none.threads_ns, none.processes_ns), (vec![100], vec![100]));
    }

    #[test]
    fn two_threads_of_one_process_are_two_threads_and_one_process() {
        let both = Concurrency::of(&[((100, 180), 1), ((120, 200), 1)], 100, 200);
        assert_eq!(both.threads_ns, [0, 20 + 20, 60]);
        assert_eq!(both.processes_ns, [0, 100]);
    }

    #[test]
    fn one_after_the_other_on_one_cpu_is_never_two_at_once() {
        let turns = Concurrency::of(&[((150, 200), 2), ((100, 150), 1)], 100, 200);
        assert_eq!(turns.threads_ns, [0, 100]);
        assert_eq!(turns.processes_ns, [0, 100]);
    }

    #[test]
    fn the_times_sum_to_the_stretch() {
        let stays: Vec<_> = (0..50u64).map(|n| ((n * 7, n * 7 + n * 3), n % 5)).collect();
        let all = Concurrency::of(&stays, 0, 400);
        assert_eq!(all.threads_ns.iter().sum::<u64>(), 400);
        assert_eq!(all.processes_ns.iter().sum::<u64>(), 400);
    }

    #[test]
    fn stretches_in_a_row_are_as_one() {
        let mut halves = Concurrency::of(&[((0, 50), 1)], 0, 50);
        halves.absorb(&Concurrency::of(&[((50, 80), 1), ((60, 100), 2)], 50, 100));
        assert_eq!(halves, Concurrency::of(&[((0, 80), 1), ((60, 100), 2)], 0, 100));
    }
}
