//! Makes the reports of a run: what the model says, beside what is known of the run itself.

use std::{collections::BTreeSet, ffi::OsStr};

use anyhow::Result;

use super::{
    counts::Counts,
    limits::{Limits, Ruling},
    shedding::Shedding,
    spent::{Spent, Usage},
    targets::Watched,
    to_ns,
};
use crate::{
    attach::{Cost, Programs},
    config::{Command, Config, Targets},
    decode::NotARecord,
    model::{Model, Processes, Stretch},
    recording::{self, Shape},
    report::{self, Cpus, Interval, Options, Report, SCHEMA, Shown, Trust},
    symbols::{Names, Symbols},
    verdicts::{self, Blind, Diagnosis},
};

/// So many changes of detail have a note of their own.
const TOLD: usize = 8;

/// What a report is made of, beside the accounts.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    processes: &'a Processes,
    names: &'a Names,
    config: &'a Config,
    counts: Counts,
    /// What was done to keep a budget, if there is one.
    shedding: Option<&'a Shedding>,
}

impl<'a> Known<'a> {
    /// Reads what the kernel counted besides.
    pub(super) fn read(
        model: &'a Model,
        symbols: &'a Symbols,
        config: &'a Config,
        programs: &Programs,
        shedding: Option<&'a Shedding>,
    ) -> Result<Self> {
        let counts = Counts::read(programs)?;
        let (processes, names) = (model.processes(), symbols.names());
        Ok(Self { processes, names, config, counts, shedding })
    }
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
    /// The quotas that targets are under; `None` without a target that could be asked.
    limits: Option<Limits>,
    notes: BTreeSet<String>,
    /// The intervals that are over.
    past: Option<Stretch>,
    lost_before: u64,
    spent: Spent,
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
    pub(super) fn edge(&mut self, cost: Cost) {
        self.spent.edge(cost);
    }

    /// A moment, counted from the opening of the window.
    pub(super) fn since_start(&self, ns: u64) -> u64 {
        ns.saturating_sub(self.window_start_ns)
    }

    /// Says whether waits for the kernel's own locks are counted.
    pub(super) fn counts_locks(&mut self, counted: bool) {
        self.locks = counted;
        if !counted {
            self.note("not available on this kernel: lock contention (needs 5.19)".to_owned());
        }
    }

    /// The window opens. Returns the first target, if there is one.
    pub(super) fn begin(
        &mut self,
        start_ns: u64,
        cost: Cost,
        model: &Model,
        targets: &Watched,
        pid: Option<i32>,
    ) -> Option<i32> {
        self.window_start_ns = start_ns;
        self.spent.begin(cost);
        let first =
            || model.processes().iter().next().and_then(|(_, first)| i32::try_from(first.pid).ok());
        let online = aya::util::online_cpus().ok().map(|cpus| cpus.len());
        self.cpus.online = online.and_then(|cpus| cpus.try_into().ok());
        let pid = pid.or_else(|| targets.first_pid()).or_else(first)?;
        match Limits::begin(pid, start_ns) {
            Ok(limits) => self.limits = Some(limits),
            Err(e) => self.note(format!("CPUs allowed to the targets are unknown: {e:#}")),
        }
        Some(pid)
    }

    /// Looks under which quota the targets are now.
    pub(super) fn look_at_limits(&mut self, processes: &Processes, now_ns: u64) {
        self.limits.iter_mut().for_each(|limits| limits.look(processes, now_ns));
    }

    /// The report of an interval, and with `record` all that may be asked of it later.
    pub(super) fn interval(
        &mut self,
        index: u64,
        stretch: &Stretch,
        known: &Known<'_>,
        record: bool,
    ) -> (Report, Option<recording::Interval>) {
        let spent = self.spent.interval();
        let lost_calls = known.counts.lost_calls;
        let lost = lost_calls - std::mem::replace(&mut self.lost_before, lost_calls);
        let start_ns = stretch.start_ns.saturating_sub(self.window_start_ns);
        let ruling = self.limits.as_mut().map(|it| it.interval(stretch)).unwrap_or_default();
        let make = |shape| {
            let mut report = self.report(stretch, known, &ruling, spent, shape);
            report.interval = Some(Interval { index, start_ns });
            report.trust.lost = lost;
            report
        };
        let report = make(live(known.config));
        let kept = record.then(|| recording::Interval::take(false, known.config.top, make));
        (report, kept)
    }

    /// Adds a stretch of time to what is over.
    pub(super) fn pass(&mut self, stretch: Stretch) {
        match &mut self.past {
            Some(past) => past.absorb(&stretch),
            None => self.past = Some(stretch),
        }
    }

