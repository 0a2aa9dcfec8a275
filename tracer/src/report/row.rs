//! A row of the table of system calls.

use serde::{Deserialize, Serialize};

use super::Figures;

/// One system call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// Its name. `brk` is three: "brk grow", "brk shrink", "brk query". 32-bit calls are "32-bit N".
    pub name: String,
    /// Completed calls.
    pub calls: u64,
    /// Of these, how many failed.
    pub errors: u64,
    /// Ends without a beginning: in the call when tracing began. No part of `calls`.
    pub unpaired: u64,
    /// Open at the end of the window. No part of `calls`.
    pub in_flight: u64,
    /// Of these, how many threads have slept in since before tracing began: for how long is unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub in_flight_before: u64,
    /// How long the longest of the others had lasted by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight_longest_ns: Option<u64>,
    /// Cut off by the death of their thread. No part of `calls`.
    pub ended_by_exit: u64,
    /// Of `calls`, how many were summed in the kernel: their percentiles are coarser, or unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub folded: u64,
    /// Bytes that the completed, successful calls asked for, where they ask for bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Of these, bytes that were taken when as many had been given back before; for "brk grow" and
    /// "mmap".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_bytes: Option<u64>,
    /// Of `bytes`, bytes of files, by calls that were not summed in the kernel; for "mmap".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// When the last of the completed calls ended, since the window opened; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<u64>,
    /// When they ended on average, since the window opened, of those that were not summed in the
    /// kernel; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_at_ns: Option<u64>,
    /// Elapsed time of the completed calls.
    pub wall_ns: Figures,
    /// Part of it running in the kernel.
    pub on_cpu_ns: Figures,
    /// Part of it waiting for a CPU.
    pub runnable_ns: Figures,
    /// Part of it sleeping.
    pub blocked_ns: Figures,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
