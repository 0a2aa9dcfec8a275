//! Reports made by hand, with round figures.

use std::collections::BTreeMap;

use crate::report::{
    Births, Bucket, Budget, Concurrency, Cpus, End, Faults, Figures, Function, Futex, Group,
    Interval, Library, Lock, LockPlace, Method, Pause, Report, Row, SCHEMA, Samples, Sched, Sleep,
    Switches, Throttling, Trust, Uncertainty, Waker,
};
use crate::verdicts::{Diagnosis, Strength, Undecided, Verdict};

const US: u64 = 1_000;
const MS: u64 = 1_000_000;
const S: u64 = 1_000_000_000;

/// The figures of calls of about this mean, with a tail of ten times that.
fn figures(calls: u64, mean: u64) -> Figures {
    Figures {
        total: calls * mean,
        mean: Some(mean),
        p50: Some(mean * 8 / 10),
        p90: Some(mean * 2),
        p99: Some(mean * 5),
        p999: Some(mean * 8),
        max: Some(mean * 10),
        histogram: Vec::new(),
        hdr: None,
    }
}

/// A row whose time is split into percent on a CPU, waiting for one, and sleeping.
pub(in crate::sinks) fn row(name: &str, calls: u64, mean: u64, split: [u64; 3]) -> Row {
    let part = |percent: u64| figures(calls, mean * percent / 100);
    Row {
        name: name.to_owned(),
        calls,
        wall_ns: figures(calls, mean),
        on_cpu_ns: part(split[0]),
        runnable_ns: part(split[1]),
        blocked_ns: part(split[2]),
        ..Row::default()
    }
}

/// A row without a completed call.
fn uncompleted(name: &str) -> Row {
    Row { name: name.to_owned(), ..Row::default() }
}

/// Two waits that last to the end of the window.
fn open_futex(completed: Row) -> Row {
    Row { in_flight: 2, in_flight_longest_ns: Some(4_800 * MS), ..completed }
}

/// The budget of threads that made these calls, and computed in the rest of their time.
fn budget(thread_ns: u64, rows: &[Row]) -> Budget {
    let causes = |of: fn(&Row) -> u64| -> BTreeMap<String, u64> {
        rows.iter().map(|row| (row.name.clone(), of(row))).filter(|&(_, ns)| ns > 0).collect()
    };
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let rest = thread_ns.saturating_sub(sum(|row| row.wall_ns.total));
    let (user, faults, throttled) = (rest / 2, rest / 10, rest / 50);
    let mut budget = Budget {
        user_ns: Some(user),
        kernel_ns: causes(|row| row.on_cpu_ns.total),
        other_kernel_ns: Some(faults),
        outside_calls_ns: user + faults,
        runnable_ns: sum(|row| row.runnable_ns.total) + rest / 3,
        throttled_ns: Some(throttled),
        blocked_ns: causes(|row| row.blocked_ns.total),
        unaccounted_ns: thread_ns / 1_000,
        ..Budget::default()
    };
    let page_faults = thread_ns.saturating_sub(all_of(&budget));
    budget.blocked_ns.insert("page fault".to_owned(), page_faults);
    budget
}

fn all_of(budget: &Budget) -> u64 {
    let on_cpu = budget.outside_calls_ns + budget.kernel_ns.values().sum::<u64>();
    let asleep = budget.blocked_ns.values().sum::<u64>();
    let wanting = budget.runnable_ns + budget.throttled_ns.unwrap_or(0);
    on_cpu + wanting + asleep + budget.unaccounted_ns
}

/// A budget of nothing but sleep in one call.
fn asleep(call: &str, ns: u64) -> Budget {
    Budget { blocked_ns: BTreeMap::from([(call.to_owned(), ns)]), ..Budget::default() }
}

/// What the scheduler did with so many threads, which another process woke, and timers.
fn sched(threads: u64) -> Sched {
    let waker = |slept_ns| Waker { wakes: 600 * threads, slept_ns, ..Waker::default() };
    Sched {
        switches: Switches { voluntary: 1_234 * threads, involuntary: 56 * threads },
        migrations: 12 * threads,
        on_cpu_ns: figures(1_290 * threads, 3_900 * US),
        run_queue_ns: figures(1_290 * threads, 1_200 * US),
        off_cpu_ns: figures(1_234 * threads, 100 * US),
        off_cpu: vec![Sleep {
            reason: "futex".to_owned(),
            count: 1_234 * threads,
            ns: figures(1_234 * threads, 100 * US),
            uninterruptible_ns: 0,
        }],
        wakers: vec![
            Waker {
                pid: Some(4200),
                tid: Some(4200),
                comm: Some("python3".to_owned()),
                ..waker(100 * MS * threads)
            },
            waker(23_400 * US * threads),
        ],
        faults: Faults { minor: 4_072 * threads, major: 0 },
    }
}

/// A word with so many calls, of which a third are waits that mostly did not begin.
pub(in crate::sinks) fn futex(address: Option<&str>, calls: u64) -> Futex {
    let waits = calls / 3;
    Futex {
        address: address.map(str::to_owned),
        calls,
        waits,
        again: waits * 9 / 10,
        slept_ns: waits * US,
        wakes: calls - waits,
        woken: waits / 10,
        waiters: 8,
        wakers: 8,
        ..Futex::default()
    }
}