    /// All that may be asked later of the window up to the last stretch that is over; `None` before
    /// the first.
    pub(super) fn so_far(&mut self, known: &Known<'_>) -> Option<recording::Interval> {
        let past = self.past.as_ref()?;
        let ruling = self.ruling(past);
        let spent = self.spent.whole();
        let make = |shape| self.report(past, known, &ruling, spent, shape);
        Some(recording::Interval::take(true, known.config.top, make))
    }

    /// The quota that counts in the window so far.
    fn ruling(&self, whole: &Stretch) -> Ruling {
        self.limits.as_ref().map(|limits| limits.whole(whole)).unwrap_or_default()
    }

    /// The report of the whole window, of which `last` is the last stretch, and with `record` all
    /// that may be asked of it later.
    pub(super) fn whole(
        &mut self,
        last: Stretch,
        known: &Known<'_>,
        record: bool,
    ) -> (Report, Option<recording::Interval>) {
        let whole = match self.past.take() {
            None => last,
            Some(mut past) => {
                past.absorb(&last);
                past
            }
        };
        let ruling = self.ruling(&whole);
        let spent = self.spent.whole();
        let make = |shape| self.report(&whole, known, &ruling, spent, shape);
        let diagnosis = self.diagnosis(&whole, known, &ruling);
        let make = |shape| Report { diagnosis: Some(diagnosis.clone()), ..make(shape) };
        let kept = record.then(|| recording::Interval::take(true, known.config.top, make));
        (make(live(known.config)), kept)
    }

    /// What stands out. Rules go by every process and all functions, whatever is shown of them.
    fn diagnosis(&self, whole: &Stretch, known: &Known<'_>, ruling: &Ruling) -> Diagnosis {
        let shape = Shape { fold: None, histograms: false, hdr: false, top: usize::MAX };
        let report = self.report(whole, known, ruling, self.spent.whole(), shape);
        let processes =
            report::processes(whole, known.processes, &self.options(shape), known.names);
        let unseen = self.limits.as_ref().is_some_and(|limits| limits.is_out_of_sight(whole));
        let blind = Blind::of(&known.config.selection, unseen);
        verdicts::diagnose(&Report { processes, ..report }, &blind)
    }

    fn options(&self, shape: Shape) -> Options {
        Options {
            fold: shape.fold,
            histograms: shape.histograms,
            hdr: shape.hdr,
            throttling: self.throttling,
            locks: self.locks,
            window_start_ns: self.window_start_ns,
            sample_hz: self.sample_hz,
            top: shape.top,
        }
    }

    fn report(
        &self,
        stretch: &Stretch,
        known: &Known<'_>,
        ruling: &Ruling,
        spent: Usage,
        shape: Shape,
    ) -> Report {
        let &Known { processes, names, config, counts, shedding } = known;
        let options = self.options(shape);
        let Shown { groups, total, concurrency, too_many, folded_stays } =
            report::groups(stretch, processes, &options, names);
        let sum = |of: fn(&report::Row) -> u64| total.syscalls.iter().map(of).sum();
        let cost_counted = config.own_cost || config.budget.is_some();
        let trust = Trust {
            lost: counts.lost_calls,
            folded: sum(|row| row.folded),
            folded_stays,
            unpaired: sum(|row| row.unpaired),
            in_flight: sum(|row| row.in_flight),
            ended_by_exit: sum(|row| row.ended_by_exit),
            reader_cpu_ns: to_ns(spent.reader),
            program_ns: cost_counted.then_some(spent.programs.ns),
            program_runs: cost_counted.then_some(spent.programs.runs),
            recursion_misses: spent.programs.missed,
            shed: shedding.map_or_else(Vec::new, |it| it.changes().to_vec()),
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
            cpus: Cpus { allowed: ruling.allowed, quota: ruling.cpus, ..self.cpus },
            processes: groups,
            total,
            concurrency,
            throttling: ruling.throttling.clone(),
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
        notes.extend(self.limits.iter().flat_map(Limits::notes));
        if let (Some(shedding), Some(budget)) = (known.shedding, known.config.budget) {
            let changes = shedding.changes();
            notes.extend(changes.iter().take(TOLD).map(|change| change.sentence(budget)));
            if let Some(more @ 1..) = changes.len().checked_sub(TOLD) {
                notes.push(format!("and {more} more changes of detail to keep within the budget"));
            }
            notes.extend(shedding.excess().map(|percent| {
                format!("tracing still costs {percent:.1} % of the targets' CPU time")
            }));
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
            counts.homeless_calls,
            "calls are known of all processes together only: their threads had no room left for \
             the sums",
        );
        count(
            counts.homeless_slices,
            "stays on a CPU are known of all processes together only: at the processes their time \
             is unaccounted",
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

/// The shape of the live report.
fn live(config: &Config) -> Shape {
    Shape {
        fold: config.format.fold(config.fold),
        histograms: config.histograms,
        hdr: false,
        top: config.top,
    }
}
