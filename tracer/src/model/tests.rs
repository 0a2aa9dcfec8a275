//! The window, its edges, and who is who, on hand-made facts.

use super::*;

const KEEP: Keep = Keep { by_thread: false, pauses_over_ns: 1_000 };

fn cut(model: &mut Model, calls: &[Call]) -> Stretch {
    model.cut(&UnderWay { calls, threads: &[], last: false })
}

/// A call of thread 7 in process 1, on a CPU for all of its time.
fn call(begin_ns: u64, end_ns: u64) -> Call {
    Call { end_ns, cookie: 1, on_cpu_ns: end_ns - begin_ns, tid: 7, nr: 202, ..Call::default() }
}

fn life(event: u32, ns: u64, cookie: u64, tid: u32) -> Life {
    Life { event, ns, cookie, tid, shown_tgid: 7, shown_tid: tid, ..Life::default() }
}

fn model_open_at(ns: u64) -> Model {
    let mut model = Model::new(KEEP);
    model.life(&life(Life::SEEDED, ns, 1, 7));
    model.open(ns);
    model
}

fn only(stretch: &Stretch) -> Calls {
    let account = stretch.accounts.get(Owner { cookie: 1, tid: None }).expect("an account");
    assert_eq!(account.calls.len(), 1);
    account.calls.values().next().cloned().unwrap()
}

#[test]
fn a_call_within_the_window_counts_with_its_time() {
    let mut model = model_open_at(100);
    model.call(&call(110, 150));
    model.edge(200);
    let stretch = cut(&mut model, &[]);
    assert_eq!((stretch.start_ns, stretch.end_ns), (100, 200));
    let calls = only(&stretch);
    assert_eq!((calls.wall.count(), calls.wall.sum(), calls.unpaired), (1, 40, 0));
}

#[test]
fn a_call_that_ended_before_the_window_is_none_of_ours() {
    let mut model = model_open_at(100);
    model.call(&call(50, 99));
    model.edge(200);
    assert_eq!(cut(&mut model, &[]).accounts.owners(1).count(), 0);
}

#[test]
fn a_call_that_began_before_the_window_is_unpaired_and_has_no_time() {
    let mut model = model_open_at(100);
    model.call(&call(99, 150));
    model.edge(200);
    let calls = only(&cut(&mut model, &[]));
    assert_eq!((calls.wall.count(), calls.unpaired), (0, 1));
}

#[test]
fn a_call_open_at_the_end_is_in_flight_and_not_completed() {
    let mut model = model_open_at(100);
    model.edge(200);
    // Looked at when it was 130 ns old, 30 ns after the edge.
    let calls = only(&cut(&mut model, &[call(100, 230)]));
    assert_eq!((calls.wall.count(), calls.in_flight, calls.in_flight_longest_ns), (0, 1, 100));
}

#[test]
fn a_call_that_ended_between_the_edge_and_the_look_was_in_flight_at_the_edge() {
    let mut model = model_open_at(100);
    model.edge(200);
    model.call(&call(150, 210));
    let first = only(&cut(&mut model, &[]));
    assert_eq!((first.wall.count(), first.in_flight, first.in_flight_longest_ns), (0, 1, 50));
    model.edge(300);
    let second = only(&cut(&mut model, &[]));
    assert_eq!((second.wall.count(), second.in_flight), (1, 0), "it ended in the next stretch");
}

#[test]
fn a_call_seen_open_and_then_ended_is_in_flight_once() {
    let mut model = model_open_at(100);
    model.edge(200);
    model.call(&call(150, 220));
    assert_eq!(only(&cut(&mut model, &[call(150, 210)])).in_flight, 1);
}

/// A call of thread 7 of which the beginning was not seen: its end, or a look at it.
fn begun_before(ns: u64, flags: u8) -> Call {
    Call { flags: Call::UNPAIRED | flags, ..call(ns, ns) }
}

#[test]
fn a_call_open_since_before_tracing_began_is_in_flight_for_nobody_knows_how_long() {
    let mut model = model_open_at(100);
    model.edge(200);
    let calls = only(&cut(&mut model, &[begun_before(230, Call::IN_FLIGHT)]));
    assert_eq!((calls.in_flight, calls.in_flight_before, calls.in_flight_longest_ns), (1, 1, 0));
    model.call(&begun_before(250, 0));
    model.edge(300);
    let calls = only(&cut(&mut model, &[]));
    assert_eq!((calls.in_flight, calls.in_flight_before, calls.unpaired), (0, 0, 1));
}

