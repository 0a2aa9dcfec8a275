//! `tracer` answers one question for people who run many processes on one machine: where does the
//! wall time of each worker go?
//!
//! Facts flow one way: [`attach`] takes records out of the kernel, [`decode`] makes facts of their
//! bytes, [`model`] folds facts into accounts, [`report`] turns accounts into what is shown, and
//! [`sinks`] print it, and [`recording`] keeps it in a file. [`symbols`] gives names to addresses, [`verdicts`] to causes. [`session`] drives them; [`model`] and [`report`] do no I/O.

pub mod attach;
pub mod cli;
pub mod compare;
pub mod config;
pub mod decode;
pub mod doctor;
pub mod fail_if;
pub mod kernel;
pub mod launch;
pub mod model;
pub mod recording;
pub mod replay;
pub mod report;
pub mod session;
pub mod sinks;
mod spelling;
pub mod sweep;
pub mod symbols;
mod units;
pub mod verdicts;
