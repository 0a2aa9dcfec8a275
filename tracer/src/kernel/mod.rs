//! What this machine's kernel is, has and allows: read from its BTF, `/proc` and `/sys`.
//!
//! Reading files is kept apart from parsing, so that every parser is tested on plain text or bytes.

pub mod btf;
pub mod cgroup;
pub mod cpu_limit;
pub mod cpu_stat;
pub mod features;
pub mod offsets;
pub mod proc;
pub mod selection;
pub mod syscalls;
