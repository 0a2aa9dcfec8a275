//! Several processes that work together.

use super::made::MIB;
use super::*;
use crate::report::{Births, Concurrency, End, Futex, Group, Sleep, Waker};

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
        verdict.evidence[0].starts_with("0.96 of 4 workers ran or wanted to"),
        "{:?}",
        verdict.evidence
    );
    assert!(verdict.evidence[2].contains("90 % of that ends when python3 (pid 1) wakes it"));
}

/// The same of workers that queue for the right to look for a task, as those of a pool in Python: as
/// measured with eight. Of the wakes so many in a hundred are by the feeder.
fn pool(handed: u64) -> Report {
    let mut pool = gather(8, 1_200, 0.0);
    pool.processes[0].ppid = None;
    let workers = 10..18;
    for worker in pool.processes.iter_mut().skip(1) {
        let me = worker.pid;
        let slept_ns = worker.sched.off_cpu_ns.total;
        let waker = |pid, wakes, percent| Waker {
            pid: Some(pid),
            wakes,
            slept_ns: slept_ns / 100 * percent,
            ..Waker::default()
        };
        let siblings = workers.clone().filter(|pid| Some(*pid) != me).take(2);
        worker.sched.wakers = siblings.map(|pid| waker(pid, (100 - handed) / 2, 44)).collect();
        worker.sched.wakers.push(waker(1, handed, 12));
    }
    pool
}

#[test]
fn workers_that_hand_each_other_their_turn_are_fed_all_the_same() {
    let verdict = only(&pool(50));
    assert_eq!(verdict.name, "serial-dispatch");
    assert!(
        verdict.evidence[2].ends_with(
            "12 % of that ends when python3 (pid 1) wakes it, 88 % when another worker does"
        ),
        "{:?}",
        verdict.evidence
    );
    assert_eq!(names(&pool(20)), ["serial-dispatch"]);
    assert_eq!(names(&pool(18)), [""; 0], "they feed themselves");
    let mut strangers = pool(50);
    for worker in strangers.processes.iter_mut().skip(1) {
        worker.ppid = worker.pid;
    }
    assert_eq!(names(&strangers), [""; 0]);
}

#[test]
fn a_fight_among_the_threads_that_feed_workers_is_left_out() {
    let mut pool = pool(50);
    let word = Futex {
        address: Some("0xa5b8f8".to_owned()),
        calls: 60_000,
        waits: 20_000,
        again: 20_000,
        wakes: 40_000,
        waiters: 4,
        wakers: 4,
        ..Futex::default()
    };
    let feeder = pool.processes[0].clone();
    pool.processes[0] = feeder.calls("futex", 60_000, 2_000, None).uses(word);
    assert_eq!(names(&pool), ["serial-dispatch"]);
    pool.cpus.allowed = Some(1);
    assert_eq!(names(&pool), ["interpreter-lock-fight"]);
}

/// Four workers, each of which works for so long, and one that feeds them for so long and wakes each so
/// often.
fn crumbs(feeds_ms: u64, works_ms: u64, wakes: u64) -> Report {
    let mut report = gather(4, works_ms, 0.0);
    let feeder = process(1, 4).computes(feeds_ms).sleeps_in("futex", 2_000);
    report.processes[0] = Group { ppid: None, ..feeder };
    report.total.budget.outside_calls_ns += (feeds_ms - 100) * MS;
    for worker in report.processes.iter_mut().skip(1) {
        worker.sched.wakers.iter_mut().for_each(|waker| waker.wakes = wakes);
    }
    report
}

