//! The command line: arguments, messages, exit statuses, and who gets which output.
//!
//! Needs root, for a tracer that gets past its arguments traces.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a helper fails the test at hand")]

mod arguments;
mod command;
mod completions;
mod doctor;
mod explain;
mod fail_if;
mod output;
mod privileges;
mod recording;
mod signals;
mod sweep;
mod targets;