#[test]
fn one_that_ended_before_it_was_looked_for_was_in_flight_at_the_edge_too() {
    let mut model = model_open_at(100);
    model.edge(200);
    model.call(&begun_before(220, 0));
    let first = only(&cut(&mut model, &[begun_before(210, Call::IN_FLIGHT)]));
    assert_eq!((first.in_flight, first.in_flight_before, first.unpaired), (1, 1, 0));
    model.edge(300);
    let second = only(&cut(&mut model, &[]));
    assert_eq!((second.in_flight, second.unpaired), (0, 1));
    let mut whole = first;
    whole.forget_open();
    whole.absorb(&second);
    assert_eq!((whole.in_flight, whole.in_flight_before, whole.unpaired), (0, 0, 1));
}

#[test]
fn a_call_that_began_after_the_edge_is_not_in_flight_at_it() {
    let mut model = model_open_at(100);
    model.edge(200);
    model.call(&call(201, 210));
    assert_eq!(cut(&mut model, &[call(220, 230)]).accounts.owners(1).count(), 0);
}

#[test]
fn stretches_put_together_are_the_whole_and_only_the_last_has_calls_in_flight() {
    let mut model = model_open_at(100);
    model.call(&call(110, 120));
    model.edge(200);
    let mut whole = cut(&mut model, &[call(150, 201)]);
    model.call(&call(150, 250));
    model.edge(300);
    whole.absorb(&cut(&mut model, &[]));
    assert_eq!((whole.start_ns, whole.end_ns), (100, 300));
    let calls = only(&whole);
    assert_eq!((calls.wall.count(), calls.wall.sum(), calls.in_flight), (2, 110, 0));
}

#[test]
fn failed_calls_are_counted_and_ask_for_no_bytes() {
    let mut model = model_open_at(100);
    model.call(&Call { amount: 4096, ..call(110, 120) });
    model.call(&Call { amount: 8192, flags: Call::FAILED, ..call(130, 140) });
    model.edge(200);
    let calls = only(&cut(&mut model, &[]));
    assert_eq!((calls.wall.count(), calls.errors, calls.bytes), (2, 1, 4096));
}

#[test]
fn a_call_cut_off_by_death_has_a_column_of_its_own() {
    let mut model = model_open_at(100);
    model.call(&Call { flags: Call::ENDED_BY_EXIT, ..call(110, 120) });
    model.edge(200);
    let calls = only(&cut(&mut model, &[]));
    assert_eq!((calls.wall.count(), calls.ended_by_exit), (0, 1));
}

#[test]
fn the_three_kinds_of_brk_are_never_put_together() {
    let mut model = model_open_at(100);
    for kind in [Call::BRK_GROW, Call::BRK_SHRINK, Call::BRK_QUERY] {
        model.call(&Call { kind, nr: 12, ..call(110, 120) });
    }
    model.edge(200);
    let stretch = cut(&mut model, &[]);
    assert_eq!(
        stretch.accounts.get(Owner { cookie: 1, tid: None }).map(|account| account.calls.len()),
        Some(3)
    );
}

#[test]
fn a_32_bit_call_is_not_taken_for_the_64_bit_one_of_its_number() {
    let mut model = model_open_at(100);
    model.call(&call(110, 120));
    model.call(&Call { flags: Call::COMPAT, ..call(130, 140) });
    model.edge(200);
    let stretch = cut(&mut model, &[]);
    assert_eq!(
        stretch.accounts.get(Owner { cookie: 1, tid: None }).map(|account| account.calls.len()),
        Some(2)
    );
}

#[test]
fn threads_have_accounts_of_their_own_when_asked_for() {
    let mut model = Model::new(Keep { by_thread: true, ..KEEP });
    model.open(100);
    model.call(&call(110, 120));
    model.call(&Call { tid: 8, ..call(110, 120) });
    model.edge(200);
    let owners: Vec<_> = cut(&mut model, &[]).accounts.owners(1).map(|owner| owner.tid).collect();
    assert_eq!(owners, [Some(7), Some(8)]);
}

#[test]
fn thread_time_is_the_part_of_each_life_within_the_window() {
    let mut model = model_open_at(100);
    model.life(&life(Life::THREAD_BORN, 120, 1, 8));
    model.life(&life(Life::THREAD_EXIT, 150, 1, 8));
    let process = model.processes().get(1).unwrap();
    assert_eq!(process.thread_time(100, 200), (100 + 30, 2));
    assert_eq!(process.thread_time(160, 200), (40, 1));
}

