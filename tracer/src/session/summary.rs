//! Makes the reports of a run: what the model says, beside what is known of the run itself.

use std::{collections::BTreeSet, ffi::OsStr, time::Duration};

use anyhow::Result;
use tracer_common::cpu::Counter;

use super::{targets::Watched, throttling, to_ns};
use crate::{
    attach::{self, Programs},
    config::{Command, Config, Format, Targets},
    decode::NotARecord,
    kernel::{
        cgroup::Hierarchies,
        cpu_limit::{CpuLimit, Quota},
    },
    model::{Model, Processes, Stretch},
    report::{self, Cpus, Fold, Interval, Options, Report, SCHEMA, Shown, Throttling, Trust},
    symbols::Names,
    verdicts::{self, Blind, Diagnosis},
};

/// What went wrong in the kernel, since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    lost_calls: u64,
    lost_slices: u64,
    lost_samples: u64,
    lost_lives: u64,
    no_state: u64,
    missed_switches: u64,
    unknown_calls: u64,
    lost_lock_waits: u64,
}

impl Counts {
    pub(super) fn read(programs: &Programs) -> Result<Self> {
        Ok(Self {
            lost_calls: programs.count(Counter::LostCalls)?,
            lost_slices: programs.count(Counter::LostSlices)?,
            lost_samples: programs.count(Counter::LostSamples)?,
            lost_lives: programs.count(Counter::LostLives)?,
            no_state: programs.count(Counter::NoState)?,
            missed_switches: programs.count(Counter::MissedSwitches)?,
            unknown_calls: programs.count(Counter::UnknownCalls)?,
            lost_lock_waits: programs.count(Counter::LostLockWaits)?,
        })
    }
}

/// What a report is made of, beside the accounts.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) processes: &'a Processes,
    pub(super) names: &'a Names,
    pub(super) config: &'a Config,
    pub(super) counts: Counts,
}

/// What is known of the run, beside the accounts.
#[derive(Debug, Default)]
pub(super) struct Summary {
    window_start_ns: u64,
    cpus: Cpus,
    /// The kernel marks waits that a quota ordered.
    pub(super) throttling: bool,
    /// Samples a second on each CPU; `None` without samples.
    pub(super) sample_hz: Option<u32>,
    /// Waits for locks are counted.
    locks: bool,
    /// Whether they are under a quota cannot be seen.
    quota_unknown: bool,
    /// The quota that the targets are under.
    quota: Option<throttling::Quota>,
    notes: BTreeSet<String>,
    /// The intervals that are over.
    past: Option<Stretch>,
    lost_before: u64,
    cpu_at_start: Duration,
    cpu_at_interval: Duration,
    /// At the end of the stretch of time that is reported: what comes after is no cost of it.
    cpu_at_edge: Duration,
    undecodable: u64,
    joined_late_ns: u64,
}

impl Summary {
    /// Says once, under the report, what its reader has to know.
    pub(super) fn note(&mut self, sentence: String) {
        self.notes.insert(sentence);
    }

    /// Counts a record that could not be read.
    pub(super) fn undecodable(&mut self, error: NotARecord) {
        log::debug!("{error}");
        self.undecodable += 1;
    }

    /// Remembers that a target was adopted so long after it should have been.
    pub(super) fn joined_late(&mut self, late_ns: u64) {
        self.joined_late_ns = self.joined_late_ns.max(late_ns);
    }

    /// The stretch of time under way ends.
    pub(super) fn edge(&mut self) {
        self.cpu_at_edge = attach::cpu_time();
    }

    /// Says whether waits for the kernel's own locks are counted.
    pub(super) fn counts_locks(&mut self, counted: bool) {
        self.locks = counted;
        if !counted {
            self.note("not available on this kernel: lock contention (needs 5.19)".to_owned());
        }
    }

