//! Several processes that work together.

use super::made::MIB;
use super::*;
use crate::report::{Births, Concurrency, End, Group, Sleep, Waker};

/// A worker fed by process 1, which works for so long and sleeps for the rest.
fn worker(pid: u32, works_ms: u64) -> Group {
    let sleeps_ms = 10_000 - works_ms;
    let mut worker = process(pid, 1).computes(works_ms).sleeps_in("read", sleeps_ms);
    let waker = |pid, slept_ns| Waker { pid, wakes: 100, slept_ns, ..Waker::default() };
    let by_feeder = sleeps_ms * 9 / 10 * MS;
    worker.sched.wakers = vec![waker(Some(1), by_feeder), waker(None, sleeps_ms * MS - by_feeder)];
    worker
}

/// Workers and their feeder; two at once for this share of the window.
fn gather(workers: u32, works_ms: u64, together: f64) -> Report {
    let feeder = process(1, 1).computes(100).sleeps_in("read", 9_900);
    let workers = (0..workers).map(|n| worker(10 + n, works_ms));
    let mut report = report(std::iter::once(feeder).chain(workers).collect());
    let one = (report.concurrency.busy_cpus - 2.0 * together).max(0.0);
    let running_processes_share = Some(vec![1.0 - one - together, one, together]);
    report.concurrency = Concurrency { running_processes_share, ..report.concurrency };
    report
}

#[test]
fn workers_that_work_one_at_a_time_are_named_with_who_feeds_them() {
    let verdict = only(&gather(4, 2_400, 0.0));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("serial-dispatch", Strength::Strong));
    assert!(verdict.what.contains("4 workers are alive") && verdict.what.contains("pid 1)"));
    assert!(
        verdict.evidence[0].starts_with("0.97 threads ran or wanted to"),
        "{:?}",
        verdict.evidence
    );
    assert!(verdict.evidence[2].contains("90 % of that ends when python3 (pid 1) wakes it"));
}

#[test]
fn workers_that_overlap_are_fed_well() {
    assert_eq!(names(&gather(4, 4_500, 0.9)), [""; 0]);
    assert_eq!(names(&gather(4, 2_400, 0.3)), [""; 0], "two at once");
    assert_eq!(names(&gather(1, 9_000, 0.0)), [""; 0], "one worker has nobody to wait for");
    assert_eq!(names(&gather(4, 900, 0.0)), [""; 0], "there is next to nothing to do");
}

#[test]
fn on_one_cpu_one_at_a_time_is_all_there_is() {
    let mut one = gather(4, 2_400, 0.0);
    one.cpus.allowed = Some(1);
    assert_eq!(names(&one), [""; 0]);
}

#[test]
fn idle_workers_beside_one_that_works_are_no_dispatch() {
    let mut idle: Vec<_> = (10..13).map(|pid| worker(pid, 10)).collect();
    idle.push(process(1, 1).computes(9_900));
    assert_eq!(names(&report(idle)), [""; 0]);
}

/// So many processes of process 1 that lived for a while, mapped memory up to some moment of it, and
/// were on a CPU all the time.
fn starters(n: u32, life_ms: u64, mapped_until_ms: u64) -> Report {
    let child = |n: u32| {
        let born_ms = 100 + u64::from(n);
        let mut child = process(100 + n, 1)
            .computes(life_ms)
            .calls("mmap", 230, 0, Some(26 * MIB))
            .calls("munmap", 230, 0, Some(26 * MIB));
        // All at its end.
        child.syscalls[0].again_bytes = Some(0);
        child.born_ns = Some(born_ms * MS);
        child.exited_ns = Some((born_ms + life_ms) * MS);
        child.end = Some(End::Exited(0));
        child.thread_ns = life_ms * MS;
        child.syscalls[0].last_ns = Some((born_ms + mapped_until_ms) * MS);
        child
    };
    let parent = process(1, 1).computes(200).sleeps_in("wait4", 9_800);
    let mut report = report(std::iter::once(parent).chain((0..n).map(child)).collect());
    report.total.births =
        Some(Births { processes: n.into(), ended: n.into(), ..Births::default() });
    report
}

#[test]
fn processes_that_start_for_longer_than_they_work_are_named() {
    let verdict = only(&starters(16, 290, 287));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("start-up-cost", Strength::Strong));
    assert!(verdict.what.contains("16 were born, and 99 %"), "{}", verdict.what);
    assert!(verdict.evidence[1].contains("leaves 3.00 ms for its work"), "{:?}", verdict.evidence);
    assert!(
        verdict.evidence[2].starts_with("each mapped 26 MiB in 230 calls"),
        "{:?}",
        verdict.evidence
    );
}

#[test]
fn a_start_costs_too_much_from_half_of_the_time_on() {
    assert_eq!(names(&starters(16, 200, 100)), ["start-up-cost"]);
    assert_eq!(names(&starters(16, 200, 99)), [""; 0]);
    assert_eq!(names(&starters(1, 200, 200)), [""; 0], "one is no habit");
    assert_eq!(names(&starters(4, 5_001, 5_001)), [""; 0], "who lives for long is past its start");
}

