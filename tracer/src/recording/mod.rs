//! A run in a file: `tracer -o FILE`, and what reads it back.
//!
//! A recording is one JSON object, compressed with zstd; `docs/recording.md` describes it. Its
//! `report` is the object of `--format json`, with a group for each process and with every
//! distribution in full. How the same groups look put together by name, or all in one, is kept
//! beside it ([`Folded`]): what is sampled cannot be summed afterwards.

#[cfg(test)]
pub(crate) mod fixture;
mod guard;
mod hdr;
mod load;
mod machine;
mod metadata;
mod progress;
mod read;
mod recorder;
mod targets;
mod views;
mod write;

use serde::{Deserialize, Serialize};

pub use hdr::{Distribution, decode};
pub use machine::{FirstTarget, HugePages, Machine};
pub use metadata::{Metadata, Options, Target};
pub use progress::{Directory, VARIABLE};
pub use read::{ReadError, intervals, read};
pub use recorder::{CHECKPOINT_EVERY, Recorder};
pub use views::{Display, Fitting, Folded, Interval, Shape};

use crate::report::Report;

/// Version of the recording: raised when a field changes its meaning or goes. New fields do not
/// raise it. The `report` in it has a version of its own, [`report::SCHEMA`](crate::report::SCHEMA).
pub const SCHEMA: u32 = 1;

/// A recorded run, without its intervals, which [`intervals`] reads one by one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    /// [`SCHEMA`], as the file has it.
    pub schema: u32,
    /// The window closed, and this is all of it. If not, the tracer ended without closing it, and
    /// this is what it had written last.
    pub complete: bool,
    /// What was traced, where, and how.
    pub metadata: Metadata,
    /// The whole window: a group for each process, or thread, with all that is known of it.
    pub report: Report,
    /// The same groups, put together.
    pub folded: Folded,
}

impl Recording {
    /// The report as a live run with this display shows it.
    #[must_use]
    pub fn shown(&self, display: &Display) -> Report {
        views::shown(&self.report, &self.folded, display)
    }
}

#[cfg(test)]
mod tests;