#[test]
fn one_that_is_busier_with_feeding_than_its_workers_with_their_tasks_is_named() {
    let verdict = only(&crumbs(8_000, 1_000, 5_000));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("serial-dispatch", Strength::Strong));
    assert!(verdict.what.starts_with("the tasks of 4 workers are so small"), "{}", verdict.what);
    assert_eq!(
        verdict.evidence[0],
        "python3 (pid 1) is on a CPU for 80 % of the window, all workers together for 40 %"
    );
    assert!(
        verdict.evidence[1].starts_with(
            "workers are woken 2,000/s by it and by each other, once for each 400 µs that it is on a \
             CPU, and work for 200 µs each time, in the mean"
        ),
        "{:?}",
        verdict.evidence
    );
    assert_eq!(only(&crumbs(8_000, 1_500, 5_000)).strength, Strength::Clear);
    assert_eq!(names(&crumbs(4_010, 1_000, 5_000)), ["serial-dispatch"], "as busy as all of them");
}

#[test]
fn one_that_works_itself_and_gives_some_of_it_away_feeds_nobody() {
    assert_eq!(names(&crumbs(8_000, 1_000, 2_000)), ["serial-dispatch"], "a millisecond for each");
    assert_eq!(names(&crumbs(8_000, 1_000, 1_999)), [""; 0]);
    let mut alone = crumbs(8_000, 1_000, 5_000);
    alone.processes.truncate(2);
    assert_eq!(names(&alone), [""; 0], "one that helps is no crew");
    let mut none = crumbs(8_000, 1_000, 5_000);
    for worker in none.processes.iter_mut().skip(1) {
        worker.sched.wakers.remove(0);
    }
    assert_eq!(names(&none), [""; 0], "they wait for something else");
}

#[test]
fn threads_of_the_one_that_feeds_workers_do_not_overlap_with_them() {
    let mut busy = gather(2, 4_200, 0.0);
    busy.total.budget.runnable_ns += 4_000 * MS;
    busy.processes[0].budget.runnable_ns += 4_000 * MS;
    assert_eq!(names(&busy), ["serial-dispatch"]);
    let overlapping = |ms| {
        let mut report = gather(2, 4_200, 0.0);
        for worker in report.processes.iter_mut().skip(1) {
            worker.budget.runnable_ns += ms * MS;
        }
        names(&report)
    };
    assert_eq!(overlapping(2_300), ["serial-dispatch"]);
    assert_eq!(overlapping(2_310), [""; 0]);
}

#[test]
fn workers_sleep_for_a_fifth_of_their_lives_or_nobody_waits_for_them() {
    let busiest = |works_ms| {
        let mut report = gather(2, 5_000, 0.0);
        report.processes[1] = worker(10, works_ms);
        names(&report)
    };
    assert_eq!(busiest(8_000), ["serial-dispatch"]);
    assert_eq!(busiest(8_010), [""; 0]);
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
fn a_mapping_at_the_end_is_no_start() {
    let mapping = |mean_ms: u64| {
        let mut report = starters(4, 200, 200);
        for child in &mut report.processes[1..] {
            child.syscalls[0].mean_at_ns = child.born_ns.map(|born| born + mean_ms * MS);
        }
        names(&report)
    };
    assert_eq!(mapping(44), [""; 0]);
    assert_eq!(mapping(45), ["start-up-cost"], "half of 200 ms is 2.25 times 44.4");
}

#[test]
fn a_program_that_starts_for_long_and_then_has_workers_starts_once() {
    let program = |starts_again: u32| {
        let mut report = starters(5, 300, 0);
        for group in report.processes.iter_mut().skip(1).take(1 + starts_again as usize) {
            group.syscalls[0].last_ns = group.exited_ns;
        }
        // The first of them imports for two seconds.
        let first = &mut report.processes[1];
        *first = first.clone().computes(2_000);
        report.total.budget.outside_calls_ns += 2_000 * MS;
        names(&report)
    };
    assert_eq!(program(0), [""; 0]);
    // 300 of 3,700 ms, and 600.
    assert_eq!(program(1), [""; 0]);
    assert_eq!(program(2), ["start-up-cost"]);
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
    let mut heap = starters(4, 90, 87);
    for group in heap.processes.iter_mut().skip(1) {
        *group = group.clone().calls("brk grow", 30, 0, Some(240 * MIB));
    }
    assert_eq!(names(&heap), [""; 0]);
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
