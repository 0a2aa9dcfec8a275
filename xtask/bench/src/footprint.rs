//! What the tracer takes beside time of its targets: CPU for its reader, memory, and time to start.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path, thread, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    child::Running,
    contender::Ready,
    measure::Bench,
    places::on_cpu,
    results::{Memory, Reader},
    statistics::Spread,
    watcher::Watcher,
};

/// Processes beside which its memory is looked at.
const PROCESSES: u64 = 64;
/// Each of them makes every kind of call that the tracer shows by default, for a few seconds.
const EVERY_KIND: [&str; 9] = [
    "brk-grow=5",
    "brk-shrink=5",
    "mmap=5",
    "madvise=5",
    "mprotect=5",
    "mremap=5",
    "futex-wake=5",
    "sched-yield=5",
    "nanosleep=1:10ms",
];
/// Calls and pauses of a process that makes about 100,000 calls a second.
const PACED: [&str; 2] = ["brk-query=50", "spin=450us"];
const WINDOW_OPEN: Ready = Ready::Error("the window is open");

impl Bench {
    /// The reader's share of a CPU while one process makes about 100,000 calls a second.
    ///
    /// # Errors
    /// If the tracer or the workload fails.
    pub(crate) fn reader(&self) -> Result<Reader> {
        let repeat = if self.quick { "1000" } else { "4000" };
        let mut shares = Vec::new();
        for _ in 0..self.rounds {
            let mut load = self.workload(
                Some(self.cpus.of_load()),
                &[&["syscalls", "--start-after-stdin", "--repeat", repeat], &PACED[..]].concat(),
            )?;
            let (pid, _) = ready(&mut load)?;
            let tracer = self.tracer(Some(self.cpus.of_tool()), &["-p", &pid])?;
            let before = tracer.cpu_ns()?;
            load.tell("go")?;
            let truth: Value = serde_json::from_str(&load.line()?)?;
            let used = tracer.cpu_ns()?.saturating_sub(before) as f64;
            tracer.stop()?;
            load.finish();
            let calls = truth["calls"]["brk query"].as_f64().context("no calls were counted")?;
            let wall = truth["wall_ns"].as_f64().context("no time was told")?;
            shares.push((used / wall * 100.0, calls / wall * 1e9));
        }
        let percent = Spread::of(shares.iter().map(|it| it.0)).context("nothing was measured")?;
        let rate = Spread::of(shares.iter().map(|it| it.1)).context("nothing was measured")?;
        Ok(Reader { calls_per_second: rate.median, percent_of_one_cpu: percent.median })
    }

    /// Memory of the tracer and of its maps, beside 64 processes and with default settings, after
    /// it has made reports.
    ///
    /// # Errors
    /// If the tracer or the workload fails.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let procs = PROCESSES.to_string();
        let how = ["syscalls", "--start-after-stdin", "--hold", "--procs", &procs];
        let words = [&how, &["--repeat", "100"][..], &EVERY_KIND].concat();
        let mut load = self.workload(None, &words)?;
        let (pid, _) = ready(&mut load)?;
        let tracer = self.tracer(None, &["-i", "1s", "--fold", "process", "-p", &pid])?;
        load.tell("go")?;
        for _ in 0..PROCESSES {
            load.line()?;
        }
        // One more interval, and its report.
        thread::sleep(Duration::from_millis(1500));
        let process = tracer.process()?;
        let status = process.status().context("cannot read the tracer's memory")?;
        let kib = |value: Option<u64>| value.map(|kib| kib << 10).context("no figure of memory");
        let memory = Memory {
            processes: PROCESSES,
            resident_bytes: kib(status.vmrss)?,
            peak_bytes: kib(status.vmhwm)?,
            maps_bytes: maps_of(process.pid())?,
        };
        tracer.stop()?;
        load.finish();
        Ok(memory)
    }

    /// From the start of the tracer to its open window, in ms, beside a busy process on each CPU,
    /// which it traces.
    ///
    /// # Errors
    /// If the tracer or a process fails.
    pub(crate) fn start_up(&self) -> Result<Vec<f64>> {
        let mut busy = Vec::new();
        let mut pids = Vec::new();
        for &cpu in self.cpus.all() {
            let words = ["syscalls", "--start-after-stdin", "spin=600s"];
            let mut process = self.workload(Some(cpu), &words)?;
            pids.push(ready(&mut process)?.0);
            process.tell("go")?;
            busy.push(process);
        }
        let pids = pids.join(",");
        let mut times = Vec::new();
        for _ in 0..self.rounds.max(5) {
            let start = std::time::Instant::now();
            let tracer = self.tracer(None, &["-p", &pids])?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            tracer.stop()?;
        }
        Ok(times)
    }

    fn workload(&self, cpu: Option<usize>, words: &[&str]) -> Result<Running> {
        let words = std::iter::once(self.programs.workloads.clone())
            .chain(words.iter().map(OsString::from));
        match cpu {
            Some(cpu) => Running::start(&on_cpu(cpu, words)),
            None => Running::start(&words.collect::<Vec<_>>()),
        }
    }

    fn tracer(&self, cpu: Option<usize>, words: &[&str]) -> Result<Watcher> {
        let fixed = ["-v", "--format", "json", "--report", "/dev/null"];
        let words = fixed.iter().chain(words).map(OsString::from);
        let words = std::iter::once(self.programs.tracer.clone()).chain(words).collect();
        Watcher::start(cpu, words, WINDOW_OPEN)
    }
}

/// The pid and the children of a workload that is ready.
fn ready(load: &mut Running) -> Result<(String, usize)> {
    let ready: Value = serde_json::from_str(&load.line()?).context("the workload is not ready")?;
    let pid = ready["pid"].as_u64().context("the workload does not tell its pid")?;
    Ok((pid.to_string(), ready["children"].as_array().map_or(0, Vec::len)))
}

/// Memory in the kernel of all the maps that a process holds.
fn maps_of(pid: i32) -> Result<u64> {
    let dir = format!("/proc/{pid}/fdinfo");
    let entries =
        fs::read_dir(Path::new(&dir)).with_context(|| format!("cannot read {dir}"))?.flatten();
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    Ok(sum_of_maps(texts))
}

/// The sum over descriptors, each map once.
fn sum_of_maps(fdinfo: impl Iterator<Item = String>) -> u64 {
    let by_id: BTreeMap<u64, u64> = fdinfo.filter_map(|text| map_memory(&text)).collect();
    by_id.values().sum()
}

/// The id of a map and its bytes, from `/proc/PID/fdinfo`; `None` for what is no map.
fn map_memory(fdinfo: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let line = fdinfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().parse().ok()
    };
    Some((field("map_id")?, field("memlock")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_map_counts_once_however_many_descriptors_it_has() {
        let ring = "pos:\t0\nmap_type:\t27\nmax_entries:\t2097152\nmemlock:\t2106064\nmap_id:\t8\n";
        let other = "map_type:\t2\nmemlock:\t488\nmap_id:\t9\n";
        let texts = [ring, "pos:\t0\nflags:\t02\n", other, ring].map(str::to_owned);
        assert_eq!(sum_of_maps(texts.into_iter()), 2_106_064 + 488);
    }
}
