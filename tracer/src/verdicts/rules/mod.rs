//! The rules, a file each.

mod churn;
pub(super) mod cpu_quota;
mod crew;
mod crowd;
pub(super) mod heap_churn;
pub(super) mod interpreter_lock_fight;
pub(super) mod interpreter_lock_wait;
pub(super) mod io_wait;
pub(super) mod mapping_churn;
pub(super) mod memory_bandwidth;
pub(super) mod mmap_lock;
pub(super) mod oversubscribed_spin;
pub(super) mod oversubscribed_yield;
pub(super) mod page_allocator;
pub(super) mod serial_dispatch;
pub(super) mod spinning_pool;
pub(super) mod start_up_cost;
pub(super) mod straggler;
mod waiting;
