//! All of the time of a process is accounted for, and the scheduler's part is what `/proc` says.
//!
//! The workloads sleep when the window opens and when it closes, and so do all their threads when
//! `/proc` is read: nothing is cut by the edges.

use std::{thread, time::Duration};

use serde_json::Value;
use tests::{
    Report, Tracing, Workload,
    account::time,
    proc::{Scheduled, steal_ns},
    report::number,
};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// A workload that works while it is traced: what the report says of it, and what `/proc` says that
/// its processes have done meanwhile.
struct Watched {
    report: Report,
    pid: i32,
    proc: Scheduled,
    steal_ns: u64,
}

impl Watched {
    #[track_caller]
    fn new(mut workload: Workload, processes: usize) -> Self {
        let pids: Vec<i32> = match processes {
            1 => vec![workload.pid()],
            _ => workload.children(),
        };
        assert_eq!(pids.len(), processes);
        let tracing = Tracing::of(workload.pid(), "");
        let steal = steal_ns();
        let before = Scheduled::of(&pids);
        workload.go();
        drop(workload.truths(processes));
        thread::sleep(Duration::from_millis(50)); // The last of them goes to sleep.
        let proc = Scheduled::of(&pids).since(before);
        let steal_ns = steal_ns() - steal;
        let pid = workload.pid();
        let report = tracing.stop();
        let accounts = report.processes().len();
        assert!(accounts >= processes, "{accounts} accounts: {report}");
        Self { report, pid, proc, steal_ns }
    }

    /// A figure of the scheduler, summed over the processes that did the work.
    fn sum(&self, figure: impl Fn(&Value) -> u64) -> u64 {
        let accounts = self.report.processes();
        let alone = accounts.len() == 1;
        accounts.iter().filter(|it| alone || it["pid"] != self.pid).map(figure).sum()
    }

    #[track_caller]
    fn check_against_proc(&self) {
        let on_cpu = self.sum(on_cpu);
        let waited = self.sum(waited);
        let (report, proc) = (&self.report, self.proc);
        // Waking up on an idle CPU is time on it to `/proc`, and a wait to the tracer: together they
        // are the same. Time stolen from this machine is left out by `/proc`.
        let (ours, theirs) = (on_cpu + waited, proc.on_cpu_ns + proc.waited_ns);
        let slack = theirs / 200 + 2 * MILLISECOND;
        assert!(
            ours + slack >= theirs && ours <= theirs + slack + self.steal_ns,
            "{ours} ns on a CPU or waiting, but {theirs} ns in /proc: {report}"
        );
        // Where a wake-up is the reason for a switch, the scheduler reads no clock for the switch
        // itself: `/proc` dates it back to the wake-up, some microseconds before.
        let dated_back = 30 * MICROSECOND * proc.switches;
        let slack = proc.on_cpu_ns / 200 + 2 * MILLISECOND + dated_back;
        assert!(
            on_cpu + slack >= proc.on_cpu_ns && on_cpu <= proc.on_cpu_ns + slack + self.steal_ns,
            "{on_cpu} ns on a CPU, but {} ns in /proc: {report}",
            proc.on_cpu_ns
        );
        let slack = proc.waited_ns / 100 + 2 * MILLISECOND + dated_back;
        assert!(
            waited.abs_diff(proc.waited_ns) <= slack,
            "{waited} ns waiting, but {} ns in /proc: {report}",
            proc.waited_ns
        );
        let switches = self.sum(|it| {
            let switches = &it["sched"]["switches"];
            number(switches, "voluntary") + number(switches, "involuntary")
        });
        // Reading `/proc` and opening the window are not one moment.
        let slack = 4 * report.processes().len() as u64;
        assert!(
            switches.abs_diff(proc.switches) <= slack,
            "{switches} switches, but {} in /proc: {report}",
            proc.switches
        );
    }
}

/// Time on a CPU in a budget.
fn on_cpu(account: &Value) -> u64 {
    let budget = &account["budget"];
    let in_calls: u64 = budget["kernel_ns"].as_object().expect("parts").values().map(ns).sum();
    in_calls + number(budget, "outside_calls_ns")
}

/// Time waiting for a CPU, for whatever reason.
fn waited(account: &Value) -> u64 {
    let budget = &account["budget"];
    number(budget, "runnable_ns") + budget["throttled_ns"].as_u64().unwrap_or(0)
}

fn blocked(account: &Value, reason: &str) -> u64 {
    account["budget"]["blocked_ns"][reason].as_u64().unwrap_or(0)
}

fn ns(value: &Value) -> u64 {
    value.as_u64().expect("nanoseconds")
}

