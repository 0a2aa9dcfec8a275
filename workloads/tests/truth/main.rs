//! The truth that the workloads tell, compared with what strace saw of the same run.

mod brk_loop;
mod data_loader;
mod gather;
mod interpreter_lock;
mod mmap_storm;
mod oversubscribe;
mod scene;
mod shared_columns;
mod shm_sum;
mod strace;
mod syscalls;
