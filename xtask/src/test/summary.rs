//! What was done, how it ended and how long it took.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;

/// The steps so far, in order.
#[derive(Debug, Default)]
pub(super) struct Summary(Vec<Line>);

#[derive(Debug)]
struct Line {
    step: &'static str,
    passed: bool,
    took: Duration,
}

impl Summary {
    /// Takes a step and remembers how it went.
    pub(super) fn time<T>(
        &mut self,
        step: &'static str,
        take: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        eprintln!("xtask: ==> {step}");
        let start = Instant::now();
        let result = take();
        self.0.push(Line { step, passed: result.is_ok(), took: start.elapsed() });
        result
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { step, passed, took } in &self.0 {
            let verdict = if *passed { "ok" } else { "FAILED" };
            writeln!(f, "xtask: {step:<8} {verdict:<6} {:>7.1} s", took.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn each_step_has_a_line_with_its_outcome_and_its_time() {
        let summary = Summary(vec![
            Line { step: "setup", passed: true, took: Duration::from_millis(67_210) },
            Line { step: "kernel", passed: false, took: Duration::from_millis(1_500) },
        ]);
        assert_eq!(
            summary.to_string(),
            "xtask: setup    ok        67.2 s\nxtask: kernel   FAILED     1.5 s\n"
        );
    }

    #[test]
    fn a_failing_step_is_remembered_and_its_error_returned() {
        let mut summary = Summary::default();
        assert_eq!(summary.time("fmt", || Ok(7)).unwrap(), 7);
        let error = summary.time("unit", || -> Result<()> { bail!("no") }).unwrap_err();
        assert_eq!(error.to_string(), "no");
        let passed: Vec<_> = summary.0.iter().map(|line| line.passed).collect();
        assert_eq!(passed, [true, false]);
    }
}
