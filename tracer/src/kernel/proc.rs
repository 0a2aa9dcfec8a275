//! Processes and threads as `/proc` shows them.
//!
//! Pids are those of the pid namespace whose `/proc` is mounted here.

use std::{fs, io, process};

use anyhow::Context as _;
use procfs::process::{Process as Directory, Stat, StatFlags, Status};
use procfs::{FromBufRead as _, FromRead as _, ProcError, ProcResult};

/// The inode of the initial pid namespace (`PROC_PID_INIT_INO` in the kernel's sources).
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// A process that can be traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The process id (the kernel's tgid).
    pub pid: i32,
    /// The parent's process id, 0 if it lives outside of this pid namespace.
    pub ppid: i32,
    /// The name of the leading thread, at most 15 bytes.
    pub comm: String,
    /// How many threads it has now.
    pub threads: usize,
    /// When it started: ticks since boot, [`ticks_per_second`] of them in a second. Together with
    /// the pid it tells a process from a later one with the same pid.
    pub start_ticks: u64,
}

/// Why a process that was named cannot be traced.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Nothing has this pid.
    #[error(
        "there is no process {0}: it may have ended, or its number may be that of another pid \
         namespace (a container's); `ps -e` lists the numbers that are valid here"
    )]
    NoSuchProcess(i32),
    /// Dead, but its parent has not yet waited for it.
    #[error("process {pid} ({comm}) has ended; only its parent {ppid} has not noticed yet")]
    Ended {
        /// The process.
        pid: i32,
        /// Its name.
        comm: String,
        /// Its parent.
        ppid: i32,
    },
    /// It has no user space, and so makes no system calls.
    #[error("{pid} ({comm}) is a thread of the kernel: it makes no system calls to be traced")]
    KernelThread {
        /// The thread.
        pid: i32,
        /// Its name.
        comm: String,
    },
    /// A thread id, of a thread other than the leading one.
    #[error("{tid} is a thread of process {tgid}: trace the process, with `--pid {tgid}`")]
    IsThread {
        /// The thread that was named.
        tid: i32,
        /// The process it belongs to.
        tgid: i32,
    },
    /// The tracer cannot trace itself: each record would make the next one.
    #[error("{0} is the tracer itself")]
    Itself(i32),
    /// `/proc` refused, or shows something that could not be understood.
    #[error("cannot read /proc/{pid}: {source}")]
    Unreadable {
        /// The process.
        pid: i32,
        /// Why.
        source: ProcError,
    },
}

/// Looks at a process that was named as a target.
///
/// # Errors
/// If it is not there, or is nothing that can be traced: see [`TargetError`].
pub fn resolve_pid(pid: i32) -> Result<Process, TargetError> {
    if u32::try_from(pid) == Ok(process::id()) {
        return Err(TargetError::Itself(pid));
    }
    let (status, stat) = read_both(pid).map_err(|source| from_proc_error(pid, source))?;
    classify(pid, &status, stat)
}

/// Both files through one open directory, so that they speak of one process even if its pid is
/// given to another one meanwhile.
fn read_both(pid: i32) -> ProcResult<(Status, Stat)> {
    let directory = Directory::new(pid)?;
    let status = parse_status(&read_bytes(&directory, "status")?)?;
    let stat = Stat::from_read(read_bytes(&directory, "stat")?.as_slice())?;
    Ok((status, stat))
}

fn read_bytes(directory: &Directory, name: &str) -> ProcResult<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut directory.open_relative(name)?, &mut bytes)?;
    Ok(bytes)
}

/// A process can give itself a name that is no UTF-8; that must not hide the rest.
fn parse_status(bytes: &[u8]) -> ProcResult<Status> {
    Status::from_buf_read(String::from_utf8_lossy(bytes).as_bytes())
}

fn classify(pid: i32, status: &Status, stat: Stat) -> Result<Process, TargetError> {
    if status.tgid != pid {
        return Err(TargetError::IsThread { tid: pid, tgid: status.tgid });
    }
    if StatFlags::from_bits_truncate(stat.flags).contains(StatFlags::PF_KTHREAD) {
        return Err(TargetError::KernelThread { pid, comm: stat.comm });
    }
    // A leader that has exited before its other threads is a zombie too, but its process lives.
    if matches!(stat.state, 'Z' | 'X') && stat.num_threads <= 1 {
        return Err(TargetError::Ended { pid, comm: stat.comm, ppid: stat.ppid });
    }
    Ok(Process {
        pid,
        ppid: stat.ppid,
        comm: stat.comm,
        threads: usize::try_from(stat.num_threads).unwrap_or(0),
        start_ticks: stat.starttime,
    })
}

