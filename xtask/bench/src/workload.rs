//! A workload that is held until a tool watches it, and then tells what it did.

use std::ffi::OsString;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    child::Running,
    load::Load,
    places::{Cpus, Programs, on_cpu},
};

/// Its processes, ready to begin.
#[derive(Debug)]
pub(crate) struct Held {
    processes: Vec<Running>,
    pids: Vec<u32>,
}

/// What a workload did and how long that took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Done {
    /// Time for each unit, in ns, without its waits for a CPU where these can be told.
    pub(crate) ns_per_unit: f64,
    /// Calls of its kind that it made; `None` if it does not count them.
    pub(crate) calls: Option<u64>,
}

impl Held {
    /// Starts the load: one process, or one on each CPU; with `around` in front of the command.
    ///
    /// # Errors
    /// If one cannot be started.
    pub(crate) fn start(
        load: Load,
        units: u64,
        programs: &Programs,
        cpus: &Cpus,
        around: &[OsString],
    ) -> Result<Self> {
        let places = if load.is_everywhere() { cpus.all() } else { &[cpus.of_load()] };
        let mut held = Self { processes: Vec::new(), pids: Vec::new() };
        for &cpu in places {
            let mut words = on_cpu(cpu, load.command(&programs.workloads, units));
            if !around.is_empty() {
                words = on_cpu(cpus.of_tool(), around.iter().cloned().chain(words));
            }
            let mut process = Running::start(&words)?;
            let ready: Value =
                serde_json::from_str(&process.line()?).context("the workload is not ready")?;
            let pid = ready["pid"].as_u64().context("the workload does not tell its pid")?;
            held.pids.push(u32::try_from(pid).context("a pid beyond what the kernel gives")?);
            held.processes.push(process);
        }
        Ok(held)
    }

    /// Its processes.
    pub(crate) fn pids(&self) -> &[u32] {
        &self.pids
    }

    /// Lets them go, and waits until all are done: they have ended but for their exits.
    ///
    /// # Errors
    /// If one does not do its work.
    pub(crate) fn go(&mut self, load: Load, units: u64) -> Result<Done> {
        for process in &mut self.processes {
            process.tell("go")?;
        }
        let mut all = Vec::new();
        for process in &mut self.processes {
            let line = process.line()?;
            let truth = serde_json::from_str(&line)
                .with_context(|| format!("the workload told `{}`", line.trim()))?;
            all.push(done(&truth, load, units)?);
        }
        let calls: Option<Vec<u64>> = all.iter().map(|done| done.calls).collect();
        let sum: f64 = all.iter().map(|done| done.ns_per_unit).sum();
        Ok(Done { ns_per_unit: sum / all.len() as f64, calls: calls.map(|it| it.iter().sum()) })
    }

    /// Waits for its end; what stands around it has printed by then.
    pub(crate) fn end(self) -> String {
        self.processes.into_iter().map(Running::finish).collect()
    }
}

/// What the truth of one process says.
fn done(truth: &Value, load: Load, units: u64) -> Result<Done> {
    let wall = truth["wall_ns"].as_f64().context("the workload does not tell its time")?;
    // Others on a shared machine make it wait: that is no cost of a tool. Threads that take turns
    // wait for each other.
    let waited = truth["schedstat"]["wait_ns"].as_f64().filter(|_| load.has_one_thread());
    let (_, row) = load.call();
    let calls = truth["calls"].as_object().map(|calls| calls[row].as_u64().unwrap_or(0));
    Ok(Done { ns_per_unit: (wall - waited.unwrap_or(0.0)).max(0.0) / units as f64, calls })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_took_is_taken_off() {
        let truth = json!({"wall_ns": 1500, "calls": {"brk query": 10},
                           "schedstat": {"on_cpu_ns": 1000, "wait_ns": 500, "slices": 1}});
        let done = done(&truth, Load::Brk, 10).unwrap();
        assert_eq!(done, Done { ns_per_unit: 100.0, calls: Some(10) });
    }

    #[test]
    fn threads_that_take_turns_are_timed_by_the_wall() {
        let truth = json!({"wall_ns": 1500, "calls": {"futex": 20},
                           "schedstat": {"on_cpu_ns": 1000, "wait_ns": 500, "slices": 1}});
        assert_eq!(done(&truth, Load::PingPong, 10).unwrap().ns_per_unit, 150.0);
    }

    #[test]
    fn a_kernel_without_statistics_leaves_the_wall_time() {
        let truth = json!({"wall_ns": 1500, "schedstat": null});
        let done = done(&truth, Load::BrkLoop, 10).unwrap();
        assert_eq!(done, Done { ns_per_unit: 150.0, calls: None });
    }
}
