//! The emulated machine: it boots once for all tests, does all that they ask, and is gone.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;
use tests::{programs, run};

/// An emulator that hangs as it boots says nothing of the tracer.
const ATTEMPTS: usize = 3;
/// Seconds: what a boot, and all that is asked, takes four times over.
const LIMIT: &str = "55";

/// What runs there first. Each section is told apart by its name, and the last is `end`.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp LC_ALL=C.UTF-8 TERM=dumb
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tracefs trace /sys/kernel/tracing; mount -t cgroup2 groups /sys/fs/cgroup
mkdir -p /dev/shm
section() { echo; echo "=== $1"; }
traced() { tracer --format json --report /tmp/report "$@"; echo; cat /tmp/report; }
section kernel; uname -r
section doctor; tracer doctor; echo "status $?"
section counts
traced -- workloads syscalls brk-grow=300 brk-shrink=200 brk-query=100 mmap=50 futex-wake=60 futex-wait=3:1ms sched-yield=90
section folded; traced --ring-size 4K -- workloads syscalls brk-query=200000 --procs 2
section verdict; traced -d 3 --kill -- workloads brk-loop --procs 2
section attached; workloads scene mid-call --seconds 60 > /dev/null & sleep 1; traced -d 0.5 -p $!
section end
poweroff -f
"#;

/// What was said there in a section.
#[track_caller]
pub(super) fn said(section: &str) -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            said = boot();
            if said.contains("=== end") {
                return said;
            }
        }
        panic!("{ATTEMPTS} times it did not come to its end: {said}")
    });
    let (_, rest) = all.split_once(&format!("=== {section}\n")).unwrap();
    rest.split("\n=== ").next().unwrap().trim()
}

/// Boots the kernel, and gives what it and its programs said.
fn boot() -> String {
    let dir = TempDir::new().unwrap();
    let image = image(dir.path());
    let mut emulator = Command::new("timeout");
    // In one thread: with a thread for each CPU the emulator may go on with code that another CPU has
    // patched, as attaching to a tracepoint does, and be caught in the breakpoint that was there.
    emulator.args([LIMIT, "qemu-system-x86_64", "-accel", "tcg,thread=single", "-cpu", "max"]);
    emulator.args(["-m", "1G", "-smp", "2", "-nographic", "-no-reboot", "-kernel"]);
    emulator.arg(env::var_os("OLD_KERNEL").expect("OLD_KERNEL is not set: run `cargo xtask test`"));
    emulator.arg("-initrd").arg(&image);
    emulator.args(["-append", "console=ttyS0 quiet panic=-1 mitigations=off"]);
    let said = run(&mut emulator).stdout;
    said.replace('\r', "")
}

/// What the kernel finds in memory: the programs, all that they need, and what runs first.
fn image(dir: &Path) -> PathBuf {
    let root = dir.join("root");
    for name in ["bin", "dev", "proc", "sys", "tmp"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    symlink("bin", root.join("sbin")).unwrap();
    let busybox = PathBuf::from("/bin/busybox");
    let workloads = PathBuf::from(programs::workloads().get_program());
    for program in [&busybox, &programs::tracer_file(), &workloads] {
        copy(program, &root.join("bin").join(program.file_name().unwrap()));
        for library in libraries(program) {
            copy(&library, &root.join(library.strip_prefix("/").unwrap()));
        }
    }
    let init = root.join("init");
    fs::write(&init, INIT).unwrap();
    let image = dir.join("image");
    let pack = "chmod +x init && find . | /bin/busybox cpio -o -H newc > \"$1\"";
    let mut packed = Command::new("sh");
    packed.current_dir(&root).args(["-c", pack, "sh"]).arg(&image);
    let _finished = run(&mut packed).expect(0);
    image
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

/// The libraries that a program is linked to, and its loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let listed = run(Command::new("ldd").arg(program)).stdout;
    let words = listed.split_ascii_whitespace().filter(|word| word.starts_with('/'));
    words.map(PathBuf::from).collect()
}