fn from_proc_error(pid: i32, source: ProcError) -> TargetError {
    let gone = match &source {
        ProcError::NotFound(_) => true,
        // What reading an open file of a process says once the process has gone.
        ProcError::Io(error, _) => error.raw_os_error() == Some(libc::ESRCH),
        _ => false,
    };
    if gone { TargetError::NoSuchProcess(pid) } else { TargetError::Unreadable { pid, source } }
}

/// The tracer's own status.
pub(super) fn own_status() -> anyhow::Result<Status> {
    let bytes = fs::read("/proc/self/status")
        .context("cannot read /proc/self/status: is /proc mounted?")?;
    parse_status(&bytes).context("cannot understand /proc/self/status")
}

/// The process that a thread belongs to; a process's own pid if given that.
///
/// # Errors
/// If there is no such thread.
pub fn tgid_of(tid: i32) -> Result<i32, TargetError> {
    let tgid = || parse_status(&read_bytes(&Directory::new(tid)?, "status")?).map(|s| s.tgid);
    tgid().map_err(|source| from_proc_error(tid, source))
}

/// Every process there is now, kernel threads included, in no particular order.
///
/// # Errors
/// If `/proc` is not mounted.
pub fn all_pids() -> anyhow::Result<Vec<i32>> {
    numbered_entries("/proc").context("cannot list the processes in /proc: is it mounted?")
}

/// The threads of a process, the leading one among them.
///
/// # Errors
/// If the process has gone.
pub fn threads(pid: i32) -> Result<Vec<i32>, TargetError> {
    numbered_entries(&format!("/proc/{pid}/task"))
        .map_err(|error| from_proc_error(pid, ProcError::from(error)))
}

fn numbered_entries(directory: &str) -> io::Result<Vec<i32>> {
    let names = fs::read_dir(directory)?.filter_map(Result::ok).map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}

/// The name of a process or thread; `None` if it has gone.
#[must_use]
pub fn comm(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes)).into_owned())
}

/// The arguments a process was started with; empty for a kernel thread or one that has ended.
///
/// # Errors
/// If the process has gone.
pub fn cmdline(pid: i32) -> Result<Vec<String>, TargetError> {
    let read = || Directory::new(pid)?.cmdline();
    read().map_err(|source| from_proc_error(pid, source))
}

/// Clock ticks in a second: the unit of [`Process::start_ticks`] and of times in `/proc`.
#[must_use]
pub fn ticks_per_second() -> u64 {
    procfs::ticks_per_second()
}

/// Which pid namespace this program runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidNamespace {
    /// The number that tells namespaces apart.
    pub inode: u64,
    /// How many namespaces below the one of this `/proc` the program runs: 0 if `/proc` shows the
    /// program's own, so that pids in it are the ones this program's user sees.
    pub below_proc: usize,
}

impl PidNamespace {
    /// The namespace of this program.
    ///
    /// # Errors
    /// If `/proc` is not mounted.
    pub fn of_self() -> anyhow::Result<Self> {
        let link = fs::read_link("/proc/self/ns/pid")
            .context("cannot read /proc/self/ns/pid: is /proc mounted?")?;
        let inode = inode_of_link(&link.to_string_lossy())
            .with_context(|| format!("/proc/self/ns/pid leads to {}", link.display()))?;
        Ok(Self { inode, below_proc: levels_below(&own_status()?) })
    }

    /// Whether it is the machine's first, where pids are the kernel's own.
    #[must_use]
    pub const fn is_initial(&self) -> bool {
        self.inode == INITIAL_PID_NAMESPACE
    }
}

/// The number in `pid:[4026531836]`, what a link in `/proc/PID/ns` leads to.
pub(super) fn inode_of_link(link: &str) -> Option<u64> {
    link.split_once(":[")?.1.strip_suffix(']')?.parse().ok()
}

