//! Where the fields that the eBPF programs read sit in the running kernel's structs.

use anyhow::{Context as _, ensure};

use super::btf::{Btf, kernel_bytes};

/// Byte offsets of kernel fields. A field's comment names it and its width.
///
/// Widths are checked when they are read, because the eBPF programs load fixed widths: a field that
/// has another one on this kernel is an error, not a wrong figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets {
    /// `task_struct.pid`, 4 bytes: the thread's id.
    pub pid: u32,
    /// `task_struct.tgid`, 4 bytes: the process's id.
    pub tgid: u32,
    /// `task_struct.comm`, 16 bytes, ended by a zero byte.
    pub comm: u32,
    /// `task_struct.start_boottime` (before 5.5 `real_start_time`), 8 bytes: ns of CLOCK_BOOTTIME.
    pub start_boottime: u32,
    /// `task_struct.mm`, a pointer, null in kernel threads.
    pub mm: u32,
    /// `task_struct.group_leader`, a pointer.
    pub group_leader: u32,
    /// `task_struct.real_parent`, a pointer.
    pub real_parent: u32,
    /// `task_struct.flags`, 4 bytes: the `PF_` flags.
    pub flags: u32,
    /// `task_struct.exit_code`, 4 bytes: as `wait` reports it.
    pub exit_code: u32,
    /// `task_struct.min_flt`, 8 bytes: page faults served without I/O.
    pub min_flt: u32,
    /// `task_struct.maj_flt`, 8 bytes: page faults that waited for I/O.
    pub maj_flt: u32,
    /// `task_struct.utime`, 8 bytes: ns, sampled at ticks on most kernels.
    pub utime: u32,
    /// `task_struct.stime`, 8 bytes: ns, likewise.
    pub stime: u32,
    /// `task_struct.__state` (before 5.14 `state`), 4 bytes: the `TASK_` states.
    pub state: u32,
    /// `task_struct.se.sum_exec_runtime`, 8 bytes: ns on a CPU, as of the last tick or switch.
    pub exec_runtime: u32,
    /// `task_struct.on_cpu`, 4 bytes: 1 while it runs.
    pub on_cpu: u32,
    /// `task_struct.signal`, a pointer to the process's `signal_struct`.
    pub signal: u32,
    /// `task_struct.self_exec_id`, 8 bytes: changes with each exec.
    pub self_exec_id: u32,
    /// `task_struct.throttled`, 1 byte: stopped by a CPU quota. Since 6.18, with quotas built in.
    pub throttled: Option<u32>,
    /// `task_struct.thread_info.cpu` or `task_struct.cpu`, 4 bytes: where it runs or ran last.
    pub cpu: u32,
    /// `task_struct.thread_info.status`, 4 bytes: tells 32-bit calls. On `x86_64` alone.
    pub status: Option<u32>,
    /// `task_struct.thread_pid`, a pointer to the thread's `pid`.
    pub thread_pid: u32,
    /// `pid.level`, 4 bytes: how deep its namespace lies.
    pub pid_level: u32,
    /// `pid.numbers`, an array of `upid`, one for each namespace on the way down.
    pub pid_numbers: u32,
    /// Size of `upid`: its first 4 bytes are the number.
    pub upid_size: u32,
    /// `mm_struct.brk`, 8 bytes: the end of the heap.
    pub mm_brk: u32,
    /// `mm_struct.mmap_lock`; before 5.8 it was `mmap_sem`.
    pub mmap_lock: Option<u32>,
    /// `signal_struct.nr_threads`, 4 bytes: threads not yet released.
    pub nr_threads: u32,
    /// `signal_struct.live`, 4 bytes: threads that have not begun to exit.
    pub live: u32,
    /// `pt_regs`: the first four arguments of a system call, 8 bytes each.
    pub arguments: [u32; 4],
    /// `pt_regs.orig_ax` (8 bytes) on `x86_64`, `pt_regs.syscallno` (4 bytes) on aarch64.
    pub syscall_number: u32,
    /// `pt_regs.sp`, 8 bytes: the user's stack pointer.
    pub stack_pointer: u32,
    /// `pt_regs.ip` on `x86_64`, `pt_regs.pc` on aarch64, 8 bytes: where the user program goes on.
    pub instruction_pointer: u32,
    /// `pt_regs.cx`, 8 bytes: after a 64-bit call's entry it is the same as `ip`. On `x86_64` alone.
    pub count_register: Option<u32>,
}

