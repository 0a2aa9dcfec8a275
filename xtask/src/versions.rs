//! The one place that knows version numbers, package names and where they come from.

use std::{ops::RangeInclusive, path::PathBuf};

use crate::version::Version;

/// The release of bpf-linker that is built when none that fits is found.
pub(crate) const BPF_LINKER: &str = "0.13.0";

/// The oldest release that is taken from `PATH`: older ones borrow the LLVM of whichever compiler
/// they find when they start, so what they tell of it is not to be relied on.
pub(crate) const BPF_LINKER_OLDEST: Version = Version::new(0, 11, 0);

/// LLVM majors that this release of bpf-linker has a feature (`llvm-22`) for.
pub(crate) const BPF_LINKER_LLVM: RangeInclusive<u32> = 21..=23;

/// The rustup toolchain that may build `core` for the eBPF target.
pub(crate) const NIGHTLY: &str = "nightly";

/// Where a distribution keeps its own `rustc`, `cargo`, `cargo-clippy` and `rustdoc`.
pub(crate) const SYSTEM_BIN: &str = "/usr/bin";

/// The eBPF target, in the byte order of this machine.
pub(crate) const BPF_TARGET: &str =
    if cfg!(target_endian = "little") { "bpfel-unknown-none" } else { "bpfeb-unknown-none" };

/// The crate that holds the eBPF programs, and the name of the object it links to.
pub(crate) const BPF_PACKAGE: &str = "tracer-ebpf";

/// Its other object: empty programs, which costs are measured against.
pub(crate) const FLOOR: &str = "floor";

/// Crates of the eBPF side that use unstable features, as a stable compiler wants them named.
/// Both need `asm_experimental_arch` for inline assembly on eBPF.
pub(crate) const BPF_UNSTABLE: &str = "aya_ebpf,tracer_ebpf";

/// The development package of one LLVM major on Debian and its relatives.
pub(crate) fn llvm_package(major: u32) -> String {
    format!("llvm-{major}-dev")
}

/// Where those packages put it.
pub(crate) fn llvm_prefix(major: u32) -> PathBuf {
    PathBuf::from(format!("/usr/lib/llvm-{major}"))
}

/// Programs that the tests compare tracer with or trace.
pub(crate) const TEST_PROGRAMS: [&str; 3] = ["strace", "perf", "python3"];

/// The releases of `CPython`, oldest and newest, that there are ready-built packages for of what
/// `tests/python/requirements.txt` asks for.
pub(crate) const PYTHON: [(u32, u32); 2] = [(3, 11), (3, 14)];

/// The package that brings a Python which can make environments.
pub(crate) const PYTHON_VENV: &str = "python3-venv";

/// Programs that boot an old kernel, each with its package.
pub(crate) const EMULATOR: [(&str, &str); 2] =
    [("qemu-system-x86_64", "qemu-system-x86"), ("busybox", "busybox-static")];

/// The package that depends on the newest release of Debian 12's kernel for virtual machines, and how
/// the names of those begin.
pub(crate) const OLD_KERNEL: &str = "linux-image-cloud-amd64";
pub(crate) const OLD_KERNEL_IMAGE: &str = "linux-image-6.1.";

/// Programs that costs are compared with, as far as they are there.
pub(crate) const BENCH_PROGRAMS: [&str; 5] =
    ["strace", "perf", "syscount", "runqlat", "offcputime"];

/// Where programs for administrators are, which a user's `PATH` may lack.
pub(crate) const ADMIN_BINS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// The package that a program is in.
pub(crate) fn package_of(program: &str) -> &str {
    match program {
        "perf" => "linux-perf",
        "syscount" | "runqlat" | "offcputime" => "libbpf-tools",
        other => other,
    }
}

/// A distribution that ships a ready-built `core` for the eBPF target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// `ID` and `VERSION_ID` of its os-release file.
    pub(crate) id: (&'static str, &'static str),
    /// The compiler, its cargo, and `core` for eBPF.
    pub(crate) rust: &'static [&'static str],
    /// Clippy for that compiler.
    pub(crate) clippy: &'static str,
    /// Rustfmt, for those whose only toolchain is the distribution's.
    pub(crate) rustfmt: &'static str,
    /// The LLVM major of that compiler when this was written. Once the compiler is installed, its
    /// own word counts.
    pub(crate) llvm: u32,
}

/// The distributions known to do so.
pub(crate) const DISTRIBUTIONS: &[Distribution] = &[Distribution {
    // From the security archive, which brings a newer compiler for its web browsers.
    id: ("debian", "12"),
    rust: &["rustc-web", "cargo-web", "libstd-rust-web-dev-bpf"],
    clippy: "rust-web-clippy",
    rustfmt: "rustfmt-web",
    llvm: 22,
}];
