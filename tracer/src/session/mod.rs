//! One tracing run, from the first privilege to the last report.

mod clock;
mod counts;
mod ending;
mod folding;
mod limits;
mod looks;
mod output;
mod record;
mod shedding;
mod signals;
mod spent;
mod summary;
mod targets;
mod throttling;
mod timers;

use std::{future::pending, io, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use tracer_common::record::Sample;

pub(crate) use self::signals::Signals;
use self::{
    folding::Folding,
    output::Output,
    shedding::Shedding,
    summary::{Known, Summary},
    targets::Watched,
    timers::{Slowing, at, every, tick},
};
use crate::{
    attach::{self, Programs, Record, Sampling, Settings},
    config::{Config, Targets},
    decode, doctor,
    fail_if::{Run, Subject},
    launch::{self, Held, Running},
    model::{Keep, Model, Stretch, UnderWay},
    recording::{CHECKPOINT_EVERY, Recorder},
    report::Report,
    symbols::Symbols,
};

/// How often the rings are emptied. They wake us earlier when one is filling up.
const DRAIN_EVERY: Duration = Duration::from_millis(20);
/// How often named control groups are searched for processes that have joined.
const SEARCH_EVERY: Duration = Duration::from_millis(100);
/// How often it is worked out how many threads ran at once; until then every stay is remembered.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// How often the cost of tracing is compared with its budget.
const WEIGH_EVERY: Duration = Duration::from_millis(250);
/// When it is first looked under which CPU quota the targets are; then after twice as long, and so on.
const LIMITS_AFTER: Duration = Duration::from_millis(50);
/// It is looked at this often at least.
const LIMITS_EVERY: Duration = Duration::from_secs(1);

/// Runs, reports, and returns the exit status.
///
/// # Errors
/// With what failed, why, and what to do about it.
pub fn run(config: Config) -> Result<u8> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?
        .block_on(trace(config))
}

async fn trace(mut config: Config) -> Result<u8> {
    let output = Output::open(&config)?;
    let record_to = config.record_to.as_deref();
    let mut recorder = record_to.map(|file| Recorder::create(file, &config)).transpose()?;
    let mut summary = Summary::default();
    let progress =
        recorder.as_mut().and_then(|recorder| record::progress(&mut config.targets, recorder));
    let nice = attach::raise_priority()
        .inspect_err(|e| {
            summary.note(format!(
                "the tracer runs at ordinary priority ({e}: it lacks CAP_SYS_NICE): beside busy \
                 workers it may fall behind and lose calls"
            ));
        })
        .ok();
    let targets = targets::resolve(&config.targets)?;
    let programs = Programs::attach(&Settings {
        selection: config.selection,
        follow: config.follow,
        all: matches!(config.targets, Targets::All),
        foreign_execs: targets.watches_names(),
        ring_bytes: config.ring_bytes,
        sample_hz: config.sample_hz,
        by_thread: config.threads,
        pauses_over: config.pauses_over,
        counts_cost: config.own_cost || config.budget.is_some(),
        sheds: config.budget.is_some(),
    })
    .map_err(doctor::explain)?;
    summary.throttling = programs.marks_throttling();
    match programs.sampling() {
        Sampling::Off => {}
        Sampling::Hz(hz) => summary.sample_hz = Some(*hz),
        Sampling::Refused(e) => summary.note(format!(
            "the CPUs cannot be sampled ({e:#}): the clock's ticks alone tell user mode from the \
             kernel, and nothing tells page faults"
        )),
    }
    summary.counts_locks(programs.counts_lock_waits());
    let mut session = Session {
        model: Model::new(Keep {
            by_thread: config.threads,
            pauses_over_ns: to_ns(config.pauses_over),
        }),
        programs,
        folding: Folding::default(),
        shedding: config.budget.map(Shedding::new),
        targets,
        symbols: Symbols::default(),
        summary,
        output,
        recorder,
        config,
        intervals: 0,
    };
    let held = match &session.config.targets {
        Targets::Command(command) => Some(launch::start(command, nice)?),
        _ => None,
    };
    session.open_window(held.as_ref())?;
    // Before the command goes on: a Ctrl-C at its first word is to end in a report already.
    let signals = Signals::listen()?;
    let (status, ended_by) = session.watch(signals, held.map(Held::release)).await?;
    let (report, delivered) = session.close_window()?;
    let goes_on = session.model.processes().alive() > 0 && !session.kills();
    if let Some(directory) = progress.filter(|_| goes_on) {
        directory.leave();
    }
    let status = session.exit_status(status, ended_by).await;
    let run = Run { report: &report, selection: Some(session.config.selection), work: None };
    let fail_if = &session.config.fail_if;
    fail_if.conclude(&Subject { run, base: None }, delivered.and(status), &mut io::stderr())
}

