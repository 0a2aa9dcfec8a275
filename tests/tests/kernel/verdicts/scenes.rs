//! Situations with a known cause, and the same work without it.

use serde_json::Value;

/// A program to trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    /// What a shell runs; `workloads` is there by that name.
    pub(super) script: &'static str,
    /// The verdict on it; `None` if nothing stands out.
    pub(super) cause: Option<&'static str>,
    /// What it is rightly said of it besides.
    pub(super) besides: &'static [&'static str],
    /// Whether the program itself says that the situation has come about.
    pub(super) came_about: fn(&[Value]) -> bool,
}

pub(super) const fn scene(script: &'static str, cause: Option<&'static str>) -> Scene {
    Scene { script, cause, besides: &[], came_about: |_| true }
}

/// Half of the futex calls, ten thousand in each second of CPU time, did nothing.
fn fought(truths: &[Value]) -> bool {
    let Some(truth) = truths.first() else { return false };
    let of = |name: &str| truth["futex"][name].as_u64().unwrap_or(0);
    let calls = of("waits") + of("wakes");
    let in_vain = of("eagain") + of("wakes") - of("woke");
    in_vain * 2 >= calls && calls * 1_000_000_000 >= 20_000 * on_cpu_ns(truth)
}

/// Fifty thousand yields in each second of CPU time, and CPUs for all of its threads.
fn span_freely(truths: &[Value]) -> bool {
    let Some(truth) = truths.first() else { return false };
    let yields = truth["calls"]["sched_yield"].as_u64().unwrap_or(0);
    let waited = truth["schedstat"]["wait_ns"].as_u64().unwrap_or(0);
    yields * 1_000_000_000 >= 50_000 * on_cpu_ns(truth) && waited * 7 <= on_cpu_ns(truth)
}

fn on_cpu_ns(truth: &Value) -> u64 {
    truth["schedstat"]["on_cpu_ns"].as_u64().unwrap_or(u64::MAX / 100_000)
}

/// A third of the loaders' time was sleep, for a disk.
fn waited_for_a_disk(truths: &[Value]) -> bool {
    let sum = |of: fn(&Value) -> Option<u64>| truths.iter().filter_map(of).sum::<u64>();
    let wall = sum(|truth| truth["wall_ns"].as_u64());
    let awake = sum(|truth| truth["schedstat"]["on_cpu_ns"].as_u64())
        + sum(|truth| truth["schedstat"]["wait_ns"].as_u64());
    wall.saturating_sub(awake) * 3 >= wall && sum(|truth| truth["disk_bytes"].as_u64()) > 0
}