/// So many pauses of one thread, each shorter than the one before.
pub(in crate::sinks) fn pauses(count: u64) -> Vec<Pause> {
    let pause = |n| Pause {
        start_ns: 3_210 * MS * n,
        ns: 2_468 * MS / n,
        pid: Some(4242),
        tid: 4250,
        comm: Some("python3".to_owned()),
        cause: if n == 2 { "in futex" } else { "waiting for a CPU" }.to_owned(),
    };
    (1..=count).map(pause).collect()
}

fn worker(pid: u32, slower: u64) -> Group {
    let unpaired = Row { unpaired: 1, ..uncompleted("madvise") };
    let syscalls = vec![
        row("brk shrink", 1_042, 879 * US * slower, [91, 9, 0]),
        Row { errors: 3, ..row("mmap", 208, 42 * US, [100, 0, 0]) },
        row("brk grow", 3_126, 2_310, [98, 2, 0]),
        unpaired,
    ];
    Group {
        pid: Some(pid),
        ppid: Some(4200),
        start_ns: Some(86_400 * S),
        comm: Some("python3".to_owned()),
        processes: 1,
        threads: 1,
        thread_ns: 5 * S,
        budget: budget(5 * S, &syscalls),
        syscalls,
        sched: sched(1),
        ..Group::default()
    }
}

fn report(processes: Vec<Group>, total: Group) -> Report {
    let sum = |of: fn(&Row) -> u64| total.syscalls.iter().map(of).sum();
    let trust = Trust {
        unpaired: sum(|row| row.unpaired),
        in_flight: sum(|row| row.in_flight),
        ended_by_exit: sum(|row| row.ended_by_exit),
        reader_cpu_ns: 12 * MS,
        ..Trust::default()
    };
    Report {
        schema: SCHEMA,
        window_ns: 5 * S,
        interval: None,
        command: None,
        diagnosis: None,
        cpus: Cpus { online: Some(8), allowed: Some(2), quota: None },
        processes,
        total,
        concurrency: Concurrency {
            busy_cpus: 1.93,
            runnable_running: 15.5,
            running_share: Some(vec![0.021, 0.04, 0.939]),
            running_processes_share: Some(vec![0.021, 0.04, 0.939]),
        },
        throttling: None,
        pauses: Vec::new(),
        trust,
    }
}

/// The report of one group, whose total is the same.
fn of_one(group: Group) -> Report {
    let total = Group {
        processes: group.processes,
        threads: group.threads,
        thread_ns: group.thread_ns,
        syscalls: group.syscalls.clone(),
        budget: group.budget.clone(),
        sched: group.sched.clone(),
        ..Group::default()
    };
    report(vec![group], total)
}

/// One process of one thread.
pub(in crate::sinks) fn one_worker() -> Report {
    of_one(worker(4242, 1))
}

/// Four processes: one with threads, one killed, one like the single one, one born and gone.
pub(in crate::sinks) fn four_workers() -> Report {
    let futex = open_futex(row("futex", 214, 150 * MS, [1, 4, 95]));
    let mut threads = worker(4243, 2);
    threads.threads = 8;
    threads.thread_ns = 40 * S;
    threads.syscalls.insert(0, futex.clone());
    threads.budget = budget(threads.thread_ns, &threads.syscalls);
    threads.sched = sched(8);
    let mut killed = worker(4245, 3);
    killed.thread_ns = 4_100 * MS;
    killed.budget = budget(killed.thread_ns, &killed.syscalls);
    killed.exited_ns = Some(4_100 * MS);
    killed.end = Some(End::Signalled(9));
    killed.syscalls.push(Row { ended_by_exit: 1, ..uncompleted("futex") });
    let mut short = worker(4244, 1);
    short.comm = Some("sh".to_owned());
    short.thread_ns = 2_200 * MS;
    short.born_ns = Some(1_200 * MS);
    short.exited_ns = Some(3_400 * MS);
    short.end = Some(End::Exited(0));
    short.syscalls.clear();
    short.budget = asleep("wait4", short.thread_ns);
    short.sched = Sched::default();
    let mut shrink = row("brk shrink", 3_126, 1_758 * US, [91, 9, 0]);
    shrink.wall_ns.max = killed.syscalls[0].wall_ns.max;
    let syscalls = vec![
        Row { ended_by_exit: 1, ..futex },
        shrink,
        Row { errors: 9, ..row("mmap", 624, 42 * US, [100, 0, 0]) },
        row("brk grow", 9_378, 2_310, [98, 2, 0]),
        Row { unpaired: 3, ..uncompleted("madvise") },
    ];
    let total = Group {
        processes: 4,
        threads: 11,
        thread_ns: 51_300 * MS,
        budget: budget(51_300 * MS, &syscalls),
        syscalls,
        sched: sched(10),
        ..Group::default()
    };
    report(vec![threads, killed, worker(4242, 1), short], total)
}