/// Why the window closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndedBy {
    /// All that was to be traced has ended.
    Targets,
    /// Its time is over.
    Duration,
    /// The user wants to see the report.
    Signal,
}

struct Session {
    config: Config,
    programs: Programs,
    folding: Folding,
    shedding: Option<Shedding>,
    targets: Watched,
    model: Model,
    symbols: Symbols,
    summary: Summary,
    output: Output,
    recorder: Option<Recorder>,
    intervals: u64,
}

/// The command, as far as it has come.
enum Status {
    /// There is none.
    NoCommand,
    /// It runs.
    Running(Running),
    /// It has ended, with this exit status.
    Ended(u8),
}

impl Session {
    /// Adopts all targets that are there. From its end on everything is seen.
    fn open_window(&mut self, held: Option<&Held>) -> Result<()> {
        if let Some(held) = held {
            self.programs.mark(held.pid(), true)?;
            self.recorder.iter_mut().for_each(|recorder| recorder.hold(held.pid()));
        }
        self.targets.mark_all(&self.programs)?;
        self.seed()?;
        if self.targets.are_pids_alone() && self.model.processes().alive() == 0 {
            anyhow::bail!("every process named ended before tracing began");
        }
        // What was waited before counts for nothing.
        self.look_at_locks()?;
        let start_ns = self.folding.open(&mut self.programs)?;
        self.model.open(start_ns);
        let cost = self.programs.cost()?;
        let pid = held.map(Held::pid);
        let first = self.summary.begin(start_ns, cost, &self.model, &self.targets, pid);
        self.recorder.iter_mut().for_each(|recorder| recorder.begin(start_ns, first));
        Ok(())
    }

    fn seed(&mut self) -> Result<()> {
        let Self { programs, model, summary, recorder, .. } = self;
        programs.seed(|bytes| {
            for life in decode::all(bytes, decode::life) {
                match life {
                    Ok(life) => {
                        model.life(&life);
                        recorder.iter_mut().for_each(|recorder| recorder.life(&life));
                    }
                    Err(e) => summary.undecodable(e),
                }
            }
        })
    }

    /// Watches until there is a reason to stop.
    async fn watch(
        &mut self,
        mut signals: Signals,
        running: Option<Running>,
    ) -> Result<(Status, EndedBy)> {
        // Scripts that start a tracer beside their program wait for this line.
        log::info!("the window is open");
        let mut status = running.map_or(Status::NoCommand, Status::Running);
        let pressure = self.programs.pressure().context("cannot watch the rings")?;
        let mut drain = every(DRAIN_EVERY);
        let mut search = every(SEARCH_EVERY);
        let mut settle = every(SETTLE_EVERY);
        let mut weigh = every(WEIGH_EVERY);
        let mut limits = Slowing::new(LIMITS_AFTER, LIMITS_EVERY);
        let is_series = self.config.interval.is_some();
        let mut checkpoint = self.recorder.as_ref().map(|_| every(CHECKPOINT_EVERY));
        // Before the intervals: of two that end together, the window goes first.
        let deadline = self.config.duration.and_then(|after| Instant::now().checked_add(after));
        let mut interval = self.config.interval.map(every);
        loop {
            tokio::select! {
                biased;
                () = signals.recv() => return Ok((status, EndedBy::Signal)),
                () = at(deadline) => return Ok((status, EndedBy::Duration)),
                () = tick(interval.as_mut()) => {
                    let stretch = self.cut(false)?;
                    self.report_interval(&stretch)?;
                    self.pass(stretch)?;
                }
                () = tick(checkpoint.as_mut()), if !is_series => {
                    if self.recorder.as_ref().is_some_and(Recorder::is_due) {
                        let stretch = self.cut(false)?;
                        self.pass(stretch)?;
                    }
                }
                ended = ended(&mut status) => {
                    status = Status::Ended(launch::exit_code(ended?));
                }
                ready = pressure.readable() => {
                    ready?.clear_ready();
                    self.drain()?;
                }
                _ = settle.tick() => self.settle()?,
                () = limits.tick() => self.look_at_limits(),
                _ = weigh.tick(), if self.shedding.is_some() => self.weigh()?,
                _ = search.tick(), if self.targets.watches_groups() => self.join_groups()?,
                _ = drain.tick() => {
                    self.drain()?;
                    if self.all_have_ended(&status) {
                        return Ok((status, EndedBy::Targets));
                    }
                }
            }
        }
    }