#[test]
fn a_process_ends_with_its_last_thread_and_with_its_status() {
    let mut model = model_open_at(100);
    model.life(&Life { last: 1, exit_code: 3 << 8, ..life(Life::THREAD_EXIT, 150, 1, 7) });
    assert_eq!(model.processes().alive(), 0);
    assert_eq!(model.processes().get(1).unwrap().ended, Some((150, End::Exit(3 << 8))));
}

#[test]
fn an_exec_ends_one_program_and_begins_another_with_the_same_pid() {
    let mut model = model_open_at(100);
    model.life(&Life {
        origin: 1,
        comm: *b"python3\0\0\0\0\0\0\0\0\0",
        ..life(Life::EXEC, 150, 2, 7)
    });
    let (before, after) = (model.processes().get(1).unwrap(), model.processes().get(2).unwrap());
    assert_eq!(before.ended, Some((150, End::Exec)));
    assert_eq!(before.thread_time(100, 200), (50, 1));
    assert_eq!((after.pid, after.comm.as_str(), after.born_ns), (7, "python3", Some(150)));
    assert_eq!(model.processes().alive(), 1);
}

#[test]
fn a_death_behind_the_edge_belongs_to_the_next_stretch() {
    let mut model = model_open_at(100);
    model.edge(200);
    model.life(&Life { last: 1, ..life(Life::THREAD_EXIT, 210, 1, 7) });
    assert_eq!(model.processes().alive(), 1);
    cut(&mut model, &[]);
    assert_eq!(model.processes().alive(), 0);
}

/// A slice of thread 7 in process 1: it slept, waited and ran one after the other from `begin_ns`.
fn slice(begin_ns: u64, slept_ns: u64, waited_ns: u64, ran_ns: u64) -> Slice {
    let start_ns = begin_ns + slept_ns + waited_ns;
    Slice {
        start_ns,
        cookie: 1,
        tid: 7,
        slept_ns,
        waited_ns,
        ran_ns,
        slept_in: 202,
        ..Slice::default()
    }
}

fn stays(stretch: &Stretch) -> Stays {
    stretch.accounts.get(Owner { cookie: 1, tid: None }).expect("an account").stays.clone()
}

fn standing(slice: Slice, flags: u32) -> Standing {
    Standing {
        slice: Slice { flags: slice.flags | Slice::GOES_ON | flags, ..slice },
        ..Standing::default()
    }
}

#[test]
fn a_process_whose_death_was_lost_ends_when_it_is_missed() {
    let mut model = model_open_at(100);
    model.life(&life(Life::BORN, 120, 2, 8));
    model.life(&life(Life::BORN, 160, 3, 9));
    let alive = [standing(Slice { cookie: 1, tid: 7, ..Slice::default() }, 0)];
    model.reap(150, &alive, 155);
    let end = |cookie| model.processes().get(cookie).and_then(|process| process.ended);
    assert_eq!((end(1), end(2)), (None, Some((155, End::Unseen))));
    assert_eq!(end(3), None, "it was born after the look");
}

#[test]
fn slices_tile_the_time_of_their_thread() {
    let mut model = model_open_at(100);
    model.slice(&slice(100, 0, 0, 30));
    model.slice(&slice(130, 20, 5, 15));
    model.edge(200);
    // Asleep again since 170, looked at 10 ns after the edge.
    let asleep = standing(slice(170, 40, 0, 0), Slice::OFF);
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[asleep], last: true });
    let stays = stays(&stretch);
    assert_eq!((stays.on_cpu_ns, stays.runnable_ns), (45, 5));
    assert_eq!(stays.blocked_ns.values().sum::<u64>(), 20 + 30);
    assert_eq!(stays.sleeps.count(), 1, "the second sleep has not ended");
    assert_eq!(stays.voluntary, 2);
}

#[test]
fn a_slice_across_the_edge_is_shared_by_both_stretches() {
    let mut model = model_open_at(100);
    model.edge(200);
    let under_way = standing(slice(100, 50, 0, 60), 0);
    model.slice(&slice(100, 50, 0, 80));
    let first = model.cut(&UnderWay { calls: &[], threads: &[under_way], last: false });
    let (before, blocked) = (stays(&first), stays(&first).blocked_ns);
    assert_eq!((before.on_cpu_ns, blocked.values().sum::<u64>()), (50, 50));
    assert_eq!((before.sleeps.count(), before.stays.count()), (1, 0));
    model.edge(300);
    let after = stays(&cut(&mut model, &[]));
    assert_eq!((after.on_cpu_ns, after.sleeps.count(), after.stays.count()), (30, 0, 1));
    assert!(after.blocked_ns.is_empty());
}