    /// The window opens.
    pub(super) fn begin(
        &mut self,
        start_ns: u64,
        model: &Model,
        targets: &Watched,
        pid: Option<i32>,
    ) {
        self.window_start_ns = start_ns;
        self.cpu_at_start = attach::cpu_time();
        self.cpu_at_interval = self.cpu_at_start;
        let first =
            || model.processes().iter().next().and_then(|(_, first)| i32::try_from(first.pid).ok());
        let online = aya::util::online_cpus().ok().map(|cpus| cpus.len());
        self.cpus.online = online.and_then(|cpus| cpus.try_into().ok());
        let Some(pid) = pid.or_else(|| targets.first_pid()).or_else(first) else { return };
        match Hierarchies::mounted().and_then(|groups| CpuLimit::of(pid, &groups)) {
            Ok(CpuLimit { allowed_cpus, quota, group }) => {
                self.cpus.allowed = allowed_cpus.try_into().ok();
                match quota {
                    Quota::Cpus(cpus) => {
                        self.cpus.quota = Some(cpus);
                        if !self.throttling {
                            self.note(
                                "not available on this kernel: throttled time of each thread \
                                 (needs 6.18); it is in the time waiting for a CPU"
                                    .to_owned(),
                            );
                        }
                    }
                    Quota::Unlimited => {}
                    Quota::Unknown => {
                        self.quota_unknown = true;
                        self.note(format!(
                            "whether process {pid} has a CPU quota cannot be seen from here"
                        ));
                    }
                }
                self.quota = group.and_then(|group| self.known(throttling::Quota::watch(group)));
            }
            Err(e) => self.note(format!("CPUs allowed to the targets are unknown: {e:#}")),
        }
    }

    /// What could be read of a quota; if it could not, that is noted.
    fn known<T>(&mut self, read: Result<T>) -> Option<T> {
        read.inspect_err(|e| self.note(format!("what the CPU quota did is unknown: {e:#}"))).ok()
    }

