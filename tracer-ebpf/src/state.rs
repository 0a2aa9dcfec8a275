//! The state of a thread, in task-local storage: found without hashing, gone with the thread.

use core::ptr;

use aya_ebpf::{
    bindings::{BPF_F_NO_PREALLOC, BPF_LOCAL_STORAGE_GET_F_CREATE, bpf_map_type},
    helpers::generated::bpf_task_storage_get,
    macros::btf_map,
};
use tracer_common::{cpu::Counter, fold::ThreadCalls, thread::Thread};

use crate::{cpu, task::Task};

/// The BTF form of a task storage map, which aya has no type for. Its members are read by the
/// loader from the debug information alone; at run time only the address counts.
#[repr(C)]
struct TaskStorage<T> {
    r#type: *const [i32; bpf_map_type::BPF_MAP_TYPE_TASK_STORAGE as usize],
    key: *const i32,
    value: *const T,
    max_entries: *const [i32; 0],
    map_flags: *const [i32; BPF_F_NO_PREALLOC as usize],
}

// SAFETY: nothing is ever read through the members.
unsafe impl<T> Sync for TaskStorage<T> {}

#[btf_map]
static THREADS: TaskStorage<Thread> = TaskStorage {
    r#type: ptr::null(),
    key: ptr::null(),
    value: ptr::null(),
    max_entries: ptr::null(),
    map_flags: ptr::null(),
};

/// Made only for threads whose calls find no room in their ring.
#[btf_map]
static FOLDED_CALLS: TaskStorage<ThreadCalls> = TaskStorage {
    r#type: ptr::null(),
    key: ptr::null(),
    value: ptr::null(),
    max_entries: ptr::null(),
    map_flags: ptr::null(),
};

#[inline(always)]
fn get<T>(map: &'static TaskStorage<T>, task: Task, flags: u32) -> Option<&'static mut T> {
    // SAFETY: the map and the task are what the helper wants, and the verifier checks both. What
    // comes back is null or a value of the map, which stays until the program ends. Another CPU may
    // write to it at the same time, but to other fields, or under the run-queue lock.
    unsafe {
        bpf_task_storage_get(
            ptr::from_ref(map).cast_mut().cast(),
            task.as_ptr(),
            ptr::null_mut(),
            flags.into(),
        )
        .cast::<T>()
        .as_mut()
    }
}

/// The state of a thread that has one.
#[inline(always)]
pub(crate) fn of(task: Task) -> Option<&'static mut Thread> {
    get(&THREADS, task, 0)
}

/// The state of a thread, made (all zero) if it has none; `None`, and counted, without memory.
#[inline(always)]
pub(crate) fn of_or_new(task: Task) -> Option<&'static mut Thread> {
    let state = get(&THREADS, task, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if state.is_none() {
        cpu::count(Counter::NoState);
    }
    state
}

/// The folded calls of a thread that has any.
#[inline(always)]
pub(crate) fn folded_calls(task: Task) -> Option<&'static mut ThreadCalls> {
    get(&FOLDED_CALLS, task, 0)
}

/// The folded calls of a thread, made (all zero) if it has none. Not to be called in the scheduler.
#[inline(always)]
pub(crate) fn folded_calls_or_new(task: Task) -> Option<&'static mut ThreadCalls> {
    get(&FOLDED_CALLS, task, BPF_LOCAL_STORAGE_GET_F_CREATE)
}

/// Whether a thread is traced now.
#[inline(always)]
pub(crate) fn is_watched(thread: &Thread) -> bool {
    thread.flags & (Thread::ADOPTED | Thread::HELD | Thread::DEAD) == Thread::ADOPTED
}
