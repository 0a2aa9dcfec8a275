//! Helpers of the kernel and command-line tests: they start the programs as a user would, and no
//! test can hang or leave a process behind.
//!
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a helper fails the test at hand"
)]

pub mod account;
pub mod cgroup;
pub mod consistency;
pub mod kernel;
pub mod proc;
pub mod programs;
pub mod report;
pub mod running;
pub mod strace;
pub mod terminal;
pub mod tracing;
pub mod workload;

pub use self::{
    programs::{tracer, workloads},
    report::Report,
    running::{Finished, Running, run, wait_until},
    terminal::Terminal,
    tracing::Tracing,
    workload::{Truth, Workload},
};
