//! What `/proc` says of processes.

use std::fs;

use procfs::process::Process;

use crate::wait_until;

/// Waits until a thread is in a `futex` call.
#[track_caller]
pub fn wait_until_in_futex(tid: i32) {
    let number = format!("{} ", nix::libc::SYS_futex);
    wait_until(&format!("thread {tid} is in a futex call"), || {
        let call = fs::read_to_string(format!("/proc/{tid}/syscall")).unwrap();
        call.starts_with(&number).then_some(())
    });
}

/// The only child of a process.
#[track_caller]
#[must_use]
pub fn child_of(pid: i32) -> i32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.trim().parse().unwrap_or_else(|_| panic!("children of {pid}: '{children}'"))
}

/// How many threads a process has.
#[track_caller]
#[must_use]
pub fn threads(pid: i32) -> u64 {
    Process::new(pid).unwrap().tasks().unwrap().count() as u64
}

/// A child of a process, if it has one.
#[must_use]
pub fn find_child(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_ascii_whitespace().next()?.parse().ok()
}

/// The name of a process, if there is one.
#[must_use]
pub fn comm(pid: i32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// When a process started, in ticks since boot, and how many ticks a second has.
#[track_caller]
#[must_use]
pub fn start(pid: i32) -> (u64, u64) {
    (Process::new(pid).unwrap().stat().unwrap().starttime, procfs::ticks_per_second())
}