    /// The report of an interval.
    pub(super) fn interval(&mut self, index: u64, stretch: Stretch, known: &Known<'_>) -> Report {
        let cpu = self.cpu_at_edge;
        let lost_calls = known.counts.lost_calls;
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu_at_interval, cpu));
        let lost = lost_calls - std::mem::replace(&mut self.lost_before, lost_calls);
        let start_ns = stretch.start_ns.saturating_sub(self.window_start_ns);
        let throttling = self.quota.as_mut().map(throttling::Quota::interval);
        let throttling = throttling.and_then(|read| self.known(read));
        let mut report = self.report(&stretch, known, throttling);
        match &mut self.past {
            Some(past) => past.absorb(&stretch),
            None => self.past = Some(stretch),
        }
        report.interval = Some(Interval { index, start_ns });
        report.trust.lost = lost;
        report.trust.reader_cpu_ns = to_ns(used);
        report
    }

    /// The report of the whole window, of which `last` is the last stretch.
    pub(super) fn whole(&mut self, last: Stretch, known: &Known<'_>) -> Report {
        let whole = match self.past.take() {
            None => last,
            Some(mut past) => {
                past.absorb(&last);
                past
            }
        };
        let throttling = self.quota.as_ref().map(throttling::Quota::whole);
        let throttling = throttling.and_then(|read| self.known(read));
        let mut report = self.report(&whole, known, throttling);
        report.diagnosis = Some(self.diagnosis(&report, &whole, known));
        report
    }

    /// What stands out. Rules go by every process and all functions, whatever is shown of them.
    fn diagnosis(&self, report: &Report, whole: &Stretch, known: &Known<'_>) -> Diagnosis {
        let options = Options { histograms: false, top: usize::MAX, ..self.options(known.config) };
        let processes = report::processes(whole, known.processes, &options, known.names);
        let blind = Blind::of(&known.config.selection, self.quota_unknown);
        verdicts::diagnose(&Report { processes, ..report.clone() }, &blind)
    }

    fn options(&self, config: &Config) -> Options {
        Options {
            // Programs want every process, however many there are.
            fold: config.fold.or((config.format == Format::Json).then_some(Fold::Process)),
            histograms: config.histograms,
            throttling: self.throttling,
            locks: self.locks,
            window_start_ns: self.window_start_ns,
            sample_hz: self.sample_hz,
            top: config.top,
        }
    }

    fn report(
        &self,
        stretch: &Stretch,
        known: &Known<'_>,
        throttling: Option<Throttling>,
    ) -> Report {
        let &Known { processes, names, config, counts } = known;
        let options = self.options(config);
        let Shown { groups, total, concurrency, too_many } =
            report::groups(stretch, processes, &options, names);
        let sum = |of: fn(&report::Row) -> u64| total.syscalls.iter().map(of).sum();
        let trust = Trust {
            lost: counts.lost_calls,
            folded: 0,
            unpaired: sum(|row| row.unpaired),
            in_flight: sum(|row| row.in_flight),
            ended_by_exit: sum(|row| row.ended_by_exit),
            reader_cpu_ns: to_ns(self.cpu_at_edge.saturating_sub(self.cpu_at_start)),
            program_ns: None,
            notes: self.notes(known, too_many.then_some(total.processes)),
        };
        Report {
            schema: SCHEMA,
            window_ns: stretch.end_ns.saturating_sub(stretch.start_ns),
            interval: None,
            command: match &config.targets {
                Targets::Command(Command { argv, .. }) => {
                    Some(argv.iter().map(|arg| OsStr::to_string_lossy(arg).into_owned()).collect())
                }
                _ => None,
            },
            diagnosis: None,
            cpus: self.cpus,
            processes: groups,
            total,
            concurrency,
            throttling,
            pauses: report::pauses(stretch, processes, self.window_start_ns),
            trust,
        }
    }

    fn notes(&self, known: &Known<'_>, too_many: Option<u64>) -> Vec<String> {
        let counts = known.counts;
        let mut notes: Vec<String> = self.notes.iter().cloned().collect();
        if !self.throttling {
            notes.push(
                "not available on this kernel: time under a CPU quota, apart from other waits for \
                 a CPU (needs Linux 6.18)"
                    .to_owned(),
            );
        }
        notes.extend(too_many.map(|processes| {
            format!("{processes} processes are shown by name; `--fold process` shows each")
        }));
        if known.names.kernel_hides_names() {
            notes.push(
                "the kernel hides the names of its functions (sysctl kernel.kptr_restrict): page \
                 faults and interrupts cannot be told apart"
                    .to_owned(),
            );
        }
        let mut count = |n: u64, what: &str| {
            if n > 0 {
                notes.push(format!("{n} {what}"));
            }
        };
        count(
            counts.lost_slices,
            "stays on a CPU were lost: their time is unaccounted, and they are in no distribution",
        );
        count(
            counts.lost_samples,
            "CPU samples were lost: shares of the others may be off; try a lower --sample-hz",
        );
        count(
            counts.lost_lives,
            "births or deaths of processes were lost: some are unknown, or shown as alive",
        );
        count(
            counts.no_state,
            "threads could not be traced: the kernel had no memory for their state",
        );
        count(
            counts.missed_switches,
            "switches of threads were not told of by the kernel, as happens in some virtual machines: \
             the stays on a CPU around them are placed by its count of their run time",
        );
        count(counts.lost_lock_waits, "threads ended whose last waits for locks were lost");
        count(counts.unknown_calls, "calls had a number outside every table and are in no row");
        count(self.undecodable, "records of the kernel could not be read");
        if self.joined_late_ns > 0 {
            notes.push(format!(
                "some processes became targets up to {:.1} ms after their start or change of \
                 name; their calls before that were not seen",
                self.joined_late_ns as f64 / 1e6
            ));
        }
        notes
    }
}
