//! Loads the programs, names their targets, takes their records out, lets go of them.
//!
//! This knows nothing of what a call means. The order matters: load and attach everything, then
//! [mark](Programs::mark) and [seed](Programs::seed) the targets, and only then open the window.
//! Whichever way the tracer ends, nothing stays in the kernel: all of it hangs on file descriptors.

mod cost;
mod fold;
mod frozen;
mod locks;
mod records;
mod refusal;
mod ring;
mod sampler;
mod shared;
mod sys;

pub use cost::Cost;
pub use fold::OfAll;
pub use frozen::Settings;
pub use sampler::Sampling;
pub use sys::{cpu_time, raise_priority};

use std::{
    io::{self, Read as _},
    os::fd::{AsFd as _, OwnedFd},
};

use anyhow::{Context as _, Result, anyhow, bail};
use aya::{
    Btf, Ebpf, EbpfLoader, include_bytes_aligned,
    maps::{Map, MapData, PerCpuArray, RingBuf},
    programs::{BtfTracePoint, Iter, Program},
};
use aya_log::EbpfLogger;
use log::Log;
use nix::errno::Errno;
use tokio::io::unix::AsyncFd;
use tracer_common::{
    config::ABSENT,
    control::Control,
    cpu::{Counter, Cpu},
    fold::{FoldedCalls, FoldedStays},
    locks::LockWaits,
    record::Slice,
    shape::Cell,
    thread::Thread,
};

use self::{
    cost::Counting,
    records::Records,
    refusal::{refused, refused_program},
    sampler::Sampler,
    shared::Shared,
};

/// The programs, built by `cargo xtask build` and carried in the binary.
static OBJECT: &[u8] = include_bytes_aligned!(env!("TRACER_BPF_OBJECT"));

/// Each program and the tracepoint it is attached to.
const TRACEPOINTS: [(&str, &str); 8] = [
    ("sched_switch", "sched_switch"),
    ("sched_waking", "sched_waking"),
    ("sched_wakeup", "sched_wakeup"),
    ("sched_process_fork", "sched_process_fork"),
    ("sched_process_exec", "sched_process_exec"),
    ("sched_process_exit", "sched_process_exit"),
    ("sys_enter", "sys_enter"),
    ("sys_exit", "sys_exit"),
];
/// The task iterators.
const SEED: &str = "seed";
const OPEN_CALLS: &str = "open_calls";
const STANDINGS: &str = "standings";

/// A child of a target can be born behind a walk; a tree that outruns this many walks does nothing
/// but fork.
const MAX_WALKS: usize = 64;