impl Offsets {
    /// Reads them from the running kernel's BTF.
    ///
    /// # Errors
    /// If there is no BTF, or it lacks a field without which nothing can be traced.
    pub fn from_kernel() -> anyhow::Result<Self> {
        let bytes = kernel_bytes()?;
        Self::from_btf(&Btf::parse(&bytes)?).context(
            "the running kernel lacks a field that the eBPF programs read: \
             `tracer doctor` says which kernels are supported",
        )
    }

    /// Reads them from BTF that is at hand.
    ///
    /// # Errors
    /// If a field is not there or has another width than the eBPF programs load.
    pub fn from_btf(btf: &Btf<'_>) -> anyhow::Result<Self> {
        let field = |record: &str, path: &str, width: u32| -> anyhow::Result<u32> {
            let found = btf.offset_of(record, path)?;
            ensure!(
                found.size == width,
                "{record}.{path} is {} bytes wide on this kernel, not {width}",
                found.size
            );
            Ok(found.offset)
        };
        let task = |path: &str, width: u32| field("task_struct", path, width);
        Ok(Self {
            pid: task("pid", 4)?,
            tgid: task("tgid", 4)?,
            comm: task("comm", 16)?,
            start_boottime: task("start_boottime", 8).or_else(|e| {
                // The first name's error is the one to show: it is the one of today's kernels.
                task("real_start_time", 8).map_err(|_| e)
            })?,
            mm: task("mm", 8)?,
            group_leader: task("group_leader", 8)?,
            real_parent: task("real_parent", 8)?,
            flags: task("flags", 4)?,
            exit_code: task("exit_code", 4)?,
            min_flt: task("min_flt", 8)?,
            maj_flt: task("maj_flt", 8)?,
            utime: task("utime", 8)?,
            stime: task("stime", 8)?,
            state: task("__state", 4).or_else(|e| task("state", 4).map_err(|_| e))?,
            exec_runtime: task("se.sum_exec_runtime", 8)?,
            on_cpu: task("on_cpu", 4)?,
            signal: task("signal", 8)?,
            self_exec_id: task("self_exec_id", 8)?,
            throttled: task("throttled", 1).ok(),
            cpu: task("thread_info.cpu", 4).or_else(|e| task("cpu", 4).map_err(|_| e))?,
            status: task("thread_info.status", 4).ok(),
            thread_pid: task("thread_pid", 8)?,
            pid_level: field("pid", "level", 4)?,
            pid_numbers: btf.offset_of("pid", "numbers")?.offset,
            upid_size: {
                ensure!(field("upid", "nr", 4)? == 0, "upid.nr is not the first member of upid");
                let ns = btf.offset_of("upid", "ns")?;
                ns.offset + ns.size
            },
            mm_brk: field("mm_struct", "brk", 8)?,
            mmap_lock: btf.offset_of("mm_struct", "mmap_lock").ok().map(|found| found.offset),
            nr_threads: field("signal_struct", "nr_threads", 4)?,
            live: field("signal_struct", "live", 4)?,
            arguments: arguments(btf)?,
            syscall_number: btf.offset_of("pt_regs", SYSCALL_NUMBER)?.offset,
            stack_pointer: field("pt_regs", "sp", 8)?,
            instruction_pointer: field("pt_regs", INSTRUCTION_POINTER, 8)?,
            count_register: field("pt_regs", "cx", 8).ok(),
        })
    }
}

/// What `pt_regs` calls the number of the system call.
const SYSCALL_NUMBER: &str = if cfg!(target_arch = "x86_64") { "orig_ax" } else { "syscallno" };

/// What it calls the place where the user program goes on.
const INSTRUCTION_POINTER: &str = if cfg!(target_arch = "x86_64") { "ip" } else { "pc" };

/// The first four arguments, in calling order.
fn arguments(btf: &Btf<'_>) -> anyhow::Result<[u32; 4]> {
    let offset = |name: &str| btf.offset_of("pt_regs", name).map(|found| found.offset);
    if cfg!(target_arch = "x86_64") {
        Ok([offset("di")?, offset("si")?, offset("dx")?, offset("r10")?])
    } else {
        let first = offset("regs")?;
        Ok([first, first + 8, first + 16, first + 24])
    }
}

#[cfg(test)]
mod tests {
    use super::super::btf::fixture::{Blob, member};
    use super::*;

