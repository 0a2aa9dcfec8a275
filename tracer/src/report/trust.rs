//! How far a report can be believed.

use serde::{Deserialize, Serialize};

use super::Shed;

/// How far the figures can be believed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trust {
    /// Calls that reached no figure.
    pub lost: u64,
    /// Calls that were summed in the kernel: count, sum and maximum are exact, percentiles coarser.
    pub folded: u64,
    /// Stays on a CPU that were.
    pub folded_stays: u64,
    /// Ends without a beginning.
    pub unpaired: u64,
    /// Calls open at the end.
    pub in_flight: u64,
    /// Calls cut off by the death of their thread.
    pub ended_by_exit: u64,
    /// CPU time of the tracer's own process in the window.
    pub reader_cpu_ns: u64,
    /// CPU time of its programs in the kernel; null where it was not measured.
    pub program_ns: Option<u64>,
    /// How often they ran; null where it was not counted.
    pub program_runs: Option<u64>,
    /// How often the kernel left one out, because it was running on that CPU already.
    #[serde(default)]
    pub recursion_misses: u64,
    /// When more, or less, was told in detail, under `--budget`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shed: Vec<Shed>,
    /// What else a reader has to know, each a sentence.
    pub notes: Vec<String>,
}
