//! When a workload ends of its own accord, and whether it has been told to.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::arguments::seconds;

/// When a worker ends of its own accord; without either it goes on until SIGTERM or SIGINT.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Until {
    /// End each worker after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<Duration>,
    /// End each worker after this many turns of its work
    #[arg(long, value_name = "N")]
    iterations: Option<u64>,
}

impl Until {
    /// The same as arguments of a worker.
    pub(crate) fn to_arguments(self) -> Vec<OsString> {
        let seconds = self.seconds.map(|limit| ("--seconds", limit.as_secs_f64().to_string()));
        let iterations = self.iterations.map(|limit| ("--iterations", limit.to_string()));
        let pairs = [seconds, iterations].into_iter().flatten();
        pairs.flat_map(|(name, value)| [name.into(), value.into()]).collect()
    }

    /// From now on the seconds count. The end also comes when `told_to_end` is set.
    pub(crate) fn begin(self, told_to_end: Arc<AtomicBool>) -> Limit {
        Limit { until: self, begun: Instant::now(), told_to_end }
    }
}

/// An end that comes nearer.
#[derive(Debug)]
pub(crate) struct Limit {
    until: Until,
    begun: Instant,
    told_to_end: Arc<AtomicBool>,
}

impl Limit {
    /// Whether to end, after this many iterations. No call where the vDSO serves the clock.
    pub(crate) fn reached(&self, iterations: u64) -> bool {
        self.told_to_end.load(Ordering::Relaxed)
            || self.until.iterations.is_some_and(|limit| iterations >= limit)
            || self.until.seconds.is_some_and(|limit| self.begun.elapsed() >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_comes_after_the_iterations_or_when_told() {
        let told = Arc::new(AtomicBool::new(false));
        let three = Until { seconds: None, iterations: Some(3) }.begin(Arc::clone(&told));
        assert!(!three.reached(2));
        assert!(three.reached(3));
        told.store(true, Ordering::Relaxed);
        assert!(three.reached(0));
    }

    #[test]
    fn a_worker_is_given_the_same_end() {
        let until = Until { seconds: Some(Duration::from_millis(1500)), iterations: None };
        assert_eq!(until.to_arguments(), ["--seconds", "1.5"]);
        assert!(Until { seconds: None, iterations: None }.to_arguments().is_empty());
    }
}
