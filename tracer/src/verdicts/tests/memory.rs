//! Heap and mappings, given back and taken again; and the locks that this takes.

use super::made::{MIB, WINDOW_MS};
use super::*;
use crate::report::{Group, LockPlace};

/// A worker that gives 8 MiB back so many times, and spends so long in `brk` and in page faults.
fn churner(pid: u32, shrinks: u64, brk_ms: u64, faults_ms: u64) -> Group {
    process(pid, 1)
        .computes(9_900 - brk_ms - faults_ms)
        .calls("brk grow", 2 * shrinks, 0, Some(shrinks * 8 * MIB))
        .calls("brk shrink", shrinks, brk_ms, Some(shrinks * 8 * MIB))
        .faults(faults_ms, shrinks * 2_036)
}

#[test]
fn a_heap_given_back_and_taken_again_is_named_with_its_remedy() {
    let verdict = only(&report(vec![churner(7, 700, 630, 4_500)]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("heap-churn", Strength::Strong));
    assert_eq!(
        verdict.evidence,
        [
            "heap grown by 560 MiB/s in 140/s calls and given back by 560 MiB/s in 70.0/s, 8.0 MiB \
             at a time",
            "page faults 45 % and brk 6 % of the time on CPUs",
            "143,000/s page faults, 2,040 for each time it is given back",
        ]
    );
    assert!(verdict.remedy.contains("MALLOC_TOP_PAD_=134217728"), "{}", verdict.remedy);
    assert!(verdict.remedy.contains("Not MALLOC_TRIM_THRESHOLD_ alone"), "{}", verdict.remedy);
}

#[test]
fn the_room_to_keep_is_several_times_what_is_given_back() {
    let large = churner(7, 700, 630, 4_500);
    let syscalls = large.syscalls.iter().cloned().map(|mut row| {
        row.bytes = row.bytes.map(|bytes| 10 * bytes);
        row.again_bytes = row.bytes;
        row
    });
    let verdict = only(&report(vec![Group { syscalls: syscalls.collect(), ..large }]));
    assert!(verdict.remedy.contains("MALLOC_TOP_PAD_=536870912"), "{}", verdict.remedy);
}

#[test]
fn heap_churn_begins_at_a_tenth_of_the_time_on_cpus_and_three_times_a_second() {
    let ten_percent = WINDOW_MS * 99 / 1_000;
    assert_eq!(names(&report(vec![churner(7, 700, 90, ten_percent - 90)])), ["heap-churn"]);
    assert_eq!(names(&report(vec![churner(7, 700, 90, ten_percent - 92)])), [""; 0]);
    assert_eq!(names(&report(vec![churner(7, 30, 90, 4_500)])), ["heap-churn"]);
    assert_eq!(names(&report(vec![churner(7, 29, 90, 4_500)])), [""; 0]);
}

#[test]
fn a_heap_that_grows_is_none_that_churns() {
    let grows = |again: u64| {
        let mut group = process(7, 1)
            .computes(5_000)
            .calls("brk grow", 1_000, 100, Some(1_000 * MIB))
            .calls("brk shrink", 100, 100, Some(1_000 * MIB))
            .faults(4_000, 256_000);
        group.syscalls[0].again_bytes = Some(again * MIB);
        group
    };
    assert_eq!(names(&report(vec![grows(500)])), ["heap-churn"]);
    assert_eq!(names(&report(vec![grows(499)])), [""; 0]);
}

#[test]
fn a_churner_among_many_healthy_processes_is_found() {
    let healthy = |pid| process(pid, 1).computes(1_200).waits_for_a_cpu(8_700);
    let mut processes: Vec<_> = (10..25).map(healthy).collect();
    processes.push(churner(7, 700, 630, 4_500));
    assert_eq!(names(&report(processes)), ["heap-churn"]);
}

#[test]
fn without_samples_the_page_faults_are_unknown_and_so_is_the_verdict() {
    let mut blind = churner(7, 700, 630, 0);
    blind.budget.faults_ns = None;
    let it = cannot_tell(&report(vec![blind]));
    assert_eq!(it.name.as_deref(), Some("heap-churn"));
    assert!(it.missing.contains("CPU samples") && it.missing.contains("6 %"), "{it:?}");
}

#[test]
fn page_faults_go_to_heap_or_mappings_by_the_bytes_they_took() {
    let both = process(7, 1)
        .computes(4_000)
        .calls("brk grow", 700, 0, Some(100 * MIB))
        .calls("brk shrink", 700, 0, Some(100 * MIB))
        .calls("mmap", 700, 100, Some(900 * MIB))
        .calls("munmap", 700, 300, Some(900 * MIB))
        .faults(5_000, 1_000_000);
    // A tenth of 53 % is no 10 %.
    let verdict = only(&report(vec![both]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("mapping-churn", Strength::Strong));
}

/// A worker that maps and unmaps so many blocks of this size.
fn mapper(blocks: u64, size: u64, unmapped: u64, calls_ms: u64, faults_ms: u64) -> Group {
    let mut group = process(7, 1)
        .computes(9_900 - calls_ms - faults_ms)
        .calls("mmap", blocks, calls_ms / 4, Some(blocks * size))
        .calls("munmap", unmapped, calls_ms * 3 / 4, Some(unmapped * size))
        .faults(faults_ms, blocks * size / 4_096);
    group.syscalls[0].again_bytes = Some(unmapped * size);
    group
}

#[test]
fn mappings_made_and_dropped_are_named_with_the_remedy_for_their_size() {
    let verdict = only(&report(vec![mapper(60_000, MIB / 4, 60_000, 900, 6_000)]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("mapping-churn", Strength::Strong));
    assert!(verdict.remedy.contains("MALLOC_TOP_PAD_=134217728"), "{}", verdict.remedy);
    assert!(verdict.remedy.contains("MALLOC_MMAP_THRESHOLD_ or"), "{}", verdict.remedy);
    let large = only(&report(vec![mapper(300, 40 * MIB, 300, 900, 6_000)]));
    assert!(large.remedy.contains("MALLOC_TOP_PAD_=536870912"), "{}", large.remedy);
    assert!(large.remedy.contains("ends at 32 MiB"), "{}", large.remedy);
}

#[test]
fn who_maps_files_over_and_over_is_not_told_to_set_the_allocator() {
    let of_files = |file_blocks: u64| {
        let mut group = mapper(60_000, MIB, 60_000, 900, 6_000);
        group.syscalls[0].file_bytes = Some(file_blocks * MIB);
        only(&report(vec![group]))
    };
    let files = of_files(30_001);
    assert_eq!(files.name, "mapping-churn");
    assert!(files.what.starts_with("files are mapped and unmapped"), "{}", files.what);
    assert!(files.evidence[0].contains("50 % of it files"), "{:?}", files.evidence);
    assert!(!files.remedy.contains("MALLOC_"), "{}", files.remedy);
    let memory = of_files(30_000);
    assert!(memory.what.starts_with("memory is mapped and unmapped"), "{}", memory.what);
    assert!(memory.remedy.contains("MALLOC_TOP_PAD_"), "{}", memory.remedy);
}

#[test]
fn mapping_churn_begins_where_half_is_given_back_for_a_tenth_of_the_time() {
    assert_eq!(names(&report(vec![mapper(1_000, MIB, 500, 100, 890)])), ["mapping-churn"]);
    assert_eq!(names(&report(vec![mapper(1_000, MIB, 499, 100, 890)])), [""; 0]);
    assert_eq!(names(&report(vec![mapper(1_000, MIB, 500, 100, 888)])), [""; 0]);
}

#[test]
fn threads_that_wait_for_their_address_space_are_told_apart_from_processes() {
    let threads = |n, ms| process(7, n).computes(9_000).waits_for_lock("mmap_lock write", 500, ms);
    let verdict = only(&report(vec![threads(4, 1_000)]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("mmap-lock", Strength::Clear));
    assert_eq!(names(&report(vec![threads(4, 999)])), [""; 0], "less than a tenth");
    assert_eq!(
        names(&report(vec![threads(1, 5_000)])),
        [""; 0],
        "one thread has nobody to wait for"
    );
    let strong = process(7, 4).computes(6_000).waits_for_lock("mmap_lock read", 500, 3_000);
    assert_eq!(only(&report(vec![strong])).strength, Strength::Strong);
}

/// Two processes whose page faults, or other calls, wait for spinlocks for so long.
fn contended(place: &str, ms: u64, processes: u32) -> Report {
    let each = 10_000 / u64::from(processes);
    let of =
        (0..processes).map(|n| process(7 + n, 1).computes(each).waits_for_lock("spinlock", 9, 1));
    let mut report = report(of.collect());
    for lock in report.total.locks.iter_mut().flatten() {
        let at = LockPlace { name: place.to_owned(), count: 9, ns: ms * MS / u64::from(processes) };
        lock.by_syscall = vec![at];
    }
    report
}

#[test]
fn processes_that_wait_for_pages_are_named_and_never_by_a_lock_they_do_not_share() {
    assert_eq!(names(&contended("outside of calls", 500, 2)), ["page-allocator"]);
    assert_eq!(names(&contended("brk", 500, 2)), ["page-allocator"]);
    assert_eq!(names(&contended("outside of calls", 499, 2)), [""; 0], "less than 5 %");
    assert_eq!(names(&contended("outside of calls", 5_000, 1)), [""; 0], "of one process");
    assert_eq!(names(&contended("epoll_wait", 5_000, 2)), [""; 0], "elsewhere");
    assert_eq!(only(&contended("munmap", 2_000, 2)).strength, Strength::Strong);
}
