//! Threads and the one lock that all of them need.

use super::*;
use crate::report::{Futex, Group};

/// Python 2, two threads for two seconds of each CPU: as measured, times five.
fn fight() -> Futex {
    Futex {
        address: Some("0x7f52c8000b60".to_owned()),
        calls: 3_990_000,
        waits: 1_570_000,
        again: 1_450_000,
        wakes: 2_420_000,
        woken: 117_000,
        waiters: 2,
        wakers: 2,
        slept_ns: 3_250 * MS,
        ..Futex::default()
    }
}

fn fighting(word: Futex) -> Group {
    process(7, 2).computes(6_000).calls("futex", word.calls, 5_000, None).uses(word)
}

#[test]
fn threads_that_fight_over_a_word_are_named() {
    let verdict = only(&report(vec![fighting(fight())]));
    assert_eq!(
        (verdict.name.as_ref(), verdict.strength),
        ("interpreter-lock-fight", Strength::Strong)
    );
    assert!(verdict.evidence[0].starts_with("399,000/s futex calls on one word (0x7f52c8000b60)"));
    assert!(
        verdict.evidence[1].contains("92 % of the waits found it changed"),
        "{:?}",
        verdict.evidence
    );
}

#[test]
fn a_fight_explains_the_crowd_that_it_makes() {
    let word = Futex { waiters: 8, wakers: 8, ..fight() };
    let eight = Group { threads: 8, ..fighting(word) }.waits_for_a_cpu(60_000);
    assert_eq!(names(&report(vec![eight])), ["interpreter-lock-fight"]);
}

#[test]
fn a_fight_takes_two_and_ten_thousand_calls_for_each_second_half_of_them_in_vain() {
    let none = |word| assert_eq!(names(&report(vec![fighting(word)])), [""; 0]);
    let some = |word| assert_eq!(names(&report(vec![fighting(word)])), ["interpreter-lock-fight"]);
    none(Futex { waiters: 1, ..fight() });
    none(Futex { wakers: 1, ..fight() });
    none(Futex { address: None, ..fight() });
    let slow =
        Futex { calls: 110_000, waits: 50_000, again: 0, wakes: 60_000, woken: 5_000, ..fight() };
    some(slow.clone());
    none(Futex { calls: 109_999, ..slow.clone() });
    none(Futex { woken: 5_001, ..slow });
}

/// Python 3, eight threads with small arrays, for ten seconds: as measured.
fn handed_over() -> Futex {
    Futex {
        address: Some("0x7fe904d4e6f8".to_owned()),
        calls: 614_000,
        waits: 268_000,
        again: 32_000,
        wakes: 346_000,
        woken: 242_000,
        waiters: 9,
        wakers: 9,
        slept_ns: 30_000 * MS,
        ..Futex::default()
    }
}

#[test]
fn a_lock_that_is_handed_over_for_every_little_thing_is_fought_over_too() {
    let threads = |word: Futex, computes_ms, all_calls| {
        process(7, 9).computes(computes_ms).calls("futex", all_calls, 4_000, None).uses(word)
    };
    let found = |group| names(&report(vec![group]));
    let group = threads(handed_over(), 8_000, 1_050_000);
    let verdict = only(&report(vec![group]));
    assert_eq!(verdict.name, "interpreter-lock-fight");
    assert!(verdict.what.contains("with 33 % of their time on CPUs"), "{}", verdict.what);
    assert_eq!(
        verdict.evidence[1],
        "a thread was woken for it 24,200/s, once for each 49.6 µs that they were on a CPU"
    );
    assert_eq!(found(threads(handed_over(), 12_000, 1_050_000)), ["interpreter-lock-fight"]);
    assert_eq!(found(threads(handed_over(), 12_010, 1_050_000)), [""; 0], "a quarter, at least");
    let two = Futex { waiters: 2, wakers: 2, ..handed_over() };
    assert_eq!(found(threads(two, 8_000, 1_050_000)), [""; 0], "they may be steps of one thing");
    let queue = Futex { wakers: 1, ..handed_over() };
    assert_eq!(found(threads(queue, 8_000, 1_050_000)), [""; 0], "one gives the others work");
    assert_eq!(found(threads(handed_over(), 8_000, 1_842_000)), ["interpreter-lock-fight"]);
    assert_eq!(found(threads(handed_over(), 8_000, 1_842_010)), [""; 0], "there are other words");
}