#[test]
fn one_spinner_is_on_a_cpu_as_long_as_proc_says() {
    let watched = Watched::new(Workload::waiting("syscalls spin=1500ms --hold"), 1);
    watched.check_against_proc();
    let process = watched.report.process(watched.pid);
    let user = number(&process["budget"], "user_ns");
    assert!(user * 100 >= on_cpu(process) * 90, "it hardly ever enters the kernel: {process:#}");
}

#[test]
fn eight_spinners_share_the_cpus_and_wait_as_long_as_proc_says() {
    let workload = Workload::waiting("syscalls spin=300ms --procs 8 --hold");
    Watched::new(workload, 8).check_against_proc();
}

#[test]
fn a_program_that_calls_all_the_time_is_on_a_cpu_as_long_as_proc_says() {
    let workload = Workload::waiting("syscalls mmap=1 --repeat 200000 --hold");
    Watched::new(workload, 1).check_against_proc();
}

#[test]
fn a_sleeper_is_blocked_in_the_call_that_it_sleeps_in() {
    let watched = Watched::new(Workload::waiting("syscalls futex-wait=10:100ms --hold"), 1);
    watched.check_against_proc();
    let process = watched.report.process(watched.pid);
    let slept = blocked(process, "futex");
    assert!((1000 * MILLISECOND..1050 * MILLISECOND).contains(&slept), "{slept}: {process:#}");
    let sleeps = process["sched"]["off_cpu"].as_array().unwrap();
    let futex = sleeps.iter().find(|sleep| sleep["reason"] == "futex").expect("sleeps in futex");
    assert_eq!(number(futex, "count"), 10, "{process:#}");
    let median = number(&futex["ns"], "p50");
    assert!((100 * MILLISECOND..102 * MILLISECOND).contains(&median), "{median}: {process:#}");
    assert!(blocked(process, "read") > 0, "it waits for its input at both ends: {process:#}");
}

#[test]
fn a_call_without_a_row_is_still_in_the_budget() {
    let workload = Workload::waiting("syscalls getppid=200000 --hold");
    let mut workload = workload;
    let tracing = Tracing::of(workload.pid(), "-e brk");
    drop(workload.work());
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let other = process["budget"]["kernel_ns"]["other"].as_u64().unwrap_or(0);
    assert!(other >= 200_000 * 20, "20 ns is the least that a call takes: {process:#}");
    assert!(process["budget"]["kernel_ns"].get("brk query").is_none(), "{process:#}");
}

#[test]
fn a_busy_thread_that_was_there_before_is_fully_accounted_for() {
    let mut workload = Workload::waiting("syscalls spin=10s");
    workload.go();
    thread::sleep(Duration::from_millis(100)); // It spins.
    let tracing = Tracing::of(workload.pid(), "-d 1");
    let report = tracing.finish();
    let process = report.process(workload.pid());
    let window = number(&report.0, "window_ns");
    assert_eq!(number(process, "thread_ns"), window);
    let busy = on_cpu(process) + waited(process);
    assert!(busy * 1000 >= window * 995, "{busy} ns of {window} ns: {process:#}");
}

#[test]
fn two_spinners_on_one_cpu_each_wait_half_of_the_time() {
    let spinners = [0, 0].map(|cpu| Workload::waiting_on_cpu(cpu, "syscalls spin=20s"));
    let pids = spinners.each_ref().map(Workload::pid);
    let mut spinners = spinners;
    spinners.iter_mut().for_each(Workload::go);
    thread::sleep(Duration::from_millis(300));
    let tracing = Tracing::start(&format!("-p {},{}", pids[0], pids[1]));
    let (before, stolen) = (pids.map(|pid| Scheduled::of(&[pid])), steal_ns());
    thread::sleep(Duration::from_secs(2));
    let stolen_ns = steal_ns() - stolen;
    let after = pids.map(|pid| Scheduled::of(&[pid]));
    let report = tracing.stop();
    for (n, pid) in pids.into_iter().enumerate() {
        let process = report.process(pid);
        let proc = after[n].since(before[n]);
        let share = |part: u64, whole: u64| part as f64 / whole as f64;
        let ours = share(waited(process), number(process, "thread_ns"));
        let theirs = share(proc.waited_ns, proc.waited_ns + proc.on_cpu_ns);
        // As for the edges of a switch, see above; and `/proc` leaves out what a hypervisor stole.
        // Others come and go, so that the shares of what `/proc` was not read around may be anything.
        let outside = number(process, "thread_ns").saturating_sub(proc.waited_ns + proc.on_cpu_ns);
        let doubt = 0.01
            + share(30 * MICROSECOND * proc.switches + stolen_ns, 2_000 * MILLISECOND)
            + share(outside, number(process, "thread_ns"));
        assert!((ours - theirs).abs() < doubt, "{ours:.3}, but {theirs:.3} in /proc: {process:#}");
        // Others on this CPU can only make it wait longer.
        assert!(ours > 0.48, "{ours:.3}: {process:#}");
    }
}

