//! What a session does at the end of each interval, and for its recording.

use anyhow::Result;

use super::{
    Session,
    summary::{Counts, Known},
};
use crate::{
    config::Targets,
    recording::{self, Recorder},
};

/// Tells the command, if there is one, where to report its progress, and the recorder too.
pub(super) fn progress(
    targets: &mut Targets,
    recorder: &mut Recorder,
) -> Option<recording::Directory> {
    let Targets::Command(command) = targets else { return None };
    let directory = recording::Directory::create()
        .inspect_err(|e| log::warn!("the command cannot report progress: {e}"))
        .ok()?;
    recorder.expect_progress_in(directory.path());
    command.variables.push((recording::VARIABLE.into(), directory.path().into()));
    Some(directory)
}

impl Session {
    /// Ends an interval, and reports on it.
    pub(super) fn report_interval(&mut self) -> Result<()> {
        self.intervals += 1;
        let stretch = self.cut(false)?;
        let counts = Counts::read(&self.programs)?;
        let known = Known {
            processes: self.model.processes(),
            names: self.symbols.names(),
            config: &self.config,
            counts,
        };
        let record = self.recorder.is_some();
        let (report, kept) = self.summary.interval(self.intervals, stretch, &known, record);
        if let (Some(recorder), Some(interval)) = (&mut self.recorder, kept) {
            recorder.interval(interval);
            if recorder.is_due() {
                recorder.checkpoint(|| self.summary.so_far(&known), known.processes);
            }
        }
        self.output.write(&report)
    }

    /// Brings the recording up to date.
    pub(super) fn checkpoint(&mut self) -> Result<()> {
        if self.recorder.as_ref().is_some_and(Recorder::is_due) {
            let stretch = self.cut(false)?;
            self.summary.pass(stretch);
            let counts = Counts::read(&self.programs)?;
            let known = Known {
                processes: self.model.processes(),
                names: self.symbols.names(),
                config: &self.config,
                counts,
            };
            if let Some(recorder) = &mut self.recorder {
                recorder.checkpoint(|| self.summary.so_far(&known), known.processes);
            }
        }
        Ok(())
    }
}
