//! Records a run while it goes on. Files are written by a thread of their own, so that a slow disk
//! never keeps the rings from being emptied.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result};
use tracer_common::record::Life;

use super::{
    FirstTarget, Interval, Machine, Metadata, Options, Recording, SCHEMA, load::Load,
    targets::Targets, write::Writer,
};
use crate::{config::Config, kernel::syscalls, model::Processes};

/// How often the file is brought up to date, without `-i` or with long intervals.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);
/// So many times as long as it took is waited at least, for the sake of the CPU.
const REST: u32 = 50;
/// The writer has something to do.
const BUSY: u64 = u64::MAX;

/// A recording in the making.
#[derive(Debug)]
pub struct Recorder {
    targets: Targets,
    options: Options,
    started_at: SystemTime,
    start_ns: u64,
    first_target: FirstTarget,
    load: Option<Load>,
    /// The child that will become the command: what it was started with is not the command's.
    held: Option<i32>,
    every: Duration,
    last_checkpoint: Instant,
    /// Nanoseconds that the last one took to write; [`BUSY`] while one is being written.
    cost: Arc<AtomicU64>,
    to_writer: Sender<Message>,
    writer: JoinHandle<Result<()>>,
}

enum Message {
    Interval(Box<Interval>),
    Whole(Box<Recording>),
}

impl Recorder {
    /// Prepares to record to a file.
    ///
    /// # Errors
    /// If it cannot be written. Nothing has been traced then.
    pub fn create(path: &Path, config: &Config) -> Result<Self> {
        let file = Writer::create(path)?;
        let cost = Arc::new(AtomicU64::new(0));
        let (to_writer, messages) = mpsc::channel();
        let writers_cost = Arc::clone(&cost);
        let writer = thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || write_all(file, &messages, &writers_cost))
            .context("cannot start the thread that writes the recording")?;
        let to_ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let options = Options {
            calls: config.selection.iter().map(|nr| syscalls::label(nr).into_owned()).collect(),
            follow: config.follow,
            threads: config.threads,
            interval_ns: config.interval.map(to_ns),
            sample_hz: config.sample_hz,
            pauses_over_ns: to_ns(config.pauses_over),
            fold: config.fold,
            histograms: config.histograms,
            top: config.top,
        };
        Ok(Self {
            targets: Targets::default(),
            options,
            started_at: SystemTime::now(),
            start_ns: 0,
            first_target: FirstTarget::default(),
            load: None,
            held: None,
            every: config.interval.map_or(CHECKPOINT_EVERY, |every| every.min(CHECKPOINT_EVERY)),
            last_checkpoint: Instant::now(),
            cost,
            to_writer,
            writer,
        })
    }

    /// Says which process is a child that has not become the command yet.
    pub fn hold(&mut self, pid: i32) {
        self.held = Some(pid);
    }

    /// Takes in a turning point of a target.
    pub fn life(&mut self, life: &Life) {
        let is_held = life.event == Life::SEEDED
            && self.held.is_some_and(|pid| u32::try_from(pid) == Ok(life.shown_tgid));
        if !is_held {
            self.targets.life(life);
        }
    }

    /// The window opens.
    pub fn begin(&mut self, start_ns: u64, first_target: Option<i32>) {
        self.start_ns = start_ns;
        self.started_at = SystemTime::now();
        self.last_checkpoint = Instant::now();
        self.first_target = first_target.map(FirstTarget::of).unwrap_or_default();
        self.targets.progress.begin();
        self.load = Some(Load::begin(self.first_target.allowed_cpus.as_deref()));
    }

    /// The stretch of time under way ends: this much work has been done.
    pub fn edge(&mut self) {
        self.targets.progress.look();
        self.load.iter_mut().for_each(Load::look);
    }

    /// Keeps an interval.
    pub fn interval(&self, interval: Interval) {
        // The writer is gone only if it has failed, which `finish` will tell.
        drop(self.to_writer.send(Message::Interval(Box::new(interval))));
    }

    /// Whether it is time to bring the file up to date.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let cost = Duration::from_nanos(self.cost.load(Ordering::Relaxed));
        // A little early is on time: intervals are as long as this.
        self.last_checkpoint.elapsed() + Duration::from_millis(50)
            >= self.every.max(cost.saturating_mul(REST))
    }

    /// Brings the file up to date with all of the window up to now.
    pub fn checkpoint(&mut self, whole: Interval, processes: &Processes) {
        self.last_checkpoint = Instant::now();
        self.cost.store(BUSY, Ordering::Relaxed);
        let recording = self.recording(whole, processes, false);
        drop(self.to_writer.send(Message::Whole(Box::new(recording))));
    }

    /// Writes the whole window.
    ///
    /// # Errors
    /// If that fails; what was written before is still there then.
    pub fn finish(self, whole: Interval, processes: &Processes) -> Result<()> {
        let recording = self.recording(whole, processes, true);
        drop(self.to_writer.send(Message::Whole(Box::new(recording))));
        drop(self.to_writer);
        self.writer.join().map_err(|_| anyhow::anyhow!("the writer of the recording has failed"))?
    }

    fn recording(&self, whole: Interval, processes: &Processes, complete: bool) -> Recording {
        let Interval { report, folded } = whole;
        let metadata = Metadata {
            tracer: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: humantime::format_rfc3339_millis(self.started_at).to_string(),
            window_ns: report.window_ns,
            command: report.command.clone(),
            machine: Machine::here(),
            cpus: report.cpus,
            first_target: self.first_target.clone(),
            options: self.options.clone(),
            lost: report.trust.lost,
            reader_cpu_ns: report.trust.reader_cpu_ns,
            other_cpus: self
                .load
                .as_ref()
                .and_then(|load| load.of_others(report.concurrency.busy_cpus)),
            targets: self.targets.all(processes, self.start_ns),
        };
        Recording { schema: SCHEMA, complete, metadata, report, folded }
    }
}

/// The life of the writer: its outcome is that of the last file.
fn write_all(mut file: Writer, messages: &mpsc::Receiver<Message>, cost: &AtomicU64) -> Result<()> {
    let mut outcome = Ok(());
    while let Ok(message) = messages.recv() {
        let began = Instant::now();
        match message {
            Message::Interval(interval) => {
                if let Err(e) = file.interval(&interval) {
                    log::warn!("{e:#}");
                }
            }
            Message::Whole(mut recording) => {
                outcome = file.write(&mut recording);
                if let Err(e) = &outcome
                    && !recording.complete
                {
                    log::warn!("{e:#}; what was recorded before is kept");
                }
                let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                cost.store(took, Ordering::Relaxed);
            }
        }
    }
    outcome
}