/// Two threads that slept in one call all the time.
pub(in crate::sinks) fn only_in_flight() -> Report {
    of_one(Group {
        threads: 2,
        thread_ns: 10 * S,
        syscalls: vec![open_futex(uncompleted("futex"))],
        budget: asleep("futex", 10 * S),
        sched: Sched::default(),
        ..worker(4242, 1)
    })
}

/// Twelve processes of one name.
pub(in crate::sinks) fn folded() -> Report {
    let group = worker(0, 12);
    of_one(Group {
        pid: None,
        ppid: None,
        start_ns: None,
        processes: 12,
        threads: 96,
        thread_ns: 480 * S,
        budget: budget(480 * S, &group.syscalls),
        sched: sched(96),
        ..group
    })
}

/// A system call with its distribution.
pub(in crate::sinks) fn with_histogram() -> Report {
    let counts = [3, 1_042, 688, 0, 12];
    let edges = (12..).map(|power| (1_u64 << power, 2_u64 << power));
    let buckets =
        edges.zip(counts).map(|((from_ns, to_ns), count)| Bucket { from_ns, to_ns, count });
    let mut grow = row("brk grow", 1_745, 14_200, [98, 2, 0]);
    grow.wall_ns.histogram = buckets.collect();
    let syscalls = vec![grow];
    of_one(Group { budget: budget(5 * S, &syscalls), syscalls, ..worker(4242, 1) })
}

/// The thread of a command, in an interval: every field that a report may leave out is there.
pub(in crate::sinks) fn complete() -> Report {
    let mut report = with_histogram();
    report.interval = Some(Interval { index: 3, start_ns: 10 * S });
    report.command = Some(vec!["python3".to_owned(), "job.py".to_owned()]);
    report.cpus.quota = Some(1.5);
    report.throttling = Some(Throttling {
        cgroup: "/sys/fs/cgroup/cpu/job".to_owned(),
        periods: 50,
        throttled_periods: 48,
        throttled_ns: 2_400 * MS,
    });
    let at = LockPlace { name: "munmap".to_owned(), count: 121, ns: 31 * MS };
    let lock =
        Lock { kind: "mmap_lock write".to_owned(), count: 121, ns: 31 * MS, ..Lock::default() };
    report.total.locks = Some(vec![Lock { by_syscall: vec![at], ..lock.clone() }]);
    let group = &mut report.processes[0];
    group.locks = Some(vec![lock]);
    group.tid = Some(4242);
    group.born_ns = Some(1_200 * MS);
    group.exited_ns = Some(3_400 * MS);
    group.end = Some(End::Exited(0));
    group.syscalls = group
        .syscalls
        .drain(..)
        .map(|row| Row {
            bytes: Some(8 << 20),
            again_bytes: Some(4 << 20),
            file_bytes: Some(1 << 20),
            in_flight_before: 1,
            last_ns: Some(4 * S),
            mean_at_ns: Some(2 * S),
            ..open_futex(row)
        })
        .collect();
    // What is no system call in the budget's maps, whose keys are names and not fields.
    group.budget.kernel_ns = BTreeMap::from([("other".to_owned(), 24 * MS)]);
    group.budget.blocked_ns =
        ["page fault", "stopped", "unknown"].map(|reason| (reason.to_owned(), MS)).into();
    let function = Function {
        function: Some("PyObject_Malloc".to_owned()),
        library: Some("python3.11".to_owned()),
        count: 40,
    };
    group.samples = Some(Samples {
        hz: 199,
        count: 100,
        user: 60,
        page_fault: Some(30),
        syscalls: [("entry and exit".to_owned(), 10)].into(),
        libraries: vec![Library { library: function.library.clone(), count: 60 }],
        top_user: vec![function],
        ..Samples::default()
    });
    group.futexes = vec![futex(Some("0x7f52c8000b60"), 798_191), futex(None, 12)];
    report.total.births = Some(Births {
        processes: 16,
        ended: 16,
        lived_ns: figures(16, 1_800 * MS),
        ..Births::default()
    });
    let method = Method::Samples;
    group.budget.sampled =
        Some(Uncertainty { method, count: Some(90), user_error_ns: Some(2 * MS) });
    report.total.budget = group.budget.clone();
    report.pauses = pauses(1);
    report.diagnosis = Some(diagnosis());
    report
}

/// What stands out in two of them, and what cannot be told.
pub(in crate::sinks) fn diagnosis() -> Diagnosis {
    let verdict = |name: &'static str, strength| Verdict {
        name: name.into(),
        strength,
        what: format!("what {name} means here"),
        evidence: ["one figure", "another one", "a third one"].map(str::to_owned),
        remedy: "set THIS=1".to_owned(),
        against: "something else".to_owned(),
        weight: 0.5,
    };
    let missing = "CPU samples".to_owned();
    Diagnosis {
        verdicts: vec![
            verdict("heap-churn", Strength::Strong),
            verdict("page-allocator", Strength::Weak),
        ],
        cannot_tell: vec![Undecided { name: Some("mapping-churn".into()), missing }],
    }
}