/// `NSpid` has one number for each namespace from that of `/proc` down to the process's own.
fn levels_below(status: &Status) -> usize {
    status.nspid.as_ref().map_or(0, |pids| pids.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(tgid: i32, nspid: &str) -> Status {
        let text = format!(
            "Name:\tw: \u{fffd}\nState:\tS (sleeping)\nTgid:\t{tgid}\nPid:\t42\nPPid:\t7\n\
             TracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t64\nGroups:\t\n\
             NSpid:\t{nspid}\nThreads:\t4\nSigQ:\t0/9\nSigPnd:\t0\nShdPnd:\t0\nSigBlk:\t0\n\
             SigIgn:\t0\nSigCgt:\t0\nCapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nKthread:\t0\n"
        );
        parse_status(text.as_bytes()).unwrap()
    }

    /// As the kernel writes it, cut after the last field that the parser insists on.
    fn stat(state: char, flags: u32, threads: u32) -> Stat {
        let text = format!(
            "42 (a) b (c) {state} 7 42 42 0 -1 {flags} 10 0 1 0 5 6 0 0 20 0 {threads} 0 123456 \
             1000 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
        );
        Stat::from_read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_process_is_described_even_with_brackets_in_its_name() {
        let process = classify(42, &status(42, "42"), stat('S', 0x40_0000, 4)).unwrap();
        assert_eq!(
            process,
            Process { pid: 42, ppid: 7, comm: "a) b (c".into(), threads: 4, start_ticks: 123_456 }
        );
    }

    #[test]
    fn a_thread_id_leads_to_the_process_it_belongs_to() {
        let error = classify(42, &status(40, "42"), stat('S', 0x40_0000, 4)).unwrap_err();
        assert!(matches!(error, TargetError::IsThread { tid: 42, tgid: 40 }));
        assert!(error.to_string().contains("`--pid 40`"));
    }

    #[test]
    fn a_kernel_thread_is_refused_by_its_flag() {
        let error = classify(42, &status(42, "42"), stat('I', 0x0020_8040, 1)).unwrap_err();
        assert!(matches!(error, TargetError::KernelThread { pid: 42, .. }));
    }

    #[test]
    fn a_zombie_has_ended_unless_other_threads_of_it_live() {
        let dead = classify(42, &status(42, "42"), stat('Z', 0x40_0000, 1)).unwrap_err();
        assert!(matches!(dead, TargetError::Ended { pid: 42, ppid: 7, .. }));
        assert!(classify(42, &status(42, "42"), stat('Z', 0x40_0000, 3)).is_ok());
    }

    #[test]
    fn a_name_that_is_no_utf_8_hides_nothing() {
        let text = b"Name:\t\xff\xfe\nState:\tS\nTgid:\t1\nPid:\t1\nPPid:\t0\nTracerPid:\t0\n\
            Uid:\t0 0 0 0\nGid:\t0 0 0 0\nFDSize:\t64\nGroups:\t\nThreads:\t1\nSigQ:\t0/9\n\
            SigPnd:\t0\nShdPnd:\t0\nSigBlk:\t0\nSigIgn:\t0\nSigCgt:\t0\nCapInh:\t0\nCapPrm:\t0\n\
            CapEff:\t0\n";
        assert_eq!(parse_status(text).unwrap().tgid, 1);
    }

    #[test]
    fn a_process_that_went_while_it_was_read_is_reported_as_gone() {
        let gone = ProcError::Io(io::Error::from_raw_os_error(libc::ESRCH), None);
        assert!(matches!(from_proc_error(9, gone), TargetError::NoSuchProcess(9)));
        let refused = ProcError::PermissionDenied(None);
        assert!(matches!(from_proc_error(9, refused), TargetError::Unreadable { pid: 9, .. }));
    }

    #[test]
    fn the_tracer_refuses_itself_and_what_cannot_exist() {
        let own = i32::try_from(process::id()).unwrap();
        assert!(matches!(resolve_pid(own), Err(TargetError::Itself(_))));
        assert!(matches!(resolve_pid(i32::MAX), Err(TargetError::NoSuchProcess(i32::MAX))));
        assert!(matches!(resolve_pid(-1), Err(TargetError::NoSuchProcess(-1))));
        assert!(matches!(resolve_pid(0), Err(TargetError::NoSuchProcess(0))));
    }

    #[test]
    fn this_very_process_is_found_in_proc() {
        let own = i32::try_from(process::id()).unwrap();
        assert!(all_pids().unwrap().contains(&own));
        assert_eq!(tgid_of(own).unwrap(), own);
        assert!(threads(own).unwrap().contains(&own));
        assert!(comm(own).is_some());
        assert!(!cmdline(own).unwrap().is_empty());
    }

    #[test]
    fn namespaces_are_told_apart_by_their_inode_and_by_nspid() {
        assert_eq!(inode_of_link("pid:[4026531836]"), Some(INITIAL_PID_NAMESPACE));
        assert_eq!(inode_of_link("pid:[x]"), None);
        assert_eq!(inode_of_link(""), None);
        assert_eq!(levels_below(&status(42, "42")), 0);
        assert_eq!(levels_below(&status(42, "42\t3\t1")), 2);
        assert!(!PidNamespace { inode: 4_026_532_201, below_proc: 0 }.is_initial());
    }
}
