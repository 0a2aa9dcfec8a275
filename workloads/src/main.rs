//! Programs of known arithmetic: each makes a situation that `tracer` explains, and says as JSON
//! what it did, so that what a tracer says can be held against it.
//!
//! ```text
//! workloads brk-loop   [--procs N] …
//! workloads mmap-storm [--procs N] [--kib KIB] …
//! workloads oversubscribe [--threads T] [--wait yield|spin] [--size M] [--quota CPUS] …
//! workloads interpreter-lock [--style python2|python3|pool] [--threads T] …
//! workloads shm-sum    [--procs N] [--start exec|fork] [--passes P] …
//! workloads gather     [--procs N] [--serial] …
//! workloads shared-columns [--procs N] [--rows R] …
//! workloads data-loader [--procs N] [--by read|map] …
//! workloads syscalls   [--threads T] [--procs P] [--repeat N] [--start-after-stdin] [--hold] STEP…
//! workloads scene      NAME …
//! ```
//!
//! All but the last two make a situation that someone met; with `--healthy` each does the same work
//! without the trouble. They end after `--seconds` or `--iterations`, or at SIGTERM or SIGINT, and
//! tell in `iterations` how far they came. What each does, and whose story it is, is told at the
//! top of its folder, and of `brk-loop` below.
//!
//! # Truth
//!
//! Every line on standard output is one JSON object, written by one `write`. Times are integer
//! nanoseconds. Most objects have a span, which tells what the counted part of the work spent:
//!
//! | field | meaning |
//! |---|---|
//! | `start_ns`, `end_ns`, `wall_ns` | `CLOCK_MONOTONIC` at both ends, and what lies between |
//! | `utime_ns`, `stime_ns`, `minflt`, `majflt`, `voluntary`, `involuntary` | `getrusage(RUSAGE_THREAD)`, end less start |
//! | `schedstat {on_cpu_ns, wait_ns, slices}` | `/proc/thread-self/schedstat`, end less start; null without `CONFIG_SCHED_INFO` |
//!
//! Several threads are summed (and reach from the first start to the last end); threads that only
//! wait for them are not in the sum. `utime_ns + stime_ns` is `on_cpu_ns` but for rounding; their
//! split is sampled by the tick on most kernels. The CPU clock of the thread is read first, which
//! brings `on_cpu_ns` up to date.
//!
//! Calls are counted by name in `calls` and, if they failed, in `errors` too; `brk` has three
//! names, `brk grow`, `brk shrink` and `brk query`. A name that is missing was called 0 times.
//!
//! # `brk-loop`: temporaries that make glibc move the break
//!
//! A service runs one numeric process per CPU, each computing
//! `scipy.signal.spectrogram(x, 8820, window='hann', nperseg=512, noverlap=256)` of 264,600
//! samples again and again. With more processes each gets slower, most of its time is system time,
//! and `strace` shows `brk` at the top. The processes share nothing but the kernel.
//!
//! `brk-loop` starts `--procs` (or `NUM_PROCS`; else as many as there are CPUs it may use) worker
//! processes, `workloads brk-loop worker`, by fork and exec. Each repeats that spectrogram with the
//! whole-array temporaries that `SciPy` makes, in the same order, and calls no memory function
//! itself: `malloc` and `free` do. They end after `--seconds`, `--iterations`, SIGTERM or SIGINT
//! (which the parent passes on), or when the parent dies.
//!
//! **Arithmetic.** 1,032 segments of 512 samples are R = 4,227,072 bytes (4.03 MiB); 1,032 spectra
//! of 257 complex numbers are C = 4,243,584 bytes (4.05 MiB). In the first turn these are mapped;
//! freeing a mapped chunk raises glibc's mmap threshold to the chunk's size and its trim threshold
//! to twice that, so from then on all come from the heap, and whenever over 8.1 MiB are free at its
//! top `free` gives them back. In the steady state (from the third turn on) every turn is:
//!
//! | step | `brk` | why |
//! |---|---|---|
//! | detrended copy | +R | |
//! | windowed copy | +R | |
//! | spectrum | +C | the hole of the detrended copy is 16 KiB too small |
//! | power | | fits where both copies were |
//! | spectrum freed | −2R | it lay at the top, with the rest of the hole below it |
//! | result | +C | |
//! | result freed | −2C | it lay at the top, with the freed power below it |
//!
//! That is 4 grows of together 16.16 MiB, 2 shrinks of together as much, and 4,072 page faults: the
//! same as of the Python program (with `NumPy` 1.14). n turns (n ≥ 2) make 4n − 4 grows and 2n − 2
//! shrinks. It takes glibc with its
//! default settings, and transparent huge pages not at `always`.
//! `MALLOC_TOP_PAD_=134217728` cures it: no `brk`, no faults, and several times the speed
//! (`--healthy` sets it for the workers); `MALLOC_MMAP_THRESHOLD_=131072` turns it into `mmap` and
//! `munmap`.
//!
//! **JSON**, one line per worker: `workload`, `pid`, `iterations`, a span over all turns, and
//! `brk_observed {grow, shrink, bytes_grown, bytes_shrunk}`: moves of the break during the turns,
//! which the worker sees by comparing `sbrk(0)` (glibc's own copy; no call is made) after every
//! allocation and release. One of these moves the break at most once, so the figures are exact.
//! Before the turns a worker makes a few more: the dynamic linker's and `malloc`'s first.
//! `--iterations 0` makes these alone.
//!
//! # `syscalls`: an exact number of named calls
//!
//! Each STEP is done in its order; `--help` lists them and what each counts as. All calls but the
//! 32-bit ones are `libc::syscall`, to which glibc adds nothing. A call that ends otherwise than
//! stated (a refused `brk`, say) ends the program with an error and without a truth.
//!
//! `--threads T` does all the steps in each of T threads, `--procs P` in each of P forked
//! processes: the figures of a process are T times the steps. Threads share their break, so
//! `brk-grow` and `brk-shrink` are refused with them. `--repeat` repeats the whole list: a million
//! `brk` are `--repeat 500000 brk-grow=1 brk-shrink=1`.
//!
//! With `--start-after-stdin` everything is prepared (processes, threads, memory to work on), then
//! `{"ready":true,"pid":…}` is printed, with `tids` of threads or `children` where there are some,
//! and the steps begin at the next line, or the end, of standard input. **Between the ready line
//! and the truth a process makes exactly the stated number of `brk`, `mmap`, `munmap`, `madvise`,
//! `mprotect`, `mremap`, `futex`, `sched_yield`, `nanosleep` and `getppid` calls**, and besides only
//! those that wait, measure and tell: `read`, `write`, `close`, `openat`, `getrusage`,
//! `clock_gettime`, `gettid` (and `fcntl` if it is not optimised). With `--hold` it waits after the truth
//! for the end of standard input, so that nothing of its end is counted either. A process that is
//! traced from its start makes more: about 20 `mmap`, 6 `mprotect`, 1 `munmap`, 2 `brk query` and
//! a few other `brk` before the steps, a `munmap` after them, and for each thread a few `mmap`,
//! `mprotect`, `munmap`, `madvise` and `futex`.
//!
//! **JSON**, one line per process that does steps: `workload`, `pid`, `tids` of threads, `calls`,
//! `errors`, `bytes {grown, shrunk}` of the break, `futex_wait_ns {count, total, min, max}` as
//! measured around each wait (null if there was none), and a span.
//!
//! `brk` has no errno: `brk-fail` asks for an address that no process can have, gets the old break
//! back, and counts as `brk grow` and as an error. 32-bit calls count as `compat getpid` and
//! `compat chdir`, for their numbers mean other calls among the 64-bit ones: `writev` and `brk`. A
//! kernel without 32-bit emulation answers them with SIGSEGV.
//!
//! # `scene`: beginnings, ends, interruptions
//!
//! Small plays of what happens to processes and threads while they are traced. Where there is a
//! `--start-after-stdin` it means what it means above. N calls are N `brk query` made directly.
//!
//! * `threads-spin --threads T --seconds S`: T threads stay in user mode; only seeding finds them.
//!   The truth is that of `syscalls`, with `tids`, no calls, and a span.
//! * `fork-tree --depth D --width W --calls N`: 1 + W + W² + … + W^D processes, each making N
//!   calls and printing `pid`, `ppid`, `depth`, `children`, `calls`. With `--fork-first` the whole
//!   tree exists at the ready line, which lists it; without, only the first process does.
//! * `short-lived --count C --calls N`: C children, one after the other, that make N calls and end
//!   by a direct `exit_group`. The parent prints `count`, `calls_each`, `calls_total` and the
//!   `children`'s pids.
//! * `exec-thread --calls-before M --calls N`: a thread that is not the leader makes M calls, prints
//!   `pid`, `tid`, `calls`, and executes `workloads syscalls brk-query=N`, which tells its own truth
//!   under the same pid. The leader is in a futex wait, which never returns.
//! * `restart --seconds S --every P`: a child is disturbed by its parent every P, each time while it
//!   sleeps in a call. Both print: the child its `calls` (one for each call it made, however often
//!   it was disturbed), the parent `child`, `stops`, `signals`.
//!   * `--call nanosleep` or `futex`: SIGSTOP and SIGCONT during calls of 1 s. Each stop makes one
//!     `restart_syscall`.
//!   * `--handler`: a handler with `SA_RESTART` runs during a `read`. The child makes 1 `read`; the
//!     kernel enters it `handler_runs` + 1 times, and leaves it with −512 (`ERESTARTSYS`) but for
//!     the last.
//!   * `--eintr`: the same without `SA_RESTART`. The child makes `handler_runs` + 1 `read`, all but
//!     the last of which are errors (EINTR; a tracer sees −512 here too, as the kernel decides
//!     after the call).
//! * `killed-in-call --threads T [--sigkill]`: T threads wait in `futex`; the line printed when all
//!   do (`pid`, `tids`, `ended_by_exit {"futex": T}`, `by`) comes before the end by `exit_group` or
//!   SIGKILL, `--seconds` later.
//! * `mid-call --seconds S --calls N`: one `futex` wait of S from the start, then N calls, then
//!   `calls`, `errors` and `futex_wait_ns`. Who attaches meanwhile sees the end of a call without
//!   its beginning.
//! * `ping-pong --iterations N`: two threads give each other the turn N times each. `calls.futex` is
//!   2N wakes and `futex_wait_ns.count` waits, of which `errors.futex` ended with EAGAIN.

