//! The steps one thread does, checked before anything is done.

use anyhow::{Result, ensure};

use super::step::{Act, Step};

/// Steps in their order, the whole list repeated.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    steps: Vec<Step>,
    repeat: u64,
}

impl Plan {
    /// A plan for `threads` threads, each doing all of it.
    ///
    /// # Errors
    /// If several threads were to move the one break of their process, or the break were to go
    /// below where it was at the start.
    pub(super) fn new(steps: Vec<Step>, repeat: u64, threads: usize) -> Result<Self> {
        let mut grown: u64 = 0;
        for step in &steps {
            match step.act {
                Act::BrkGrow => grown = grown.saturating_add(step.times),
                Act::BrkShrink => {
                    ensure!(
                        step.times <= grown,
                        "brk-shrink={} would cut into the heap in use: only {grown} brk-grow \
                         come before it",
                        step.times
                    );
                    grown -= step.times;
                }
                _ => {}
            }
        }
        let moves_break = |step: &Step| matches!(step.act, Act::BrkGrow | Act::BrkShrink);
        ensure!(
            threads == 1 || !steps.iter().any(moves_break),
            "{threads} threads share one program break and would move it under each other: use \
             --procs for brk-grow and brk-shrink"
        );
        Ok(Self { steps, repeat })
    }

    /// All steps, one by one.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        (0..self.repeat).flat_map(|_| &self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: &str, repeat: u64, threads: usize) -> Result<Plan> {
        let steps = steps.split(' ').map(|step| step.parse().unwrap()).collect();
        Plan::new(steps, repeat, threads)
    }

    #[test]
    fn the_whole_list_is_repeated() {
        let plan = plan("brk-grow=2 brk-shrink=1", 3, 1).unwrap();
        let acts: Vec<_> = plan.steps().map(|step| step.act).collect();
        assert_eq!(acts, [Act::BrkGrow, Act::BrkShrink].repeat(3));
    }

    #[test]
    fn the_break_never_goes_below_its_start() {
        assert!(plan("brk-grow=2 brk-shrink=2 brk-grow=1 brk-shrink=1", 1, 1).is_ok());
        let error = plan("brk-grow=2 brk-shrink=1 brk-shrink=2", 1, 1).unwrap_err();
        assert!(error.to_string().contains("only 1 brk-grow come before it"), "{error}");
    }

    #[test]
    fn threads_do_not_move_the_break_they_share_but_may_query_it() {
        assert!(plan("brk-query=5 brk-fail=5 mmap=1", 1, 8).is_ok());
        let error = plan("brk-grow=1", 1, 8).unwrap_err();
        assert!(error.to_string().contains("use --procs"), "{error}");
    }
}