#[test]
fn a_program_that_maps_again_what_it_gave_back_is_past_its_start() {
    let mut churning = starters(4, 290, 287);
    for group in &mut churning.processes {
        for row in &mut group.syscalls {
            row.again_bytes = Some(13 * MIB);
        }
    }
    assert_eq!(names(&churning), [""; 0]);
}

#[test]
fn of_the_briefest_the_kernels_part_is_start_too() {
    let brief = |kernel_ms: u64| {
        let mut brief = starters(20, 100 - kernel_ms, 0);
        for group in brief.processes.iter_mut().skip(1) {
            group.budget.kernel_ns.insert("other".to_owned(), kernel_ms * MS);
            group.exited_ns = group.born_ns.map(|born| born + 100 * MS);
        }
        let kernel = brief.total.budget.kernel_ns.entry("other".to_owned()).or_default();
        *kernel += 20 * kernel_ms * MS;
        brief
    };
    assert_eq!(names(&brief(50)), ["start-up-cost"]);
    assert_eq!(names(&brief(49)), [""; 0]);
}

#[test]
fn a_worker_with_far_more_to_do_is_named_and_one_held_up_is_not() {
    let crew = |last_ms: u64| {
        let mut crew: Vec<_> = (0..4).map(|n| process(10 + n, 1).computes(4_000)).collect();
        crew.push(process(20, 1).computes(last_ms));
        report(crew)
    };
    let verdict = only(&crew(8_000));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("straggler", Strength::Strong));
    assert!(verdict.what.contains("pid 20"), "{}", verdict.what);
    assert_eq!(only(&crew(6_000)).strength, Strength::Clear);
    assert_eq!(names(&crew(5_990)), [""; 0]);
    // Half of the CPU, but as much to do.
    let mut held_up: Vec<_> = (0..4).map(|n| process(10 + n, 1).computes(4_000)).collect();
    held_up.push(process(20, 1).computes(2_000).waits_for_a_cpu(2_000));
    assert_eq!(names(&report(held_up.clone())), [""; 0]);
    // Twice as long, but for want of a CPU.
    held_up[4] = process(20, 1).computes(4_000).waits_for_a_cpu(4_000);
    assert_eq!(names(&report(held_up)), [""; 0]);
}

#[test]
fn workers_that_all_differ_have_no_straggler() {
    let crew =
        [1_000, 2_000, 3_000, 4_000, 6_000].map(|ms| process(10 + ms, 1).computes(ms.into()));
    assert_eq!(names(&report(crew.to_vec())), [""; 0]);
}

/// A thread that computes for so long and sleeps the rest of the time in `read`, so much of it where
/// nothing interrupts it.
fn reader(on_cpu_ms: u64, uninterruptible_ms: u64) -> Group {
    let mut reader = process(7, 1).computes(on_cpu_ms).sleeps_in("read", 10_000 - on_cpu_ms);
    let uninterruptible_ns = uninterruptible_ms * MS;
    let reason = "read".to_owned();
    reader.sched.off_cpu = vec![Sleep { reason, uninterruptible_ns, ..Sleep::default() }];
    reader
}

#[test]
fn threads_that_wait_for_files_are_named_and_those_that_wait_for_pipes_are_not() {
    let verdict = only(&report(vec![reader(1_000, 3_000)]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("io-wait", Strength::Strong));
    assert!(verdict.what.contains("for 75 % of the time"), "{}", verdict.what);
    assert!(verdict.what.ends_with("most in read"), "{}", verdict.what);
    let semaphore = reader(1_000, 5_000).waits_for_lock("rwsem read", 10, 4_000);
    assert_eq!(names(&report(vec![semaphore])), [""; 0], "most of it was a lock");
    let mut vfork = reader(1_000, 5_000);
    vfork.sched.off_cpu[0].reason = "vfork".to_owned();
    assert_eq!(names(&report(vec![vfork])), [""; 0]);
}

#[test]
fn waits_for_files_begin_at_a_fifth_of_the_work_and_of_a_thread() {
    assert_eq!(only(&report(vec![reader(7_500, 2_500)])).strength, Strength::Clear);
    assert_eq!(names(&report(vec![reader(7_999, 2_000)])), ["io-wait"]);
    assert_eq!(names(&report(vec![reader(8_001, 1_999)])), [""; 0]);
    assert_eq!(names(&report(vec![reader(500, 1_999)])), [""; 0], "it has little to do at all");
}

#[test]
fn who_waits_for_files_is_named_beside_others_who_wait_for_work() {
    let mut crew = vec![reader(1_000, 6_000)];
    crew.extend((8..16).map(|pid| process(pid, 1).computes(20).sleeps_in("futex", 9_980)));
    assert_eq!(names(&report(crew)), ["io-wait"]);
}
