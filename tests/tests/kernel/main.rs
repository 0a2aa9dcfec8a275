//! Real tracing, against truths that do not come from the tracer: what workloads count and time
//! themselves, what `/proc` says, what `strace` counts.
//!
//! Needs root. One test at a time: they measure.

mod attaching;
mod budget;
mod command;
mod compare;
mod cost;
mod counts;
mod descendants;
mod ends;
mod exec;
mod fail_if;
mod folding;
mod futexes;
mod identity;
mod interrupted;
mod intervals;
mod locks;
mod naming;
mod quota;
mod samples;
mod scheduler;
mod sweep;
mod threads;
mod times;
mod verdicts;
