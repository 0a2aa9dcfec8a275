//! `tracer sweep`: a command with one value after the other, and how its throughput depends on them.
//!
//! [`grid`] says which runs there are, `run` makes one of them by starting this program anew, which
//! leaves a recording; [`results`] puts together what the recordings say, and [`law`] fits the
//! Universal Scalability Law to it.

pub mod grid;
pub mod law;
pub mod measured;
pub mod results;
mod run;
pub mod work;

use std::{ffi::OsString, fs, io, path::PathBuf};

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    grid::{Point, Setting, Turn},
    measured::Measured,
    results::{Done, Failed, Sweep},
    run::{Ended, Files, Runner},
    work::Unit,
};
use crate::{
    config::Format,
    recording,
    session::Signals,
    sinks::{self, Style},
};

/// The exit status where a run has failed.
const SOME_FAILED: u8 = 1;
/// The exit status after Ctrl-C: what a shell shows of a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// What is swept, and how.
#[derive(Debug)]
pub struct Config {
    /// What is set.
    pub settings: Vec<Setting>,
    /// How often each point is measured.
    pub repeat: u32,
    /// Rounds before that, of which nothing is kept.
    pub warm_up: u32,
    /// Where the recordings go.
    pub dir: PathBuf,
    /// The unit of work; `None` leaves it to what the runs report.
    pub per: Option<Unit>,
    /// Options for the tracer of each run, as its command line has them.
    pub options: Vec<OsString>,
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Text or JSON.
    pub format: Format,
}

/// Runs all, reports, and returns the exit status.
///
/// # Errors
/// If the folder cannot be written, or has recordings of the same names already; and if no run can be
/// made at all.
pub fn run(config: Config) -> Result<u8> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?
        .block_on(sweep(config))
}

async fn sweep(config: Config) -> Result<u8> {
    let plan = Plan::new(&config)?;
    let mut signals = Signals::listen()?;
    let runner = Runner::new(config.options, config.command.clone())?;
    let outcome = plan.carry_out(&runner, &mut signals).await?;
    let per = config
        .per
        .unwrap_or_else(|| Unit::proposed(outcome.done.iter().map(|done| &done.measured)));
    let words = config.command.iter().map(|word| word.to_string_lossy().into_owned());
    let Outcome { done, failed, not_begun, interrupted } = outcome;
    let status = match (interrupted, failed.is_empty()) {
        (true, _) => INTERRUPTED,
        (false, false) => SOME_FAILED,
        (false, true) => 0,
    };
    let sweep = Sweep::of(words.collect(), config.settings, per, &done, failed, not_begun);
    let mut out = io::stdout();
    let style = Style::detect(&out);
    sinks::write_sweep(&sweep, config.format, &style, &mut out)
        .context("cannot write what the sweep found")?;
    Ok(status)
}

/// The runs, and where their files go.
struct Plan {
    points: Vec<Point>,
    turns: Vec<Turn>,
    repeat: u32,
    dir: PathBuf,
}

/// What came of the runs.
#[derive(Default)]
struct Outcome {
    done: Vec<Done>,
    failed: Vec<Failed>,
    not_begun: usize,
    interrupted: bool,
}

impl Plan {
    fn new(config: &Config) -> Result<Self> {
        let points = grid::points(&config.settings);
        let turns = grid::turns(points.len(), config.warm_up, config.repeat);
        let turns = turns.map_err(anyhow::Error::msg)?;
        let plan = Self { points, turns, repeat: config.repeat, dir: config.dir.clone() };
        fs::create_dir_all(&plan.dir)
            .with_context(|| format!("cannot make the folder `{}`", plan.dir.display()))?;
        for turn in &plan.turns {
            let file = plan.files(*turn).recording;
            anyhow::ensure!(
                !file.exists(),
                "`{}` is there already: name another folder with -o, or remove it",
                file.display()
            );
        }
        Ok(plan)
    }

    /// A run that only warms up uses the names of the first that counts.
    fn files(&self, turn: Turn) -> Files {
        let stem = self.points[turn.point].file_stem(turn.repeat.unwrap_or(1), self.repeat);
        Files::named(&self.dir, &stem)
    }

    async fn carry_out(&self, runner: &Runner, signals: &mut Signals) -> Result<Outcome> {
        let bar = progress(self.turns.len());
        let mut outcome = Outcome::default();
        for (index, turn) in self.turns.iter().enumerate() {
            let (point, files) = (&self.points[turn.point], self.files(*turn));
            let kind = if turn.repeat.is_some() { "" } else { " (warm-up)" };
            bar.set_message(format!("{point}{kind}"));
            log::info!("{point}{kind}");
            let failed = |why| Failed { set: point.clone(), repeat: turn.repeat, why };
            outcome.not_begun = self.turns.len() - index - 1;
            match runner.run(point, &files, turn.repeat.is_some(), signals).await? {
                Ended::Well if turn.repeat.is_none() => {}
                Ended::Well => match recording::read(&files.recording) {
                    Ok(recording) => outcome.done.push(Done {
                        point: point.clone(),
                        file: files.recording.display().to_string(),
                        measured: Measured::of(&recording),
                    }),
                    Err(e) => outcome.failed.push(failed(format!("{:#}", anyhow::Error::from(e)))),
                },
                Ended::Badly(why) => outcome.failed.push(failed(why)),
                Ended::NotTraced(why) => {
                    bar.finish_and_clear();
                    // Whatever it is, it will not be otherwise the next time.
                    anyhow::ensure!(!outcome.done.is_empty(), "{point} could not be traced: {why}");
                    outcome.failed.push(failed(why));
                    break;
                }
                Ended::Interrupted => {
                    outcome.not_begun += 1;
                    outcome.interrupted = true;
                    break;
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(outcome)
    }
}

/// A bar for all runs, on standard error; nothing where that is no terminal.
fn progress(runs: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(runs).unwrap_or(u64::MAX));
    let template = "{bar:24} {pos}/{len} runs, {elapsed} so far, about {eta} to go: {msg}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.set_style(style),
        Err(e) => log::debug!("the progress bar has no style: {e}"),
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(500));
    bar
}

#[cfg(test)]
mod tests;