#[test]
fn a_fight_among_those_that_only_feed_others_is_no_cause() {
    let pool = |futex_ms: u64| {
        let (calls, waits, wakes) = (60_000, 20_000, 40_000);
        let word = Futex { calls, waits, again: 5_000, wakes, woken: 8_000, ..fight() };
        let feeder = process(7, 4).computes(800).calls("futex", 60_000, futex_ms, None).uses(word);
        names(&report(vec![feeder, process(8, 1).computes(9_200 - futex_ms)]))
    };
    assert_eq!(pool(1_000), ["interpreter-lock-fight"]);
    assert_eq!(pool(999), [""; 0]);
}

/// Python 3, so many threads: as measured.
fn turns(waiters: usize) -> Futex {
    let sleepers = waiters as u64 - 1;
    Futex {
        address: Some("0x7ffd09c8d7d0".to_owned()),
        calls: 2_270 * sleepers,
        waits: 2_200 * sleepers,
        timed_out: 1_900 * sleepers,
        timed_out_slept_ns: 1_900 * sleepers * 5_070_000,
        slept_ns: sleepers * 9_900 * MS,
        wakes: 1_980,
        woken: 1_980,
        waiters,
        wakers: waiters,
        ..Futex::default()
    }
}

fn in_turns(on_cpu_ms: u64, word: Futex) -> Group {
    process(7, 8).computes(on_cpu_ms).calls("futex", word.calls, 0, None).uses(word)
}

#[test]
fn threads_that_take_turns_are_named() {
    for threads in [2, 8] {
        let verdict = only(&report(vec![in_turns(9_900, turns(threads))]));
        assert_eq!(
            (verdict.name.as_ref(), verdict.strength),
            ("interpreter-lock-wait", Strength::Strong)
        );
        assert!(verdict.evidence[1].ends_with("5.07 ms in the mean"), "{:?}", verdict.evidence);
    }
}

#[test]
fn taking_turns_means_that_one_works_at_a_time() {
    let some = |group| assert_eq!(names(&report(vec![group])), ["interpreter-lock-wait"]);
    let none = |group| assert_eq!(names(&report(vec![group])), [""; 0]);
    some(in_turns(11_500, turns(2)));
    none(in_turns(11_510, turns(2)));
    some(in_turns(4_000, turns(2)));
    none(in_turns(3_990, turns(2)));
}

#[test]
fn turns_among_those_that_only_feed_others_are_no_cause() {
    let pool = |feeder_ms: u64| {
        let feeder = in_turns(feeder_ms, turns(2)).waits_for_a_cpu(4_000);
        names(&report(vec![feeder, process(8, 1).computes(4_000)]))
    };
    assert_eq!(pool(4_000), ["interpreter-lock-wait"]);
    assert_eq!(pool(3_990), [""; 0]);
    // Several that do the work together count together.
    let crew = [8, 9, 10, 11].map(|pid| {
        let fought = in_turns(2_000, turns(2)).waits_for_a_cpu(4_000);
        Group { pid: Some(pid), ..fought }
    });
    assert_eq!(names(&report(crew.to_vec())), ["interpreter-lock-wait"]);
}

#[test]
fn those_that_look_for_work_now_and_then_take_no_turns() {
    let none = |word| assert_eq!(names(&report(vec![in_turns(9_900, word)])), [""; 0]);
    // Asleep all the time: nobody of them works.
    none(Futex { slept_ns: 2 * 9_900 * MS, ..turns(2) });
    // Once a second.
    none(Futex { timed_out: 199, timed_out_slept_ns: 199 * 5 * MS, ..turns(2) });
    none(Futex { timed_out_slept_ns: 1_900 * 51 * MS, ..turns(2) });
    none(Futex { wakers: 1, ..turns(2) });
}
