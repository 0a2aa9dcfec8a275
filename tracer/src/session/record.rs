//! What a session does at the end of each interval, and for its recording.

use anyhow::Result;

use super::{Session, summary::Known};
use crate::{
    config::Targets,
    model::Stretch,
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
    /// Reports on an interval that is over.
    pub(super) fn report_interval(&mut self, stretch: &Stretch) -> Result<()> {
        self.intervals += 1;
        let Self { model, symbols, config, programs, shedding, recorder, .. } = self;
        let known = Known::read(model, symbols, config, programs, shedding.as_ref())?;
        let record = recorder.is_some();
        let (report, kept) = self.summary.interval(self.intervals, stretch, &known, record);
        if let (Some(recorder), Some(interval)) = (recorder, kept) {
            recorder.interval(interval);
        }
        self.output.write(&report)
    }

    /// Adds a stretch of time to what is over, and brings the recording up to date if it is time.
    pub(super) fn pass(&mut self, stretch: Stretch) -> Result<()> {
        self.summary.pass(stretch);
        let Self { model, symbols, config, programs, shedding, recorder, .. } = self;
        if let Some(recorder) = recorder.as_mut().filter(|recorder| recorder.is_due()) {
            let known = Known::read(model, symbols, config, programs, shedding.as_ref())?;
            recorder.checkpoint(|| self.summary.so_far(&known), model.processes());
        }
        Ok(())
    }
}