    /// Whether nothing is left that could make a call.
    fn all_have_ended(&self, status: &Status) -> bool {
        match status {
            Status::Running(_) => false,
            Status::Ended(_) => self.model.processes().alive() == 0,
            Status::NoCommand => {
                self.targets.are_pids_alone() && self.model.processes().alive() == 0
            }
        }
    }

    /// Takes in all that waits in the rings, and whoever has got a name that is watched for.
    fn drain(&mut self) -> Result<()> {
        let Self { programs, model, symbols, summary, targets, config, recorder, .. } = self;
        programs.drain(|record| {
            let decoded = match record {
                Record::Life(bytes) => decode::life(bytes).map(|life| {
                    model.life(&life);
                    targets.consider(&life);
                    recorder.iter_mut().for_each(|recorder| recorder.life(&life));
                }),
                Record::Call(bytes) => decode::call(bytes).map(|call| model.call(&call)),
                Record::Slice(bytes) => decode::slice(bytes).map(|slice| model.slice(&slice)),
                Record::Sample(bytes) => decode::sample(bytes).map(|sample| {
                    let in_user = sample.flags & Sample::USER != 0 && config.top > 0;
                    let process = model.processes().get(sample.cookie).filter(|_| in_user);
                    let code = process.and_then(|process| symbols.code(&sample, process));
                    model.sample(&sample, code);
                }),
                Record::LockWaits(bytes) => {
                    decode::lock_waits(bytes).map(|waits| model.lock_waits(&waits))
                }
                Record::FoldedCalls(bytes) => {
                    decode::folded_calls(bytes).map(|sums| model.folded_calls(&sums))
                }
                Record::FoldedStays(bytes) => {
                    decode::folded_stays(bytes).map(|sums| model.folded_stays(&sums))
                }
            };
            if let Err(e) = decoded {
                summary.undecodable(e);
            }
        });
        if let Some(since_ns) = targets.mark_newcomers(programs)? {
            self.seed()?;
            self.summary.joined_late(clock::now_ns().saturating_sub(since_ns));
        }
        Ok(())
    }

    fn join_groups(&mut self) -> Result<()> {
        if self.targets.mark_groups(&self.programs)? {
            self.seed()?;
            self.summary.joined_late(to_ns(SEARCH_EVERY));
        }
        Ok(())
    }

    /// Ends the stretch of time under way.
    fn cut(&mut self, last: bool) -> Result<Stretch> {
        self.look_at_limits();
        let edge_ns = self.folding.turn(&mut self.programs, true)?;
        self.model.edge(edge_ns);
        self.summary.edge(self.programs.cost()?);
        self.recorder.iter_mut().for_each(Recorder::edge);
        if last {
            if self.summary.sample_hz.is_some() {
                self.symbols.read_kernel();
            }
            self.programs.detach()?;
        }
        let bytes = self.programs.open_calls()?;
        let calls: Vec<_> = decode::all(&bytes, decode::call).collect::<Result<_, _>>()?;
        let threads = self.standings()?;
        self.look_at_locks()?;
        if self.folding.is_due(&self.programs)? {
            self.folding.collect(&mut self.programs, &mut self.model)?;
        }
        self.drain()?;
        self.reap(edge_ns, &threads)?;
        let stretch = self.model.cut(&UnderWay { calls: &calls, threads: &threads, last });
        self.symbols.learn(&stretch.accounts);
        Ok(stretch)
    }

    /// Closes the window and reports on all of it, and on the interval that it cuts short. Gives
    /// the report, and whether it reached those that it is for.
    fn close_window(&mut self) -> Result<(Report, Result<()>)> {
        let stretch = self.cut(true)?;
        if self.config.interval.is_some() {
            self.report_interval(&stretch)?;
        }
        let Self { model, symbols, config, programs, shedding, recorder, .. } = self;
        let known = Known::read(model, symbols, config, programs, shedding.as_ref())?;
        let (report, kept) = self.summary.whole(stretch, &known, recorder.is_some());
        signals::default_for_the_next();
        let written = self.output.write(&report);
        // Whoever reads the live report may leave; the recording is another's.
        let recorded = match (recorder.take(), kept) {
            (Some(recorder), Some(whole)) => recorder.finish(whole, model.processes()),
            _ => Ok(()),
        };
        Ok((report, recorded.and(written)))
    }
}

fn to_ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Waits for the command's end, if it has begun and not ended.
async fn ended(status: &mut Status) -> Result<std::process::ExitStatus> {
    match status {
        Status::Running(running) => Ok(running.ended().await?),
        _ => pending().await,
    }
}
