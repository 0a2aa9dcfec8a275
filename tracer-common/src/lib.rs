//! What the kernel side and the user side of `tracer` share: the records that cross the border,
//! the state kept for each thread, the configuration frozen into the programs, and the counters.
//!
//! Both sides are always built from the same sources, so nothing here carries a version; the sizes
//! are checked at compile time because two compilers build the two sides.
//!
//! Times are nanoseconds of `CLOCK_MONOTONIC`. Ids are those of the initial pid namespace.
#![no_std]

pub mod config;
pub mod control;
pub mod cpu;
pub mod fold;
pub mod locks;
pub mod record;
pub mod ring;
pub mod shape;
pub mod thread;
