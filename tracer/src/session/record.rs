//! What a session does at the end of each interval, and for its recording.

use anyhow::Result;

use super::{Session, summary::Known};
use crate::{config::Targets, model::Stretch, recording};

/// Tells the command, if there is one, where to report its progress.
pub(super) fn progress(targets: &mut Targets) -> Option<recording::Directory> {
    let Targets::Command(command) = targets else { return None };
    let directory = recording::Directory::create()
        .inspect_err(|e| log::warn!("the command cannot report progress: {e}"))
        .ok()?;
    command.variables.push((recording::VARIABLE.into(), directory.path().into()));
    Some(directory)
}

impl Session {
    /// Reports on an interval that is over.
    pub(super) fn report_interval(&mut self, stretch: &Stretch) -> Result<()> {
        self.intervals += 1;
        let known = Known::read(&self.model, &self.symbols, &self.config, &self.programs)?;
        let record = self.recorder.is_some();
        let (report, kept) = self.summary.interval(self.intervals, stretch, &known, record);
        if let (Some(recorder), Some(interval)) = (&mut self.recorder, kept) {
            recorder.interval(interval);
        }
        self.output.write(&report)
    }

    /// Adds a stretch of time to what is over, and brings the recording up to date if it is time.
    pub(super) fn pass(&mut self, stretch: Stretch) -> Result<()> {
        self.summary.pass(stretch);
        if let Some(recorder) = self.recorder.as_mut().filter(|recorder| recorder.is_due()) {
            let known = Known::read(&self.model, &self.symbols, &self.config, &self.programs)?;
            if let Some(whole) = self.summary.so_far(&known) {
                recorder.checkpoint(whole, self.model.processes());
            }
        }
        Ok(())
    }
}