/// Each cause in several sizes, on CPUs that it has to itself.
pub(super) const CAUSES: &[Scene] = &[
    scene("workloads brk-loop --procs 1 --seconds 0.8", Some("heap-churn")),
    scene("workloads brk-loop --procs 4 --seconds 0.8", Some("heap-churn")),
    scene("workloads mmap-storm --procs 1 --kib 256 --seconds 0.8", Some("mapping-churn")),
    scene("workloads mmap-storm --procs 3 --kib 4096 --seconds 0.8", Some("mapping-churn")),
    scene("workloads mmap-storm --procs 2 --kib 40960 --seconds 1", Some("mapping-churn")),
    scene("workloads oversubscribe --wait spin --seconds 1", Some("oversubscribed-spin")),
    scene(
        "workloads oversubscribe --wait spin --threads 4 --size 512 --seconds 1",
        Some("oversubscribed-spin"),
    ),
    scene("workloads oversubscribe --wait yield --seconds 0.8", Some("oversubscribed-yield")),
    scene(
        "workloads oversubscribe --wait yield --threads 4 --seconds 0.8",
        Some("oversubscribed-yield"),
    ),
    // If others leave them less than the quota, they are too many all the same.
    Scene {
        besides: &["oversubscribed-spin"],
        ..scene("workloads oversubscribe --wait spin --quota 1 --seconds 1.2", Some("cpu-quota"))
    },
    Scene {
        besides: &["oversubscribed-yield"],
        ..scene("workloads oversubscribe --wait yield --quota 0.5 --seconds 1.2", Some("cpu-quota"))
    },
    Scene {
        came_about: fought,
        ..scene(
            "workloads interpreter-lock --style python2 --threads 2 --seconds 0.8",
            Some("interpreter-lock-fight"),
        )
    },
    Scene {
        came_about: fought,
        ..scene(
            "workloads interpreter-lock --style python2 --threads 8 --seconds 0.8",
            Some("interpreter-lock-fight"),
        )
    },
    scene(
        "workloads interpreter-lock --style python3 --threads 2 --seconds 0.8",
        Some("interpreter-lock-wait"),
    ),
    scene(
        "workloads interpreter-lock --style python3 --threads 8 --seconds 0.8",
        Some("interpreter-lock-wait"),
    ),
    Scene {
        came_about: span_freely,
        ..scene(
            "workloads interpreter-lock --style pool --threads 2 --seconds 0.8",
            Some("spinning-pool"),
        )
    },
    // More of them than CPUs get in each other's way.
    scene(
        "workloads interpreter-lock --style pool --threads 8 --seconds 0.8",
        Some("oversubscribed-yield"),
    ),
    scene("workloads gather --serial --procs 3 --seconds 0.8", Some("serial-dispatch")),
    scene("workloads gather --serial --procs 6 --seconds 0.8", Some("serial-dispatch")),
    scene("workloads shm-sum --start exec --procs 4 --iterations 2", Some("start-up-cost")),
    scene("workloads shm-sum --start exec --procs 16 --iterations 1", Some("start-up-cost")),
    scene("workloads syscalls mmap=1 --repeat 60000 --threads 4", Some("mmap-lock")),
    scene(
        "for _ in 1 2 3; do workloads syscalls spin=300ms & done; workloads syscalls spin=300ms &
         workloads syscalls spin=1500ms & wait",
        Some("straggler"),
    ),
    Scene {
        came_about: waited_for_a_disk,
        ..scene("workloads data-loader --procs 1 --seconds 0.8", Some("io-wait"))
    },
    Scene {
        came_about: waited_for_a_disk,
        ..scene("workloads data-loader --by map --procs 3 --seconds 0.8", Some("io-wait"))
    },
];

/// The same work without the cause.
pub(super) const TWINS: &[Scene] = &[
    scene("workloads brk-loop --procs 1 --seconds 0.8 --healthy", None),
    scene("workloads brk-loop --procs 4 --seconds 0.8 --healthy", None),
    scene("workloads mmap-storm --procs 1 --kib 256 --seconds 0.8 --healthy", None),
    scene("workloads mmap-storm --procs 2 --kib 40960 --seconds 1 --healthy", None),
    scene("workloads oversubscribe --wait spin --seconds 0.8 --healthy", None),
    scene("workloads oversubscribe --wait yield --seconds 0.8 --healthy", None),
    scene("workloads interpreter-lock --style python2 --seconds 0.8 --healthy", None),
    scene("workloads interpreter-lock --style python3 --seconds 0.8 --healthy", None),
    scene("workloads interpreter-lock --style pool --seconds 0.8 --healthy", None),
    scene("workloads gather --healthy --procs 4 --seconds 0.8", None),
    scene("workloads shm-sum --start fork --procs 2 --iterations 1 --passes 60", None),
    scene("workloads shm-sum --start exec --procs 4 --iterations 200 --healthy", None),
    scene("workloads data-loader --procs 1 --seconds 0.8 --healthy", None),
    scene("workloads data-loader --by map --procs 3 --seconds 0.8 --healthy", None),
    // It takes two runs to see what they do to each other.
    scene("workloads shared-columns --procs 2 --seconds 0.8", None),
    scene("workloads shared-columns --procs 2 --seconds 0.8 --healthy", None),
    scene("for _ in 1 2 3 4 5; do workloads syscalls spin=500ms & done; wait", None),
];