#[test]
fn players_of_ping_pong_name_each_other_as_wakers() {
    let mut workload = Workload::waiting("scene ping-pong --iterations 5000");
    let tracing = Tracing::of(workload.pid(), "--threads");
    let _truth = workload.work();
    let report = tracing.finish();
    let players = workload.tids();
    assert_eq!(players.len(), 2);
    for (tid, partner) in [(players[0], players[1]), (players[1], players[0])] {
        let mut accounts = report.processes().iter();
        let account = accounts.find(|it| it["tid"] == tid).expect("each player has an account");
        let wakers = account["sched"]["wakers"].as_array().unwrap();
        let by_partner = wakers.iter().find(|waker| waker["tid"] == partner);
        let wakes = by_partner.map_or(0, |waker| number(waker, "wakes"));
        let all: u64 = wakers.iter().map(|waker| number(waker, "wakes")).sum();
        assert!(wakes * 100 >= all * 95, "{wakes} of {all} by {partner}: {account:#}");
    }
}

#[test]
fn trees_and_threads_that_come_and_go_are_fully_accounted_for() {
    // What is checked of every report says so.
    let mut tree = Workload::waiting("scene fork-tree --depth 3 --width 3 --calls 100");
    let tracing = Tracing::of(tree.pid(), "");
    tree.go();
    let report = tracing.finish();
    assert!(report.processes().len() >= 13, "{report}");

    let mut threads = Workload::waiting("scene threads-spin --threads 8 --seconds 0.5");
    let tracing = Tracing::of(threads.pid(), "");
    threads.go();
    let report = tracing.finish();
    assert_eq!(number(&report.0["total"], "threads"), 9, "{report}");
}

#[test]
fn page_faults_are_those_that_the_workload_counts() {
    let (report, finished) = tests::tracing::trace(
        "",
        &[
            tests::programs::workloads().get_program().to_str().unwrap(),
            "brk-loop",
            "--procs",
            "1",
            "--iterations",
            "20",
        ],
    );
    let truth: Value = serde_json::from_str(finished.stdout.lines().next().unwrap()).unwrap();
    let pid = i32::try_from(truth["pid"].as_i64().unwrap()).unwrap();
    let account = report.processes().iter().rfind(|it| it["pid"] == pid).expect("the worker");
    let (ours, theirs) = (number(&account["sched"]["faults"], "minor"), number(&truth, "minflt"));
    // Its start and its end have faults of their own.
    assert!(
        (theirs..theirs + 2_000).contains(&ours),
        "{ours}, but {theirs} by itself: {account:#}"
    );
}

#[test]
fn concurrency_is_how_many_run_at_once() {
    let workload = Workload::waiting_on_cpu(0, "syscalls spin=500ms --procs 2 --hold");
    let watched = Watched::new(workload, 2);
    let concurrency = &watched.report.0["concurrency"];
    let window = number(&watched.report.0, "window_ns") as f64;
    let shares: Vec<f64> = concurrency["running_share"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| share.as_f64().unwrap())
        .collect();
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{concurrency:#}");
    let busy: u64 = watched.report.processes().iter().map(on_cpu).sum();
    let waiting: u64 = watched.report.processes().iter().map(waited).sum();
    let mean = |name: &str| concurrency[name].as_f64().unwrap() * window;
    assert!((mean("busy_cpus") / busy as f64 - 1.0).abs() < 1e-3, "{concurrency:#}");
    let wanted = (busy + waiting) as f64;
    assert!((mean("runnable_running") / wanted - 1.0).abs() < 1e-3, "{concurrency:#}");
    // On one CPU they take turns; their parent, elsewhere perhaps, hardly runs.
    let two: f64 = shares.iter().skip(2).sum();
    assert!(two < 0.01, "never two at once on one CPU: {concurrency:#}");
    let from_shares: f64 = shares.iter().enumerate().map(|(n, share)| n as f64 * share).sum();
    assert!((from_shares * window / busy as f64 - 1.0).abs() < 0.01, "{concurrency:#}");
}

#[test]
fn a_wait_of_a_quarter_of_a_second_is_a_pause() {
    let mut workload = Workload::waiting("syscalls futex-wait=2:250ms --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let pauses = report.0["pauses"].as_array().unwrap();
    let in_futex: Vec<_> = pauses.iter().filter(|it| it["cause"] == "in futex").collect();
    assert_eq!(in_futex.len(), 2, "{report}");
    for pause in in_futex {
        assert_eq!(pause["pid"], workload.pid());
        assert!(number(pause, "ns") >= 250 * MILLISECOND);
    }
    let futex = tests::account::row(report.process(workload.pid()), "futex");
    assert!(time(futex, "wall_ns") <= truth.number("wall_ns"), "{report}");
}