#[test]
fn a_thread_that_never_switches_is_accounted_for_at_the_edge() {
    let mut model = model_open_at(100);
    model.edge(200);
    let busy = standing(slice(90, 0, 0, 115), 0);
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[busy], last: true });
    assert_eq!(stays(&stretch).on_cpu_ns, 100);
    assert_eq!(stretch.concurrency.threads_ns, [0, 100]);
}

#[test]
fn concurrency_is_settled_in_steps_without_counting_twice() {
    let mut model = model_open_at(100);
    let goes_on = |ran| standing(slice(100, 0, 0, ran), 0);
    model.settle(150, &[goes_on(51)]);
    model.settle(180, &[goes_on(82)]);
    model.slice(&slice(100, 0, 0, 90));
    model.edge(200);
    let stretch = cut(&mut model, &[]);
    assert_eq!(stretch.concurrency.threads_ns, [10, 90]);
}

#[test]
fn what_a_thread_slept_in_is_told_from_where_it_left_the_cpu() {
    let call = slice(0, 1, 0, 0);
    assert_eq!(Asleep::before(&call), Asleep::Call(202));
    let outside = Slice { slept_in: Slice::NO_CALL, ..call };
    assert_eq!(Asleep::before(&Slice { slept_state: 2, ..outside }), Asleep::Fault);
    assert_eq!(Asleep::before(&Slice { slept_state: 4, ..call }), Asleep::Stopped);
    assert_eq!(Asleep::before(&Slice { slept_state: 1, ..outside }), Asleep::Unknown);
}

#[test]
fn long_waits_and_long_calls_are_pauses() {
    let mut model = model_open_at(100);
    model.slice(&slice(200, 0, 1_500, 10));
    model.call(&call(5_000, 7_000));
    model.call(&call(7_000, 7_999));
    model.edge(10_000);
    let pauses = cut(&mut model, &[]).pauses.longest();
    assert_eq!(
        pauses.iter().map(|p| (p.start_ns, p.ns)).collect::<Vec<_>>(),
        [(5_000, 2_000), (200, 1_500)]
    );
    assert_eq!(pauses[1].cause, Cause::Waiting);
}

#[test]
fn counts_of_a_thread_are_what_they_grew_by_in_the_window() {
    let mut model = Model::new(KEEP);
    model.life(&Life { minor_faults: 40, ..life(Life::SEEDED, 100, 1, 7) });
    model.open(100);
    model.life(&life(Life::THREAD_BORN, 120, 1, 8));
    model.life(&Life { minor_faults: 5, ..life(Life::THREAD_EXIT, 150, 1, 8) });
    model.edge(200);
    let now = Standing { minor_faults: 47, ..standing(slice(100, 0, 0, 100), 0) };
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[now], last: true });
    assert_eq!(stays(&stretch).minor_faults, 5 + 7);
}

#[test]
fn waits_for_locks_count_from_the_opening_of_the_window_and_once() {
    let waits = |count| Waits { count, ns: 10 * count };
    let look = |model: &mut Model, count| {
        let mut by_lock = [Waits::default(); Lock::COUNT];
        by_lock[Lock::Mutex as usize] = waits(count);
        model.lock_waits(&LockWaits { cookie: 1, tid: 7, last: 0, by_lock });
        model.lock_waits_at(Lock::Mutex, 9, waits(count));
    };
    let mut model = Model::new(KEEP);
    look(&mut model, 3);
    model.open(100);
    look(&mut model, 5);
    model.edge(200);
    let mut whole = cut(&mut model, &[]);
    look(&mut model, 9);
    model.edge(300);
    let second = cut(&mut model, &[]);
    let sums = |stretch: &Stretch| {
        let account = stretch.accounts.get(Owner { cookie: 1, tid: None }).unwrap();
        (account.locks[&Lock::Mutex], stretch.locks_by_place[&(Lock::Mutex, 9)])
    };
    let sum = |count| Sum { count, ns: 10 * count };
    assert_eq!((sums(&whole), sums(&second)), ((sum(2), sum(2)), (sum(4), sum(4))));
    whole.absorb(&second);
    assert_eq!(sums(&whole), (sum(6), sum(6)));
}