/// The bytes of one record, and the ring they come from.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// A [`Life`](tracer_common::record::Life).
    Life(&'a [u8]),
    /// A [`Call`](tracer_common::record::Call).
    Call(&'a [u8]),
    /// A [`Slice`].
    Slice(&'a [u8]),
    /// A [`Sample`](tracer_common::record::Sample).
    Sample(&'a [u8]),
    /// A [`LockWaits`].
    LockWaits(&'a [u8]),
    /// A [`FoldedCalls`].
    FoldedCalls(&'a [u8]),
    /// A [`FoldedStays`].
    FoldedStays(&'a [u8]),
}

impl<'a> Record<'a> {
    /// One that a full ring must not cost: the kinds differ in size.
    fn saved(bytes: &'a [u8]) -> Self {
        const SLICE: usize = size_of::<Slice>();
        const LOCK_WAITS: usize = size_of::<LockWaits>();
        const FOLDED_CALLS: usize = size_of::<FoldedCalls>();
        const FOLDED_STAYS: usize = size_of::<FoldedStays>();
        match bytes.len() {
            SLICE => Self::Slice(bytes),
            LOCK_WAITS => Self::LockWaits(bytes),
            FOLDED_CALLS => Self::FoldedCalls(bytes),
            FOLDED_STAYS => Self::FoldedStays(bytes),
            _ => Self::Call(bytes),
        }
    }
}

/// What came of marking a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It waits to be seeded.
    Now,
    /// It was a target already, as the child of one perhaps.
    Before,
    /// There is no such process any more.
    Gone,
}

/// The programs in the kernel, attached for as long as this lives.
pub struct Programs {
    bpf: Ebpf,
    records: Records,
    sampler: Sampler,
    lives: RingBuf<MapData>,
    /// What a full ring must not cost.
    saved: RingBuf<MapData>,
    cells: Shared<Cell>,
    marks_throttling: bool,
    counts_lock_waits: bool,
    _counting: Option<Counting>,
    /// What the programs say, with `--verbose`.
    log: Option<EbpfLogger<&'static dyn Log>>,
}

impl Programs {
    /// Loads and attaches everything. Nothing is traced before targets are marked and seeded
    /// (except under [`Settings::all`], where seeding alone does it).
    ///
    /// # Errors
    /// With what the kernel refused, and why.
    pub fn attach(settings: &Settings) -> Result<Self> {
        let mut programs = Self::load(settings)?;
        programs.log_verified();
        for (name, tracepoint) in TRACEPOINTS {
            let program: &mut BtfTracePoint = programs.program(name)?.try_into()?;
            program
                .attach()
                .map_err(|e| refused(&format!("attaching to the tracepoint `{tracepoint}`"), e))?;
        }
        programs.sampler = Sampler::start(&mut programs.bpf, settings.sample_hz, possible_cpus()?);
        if programs.counts_lock_waits {
            programs.attach_locks()?;
        }
        Ok(programs)
    }

    /// Loads what tracing cannot do without, which has the verifier look at each program, and attaches
    /// nothing. The sampler comes when it is attached: without it a report only has less to tell.
    ///
    /// # Errors
    /// As for [`attach`](Self::attach).
    pub fn load(settings: &Settings) -> Result<Self> {
        let config = frozen::config(settings)?;
        let btf = Btf::from_sys_fs().context("cannot read the kernel's BTF")?;
        let cpus = possible_cpus()?;
        let level = log::max_level() as u8;
        let mut bpf = EbpfLoader::new()
            .btf(Some(&btf))
            .allow_unsupported_maps() // Task-local storage, which aya has no type for.
            .map_max_entries("RECORDS", cpus.saturating_mul(config.ring_slots))
            .map_max_entries("READ_TO", cpus)
            .map_max_entries("SAMPLES", cpus)
            .map_max_entries("CELLS", fold::cells(cpus))
            .override_global("CONFIG", &config, true)
            .override_global(aya_log::LEVEL, &level, false)
            .load(OBJECT)
            .map_err(|e| refused("loading the eBPF maps", e))?;
        let log = EbpfLogger::init(&mut bpf)
            .inspect_err(|e| log::debug!("no messages from the eBPF programs: {e}"))
            .ok();
        let lives = bpf.take_map("LIVES").context("the eBPF object has no ring for lives")?;
        let saved = bpf.take_map("SAVED").context("the eBPF object has no ring to save in")?;
        let mut programs = Self {
            records: Records::of(&bpf, cpus, config.ring_slots)?,
            cells: Shared::map(&bpf, "CELLS", fold::cells(cpus))?,
            bpf,
            sampler: Sampler::default(),
            lives: RingBuf::try_from(lives)?,
            saved: RingBuf::try_from(saved)?,
            marks_throttling: config.task_throttled != ABSENT,
            counts_lock_waits: false,
            _counting: settings.counts_cost.then(Counting::begin).transpose()?,
            log,
        };
        programs.control(&Control::CLOSED)?;
        for (name, tracepoint) in TRACEPOINTS {
            let program: &mut BtfTracePoint = programs.program(name)?.try_into()?;
            program
                .load(tracepoint, &btf)
                .map_err(|e| refused_program(&format!("the program for `{tracepoint}`"), e))?;
        }
        programs.counts_lock_waits = programs.load_locks(&btf)?;
        for name in [SEED, OPEN_CALLS, STANDINGS, locks::ITERATOR, fold::CALLS, fold::STAYS] {
            let program: &mut Iter = programs.program(name)?.try_into()?;
            program
                .load("task", &btf)
                .map_err(|e| refused_program(&format!("the iterator `{name}`"), e))?;
        }
        Ok(programs)
    }

    fn program(&mut self, name: &str) -> Result<&mut Program> {
        self.bpf.program_mut(name).with_context(|| format!("the eBPF object has no `{name}`"))
    }

    /// Names a process, by a pid of the caller's namespace, as a target from the next
    /// [`seed`](Self::seed) on. With `held` nothing counts before its exec.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn mark(&self, pid: i32, held: bool) -> Result<Marked> {
        let Some(Map::Unsupported(threads)) = self.bpf.map("THREADS") else {
            bail!("the eBPF object has no task storage: rebuild it with `cargo xtask build`")
        };
        let held = if held { Thread::HELD } else { 0 };
        let state = Thread { flags: Thread::WANTED | held, ..Thread::default() };
        let marked = sys::pidfd_open(pid)
            .and_then(|pidfd| sys::store_for_task(threads.fd().as_fd(), &pidfd, &state));
        match marked {
            Ok(()) => Ok(Marked::Now),
            Err(Errno::EEXIST) => Ok(Marked::Before),
            Err(Errno::ESRCH | Errno::ENOENT) => Ok(Marked::Gone),
            Err(e) => Err(e).with_context(|| format!("cannot mark process {pid} as a target")),
        }
    }

    /// Adopts every thread of the processes marked, and of their descendants. Hands over a
    /// [`Life`](tracer_common::record::Life) for each.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn seed(&mut self, mut life: impl FnMut(&[u8])) -> Result<()> {
        for walk in 1.. {
            let adopted = self.walk(SEED)?;
            if adopted.is_empty() {
                break;
            }
            life(&adopted);
            if walk == MAX_WALKS {
                log::warn!("processes are born faster than they are found: some may be missed");
                break;
            }
        }
        // A thread can be switched in, unrecognised, while it is adopted. When every CPU has been
        // through a switch or a tick, the last walk finds it there and puts the CPU's flag right.
        sys::wait_for_every_cpu();
        life(&self.walk(SEED)?);
        Ok(())
    }

    /// The calls that are open now: one [`Call`](tracer_common::record::Call) after another.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn open_calls(&mut self) -> Result<Vec<u8>> {
        self.walk(OPEN_CALLS)
    }

    /// How every target thread stands: one [`Standing`](tracer_common::record::Standing) after
    /// another.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn standings(&mut self) -> Result<Vec<u8>> {
        self.walk(STANDINGS)
    }

    /// Lets an iterator walk over all threads, and returns what it writes.
    fn walk(&mut self, name: &str) -> Result<Vec<u8>> {
        let program: &mut Iter = self.program(name)?.try_into()?;
        let link = program.attach().with_context(|| format!("cannot start the iterator {name}"))?;
        let mut file = program.take_link(link)?.into_file()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| format!("the iterator {name} failed"))?;
        Ok(bytes)
    }

    /// Takes out all that waits in the rings, turning points first.
    pub fn drain(&mut self, mut record: impl FnMut(Record<'_>)) {
        // Taken before the turning points and told after them: nobody is met before his birth.
        let samples = self.sampler.take();
        while let Some(bytes) = self.lives.next() {
            record(Record::Life(&bytes));
        }
        if let Some(log) = &mut self.log {
            log.flush();
        }
        samples.for_each(|bytes| record(Record::Sample(bytes)));
        self.records.drain(&mut record);
        while let Some(bytes) = self.saved.next() {
            record(Record::saved(&bytes));
        }
    }

    /// Whether this kernel marks threads that a CPU quota has stopped.
    #[must_use]
    pub fn marks_throttling(&self) -> bool {
        self.marks_throttling
    }

    /// Whether the CPUs are sampled.
    #[must_use]
    pub fn sampling(&self) -> &Sampling {
        self.sampler.sampling()
    }

    /// Becomes readable when a ring is filling up. Needs a runtime of tokio's.
    ///
    /// # Errors
    /// If the runtime cannot watch it.
    pub fn pressure(&self) -> io::Result<AsyncFd<OwnedFd>> {
        sys::watch(self.saved.as_fd().try_clone_to_owned()?)
    }

    /// How often one kind of loss has happened since the start, on all CPUs.
    ///
    /// # Errors
    /// If the map cannot be read.
    pub fn count(&self, counter: Counter) -> Result<u64> {
        let map = self.bpf.map("CPUS").context("the eBPF object has no counters")?;
        let cpus: PerCpuArray<_, Cpu> = PerCpuArray::try_from(map)?;
        Ok(cpus.get(&0, 0)?.iter().map(|cpu| cpu.counters[counter as usize]).sum())
    }

    /// Detaches all programs but keeps what they have left behind.
    ///
    /// # Errors
    /// If the object lacks one of them.
    pub fn detach(&mut self) -> Result<()> {
        for (name, _) in TRACEPOINTS {
            let program: &mut BtfTracePoint = self.program(name)?.try_into()?;
            program.unload()?;
        }
        self.sampler.stop(&mut self.bpf)?;
        if self.counts_lock_waits { self.detach_locks() } else { Ok(()) }
    }
}

/// What to do about a kernel that says no.
/// CPUs that there may be, online or not: rings and cells are for each of them.
fn possible_cpus() -> Result<u32> {
    let cpus = aya::util::nr_cpus().map_err(|(what, e)| anyhow!(e).context(what))?;
    u32::try_from(cpus).context("number of possible CPUs")
}