    const TASK_4: [&str; 6] = ["pid", "tgid", "flags", "exit_code", "on_cpu", "cpu"];
    const TASK_8: [&str; 11] = [
        "start_boottime",
        "mm",
        "group_leader",
        "real_parent",
        "min_flt",
        "maj_flt",
        "utime",
        "stime",
        "signal",
        "self_exec_id",
        "thread_pid",
    ];

    /// A kernel without `thread_info`, each `task_struct` field at 64 bits after the one before;
    /// `pid_width` in bytes, `start` the name of the start time's field.
    fn kernel(pid_width: u32, start: &str) -> Vec<u8> {
        let mut blob = Blob::default();
        let int = blob.int("int", 4);
        let long = blob.int("long", 8);
        let char = blob.int("char", 1);
        let comm = blob.array(char, 16);
        let pid = blob.int("pid_t", pid_width);
        let mut members = vec![member("comm", comm, 0)];
        let fields = TASK_4.iter().map(|&name| (name, if name == "pid" { pid } else { int }));
        let fields = fields.chain(TASK_8.iter().map(|&name| (name, long)));
        let se = blob.record("sched_entity", 16, &[member("sum_exec_runtime", long, 64)]);
        let fields = fields.chain([("__state", int), ("se", se)]);
        for ((name, id), slot) in fields.zip(2_u32..) {
            let name = if name == "start_boottime" { start } else { name };
            members.push(member(name, id, slot * 64));
        }
        blob.record("task_struct", 512, &members);
        let upid = blob.record("upid", 16, &[member("nr", int, 0), member("ns", long, 64)]);
        let numbers = blob.array(upid, 0);
        blob.record("pid", 96, &[member("level", int, 32), member("numbers", numbers, 768)]);
        blob.record("mm_struct", 64, &[member("brk", long, 128)]);
        blob.record("signal_struct", 8, &[member("live", int, 0), member("nr_threads", int, 32)]);
        let registers = ["r10", "dx", "si", "di", "orig_ax", "sp", "regs", "syscallno", "ip", "pc"];
        let registers: Vec<_> =
            registers.iter().zip(0_u32..).map(|(&name, i)| member(name, long, i * 64)).collect();
        blob.record("pt_regs", 80, &registers);
        blob.bytes()
    }

    fn read(bytes: &[u8]) -> anyhow::Result<Offsets> {
        Offsets::from_btf(&Btf::parse(bytes)?)
    }

    #[test]
    fn every_field_is_found_and_those_of_other_kernels_are_none() {
        let offsets = read(&kernel(4, "start_boottime")).unwrap();
        assert_eq!((offsets.comm, offsets.pid, offsets.tgid), (0, 16, 24));
        assert_eq!((offsets.mm_brk, offsets.live, offsets.nr_threads), (16, 0, 4));
        assert_eq!((offsets.status, offsets.throttled), (None, None));
        assert_eq!(offsets.cpu, 56, "from task_struct itself, as there is no thread_info");
    }

    #[test]
    fn the_numbers_of_a_pid_in_its_namespaces_are_an_array_of_known_stride() {
        let offsets = read(&kernel(4, "start_boottime")).unwrap();
        assert_eq!((offsets.pid_level, offsets.pid_numbers, offsets.upid_size), (4, 96, 16));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_arguments_of_a_call_are_in_calling_order() {
        let offsets = read(&kernel(4, "start_boottime")).unwrap();
        assert_eq!(offsets.arguments, [24, 16, 8, 0]);
        assert_eq!((offsets.syscall_number, offsets.stack_pointer), (32, 40));
    }

    #[test]
    fn the_older_name_of_the_start_time_is_understood() {
        let newer = read(&kernel(4, "start_boottime")).unwrap();
        assert_eq!(read(&kernel(4, "real_start_time")).unwrap(), newer);
    }

    #[test]
    fn a_field_of_another_width_is_an_error_and_not_a_wrong_figure() {
        let error = read(&kernel(8, "start_boottime")).unwrap_err().to_string();
        assert_eq!(error, "task_struct.pid is 8 bytes wide on this kernel, not 4");
    }

    #[test]
    fn a_missing_field_is_named() {
        let error = read(&kernel(4, "start")).unwrap_err().to_string();
        assert_eq!(error, "this kernel's BTF has no task_struct.start_boottime");
    }
}