mod arguments;
mod brk_loop;
mod children;
mod crew;
mod crunch;
mod data_loader;
mod gate;
mod gather;
mod handshake;
mod interpreter_lock;
mod line;
mod mmap_storm;
mod oversubscribe;
mod procs;
mod progress;
mod raw;
mod roll_call;
mod scene;
mod shared_columns;
mod shm_sum;
mod syscalls;
mod tally;
mod truth;
mod until;
mod workers;

use std::io;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Programs of known arithmetic: each prints what it did as JSON, one line for each process
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
enum Workload {
    /// Processes whose numeric temporaries make glibc grow and trim the heap
    BrkLoop(brk_loop::Args),
    /// Processes whose arrays are mapped and unmapped in every turn
    MmapStorm(mmap_storm::Args),
    /// A pool of threads, larger than the CPUs it may use, that multiplies matrices
    Oversubscribe(oversubscribe::Args),
    /// Threads of which only one can work at a time, fighting or waiting for their turn
    InterpreterLock(interpreter_lock::Args),
    /// Processes that sum disjoint parts of one array in shared memory
    ShmSum(shm_sum::Args),
    /// A dispatcher that gives tasks to worker processes and gathers their answers
    Gather(gather::Args),
    /// Processes that add to columns of one table in shared memory, side by side
    SharedColumns(shared_columns::Args),
    /// Processes that read a file which is not in memory, record by record
    DataLoader(data_loader::Args),
    /// An exact number of named calls
    Syscalls(syscalls::Args),
    /// A small scene of how processes and threads begin, end, and are interrupted
    Scene(scene::Args),
}

fn main() -> ExitCode {
    match run(Workload::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workloads: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(workload: Workload) -> Result<()> {
    match workload {
        Workload::BrkLoop(args) => brk_loop::run(&args),
        Workload::MmapStorm(args) => mmap_storm::run(&args),
        Workload::Oversubscribe(args) => oversubscribe::run(&args),
        Workload::InterpreterLock(args) => interpreter_lock::run(&args),
        Workload::ShmSum(args) => shm_sum::run(&args),
        Workload::Gather(args) => gather::run(&args),
        Workload::SharedColumns(args) => shared_columns::run(&args),
        Workload::DataLoader(args) => data_loader::run(&args),
        Workload::Syscalls(args) => syscalls::run(args),
        Workload::Scene(args) => scene::run(args),
    }
}

/// Whether the reader of standard output has gone, who then has read what he wanted.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    kinds.map(io::Error::kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}
