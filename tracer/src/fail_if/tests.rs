//! Conditions over a report of round figures: two processes for ten seconds, 40 s of thread time.

use super::*;
use crate::{
    kernel::selection::Selection,
    report::{
        Budget, Concurrency, Cpus, Figures, Group, Lock, Report, Row, SCHEMA, Sched, Switches,
        Trust,
    },
    verdicts::{Diagnosis, RULES, Strength, Undecided, Verdict},
};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

fn row(name: &str, calls: u64, ms: u64) -> Row {
    let wall_ns = Figures {
        total: calls * ms * MS,
        mean: Some(ms * MS),
        p50: Some(ms * MS / 2),
        p90: Some(2 * ms * MS),
        p99: Some(3 * ms * MS),
        p999: Some(4 * ms * MS),
        max: Some(5 * ms * MS),
        ..Figures::default()
    };
    Row { name: name.to_owned(), calls, errors: calls / 10, wall_ns, ..Row::default() }
}

fn report() -> Report {
    let budget = Budget {
        user_ns: Some(20 * S),
        kernel_ns: [("brk grow", 1), ("brk shrink", 3), ("other", 2)]
            .map(|(name, s)| (name.to_owned(), s * S))
            .into(),
        faults_ns: Some(4 * S),
        irq_ns: None,
        other_kernel_ns: None,
        outside_calls_ns: 24 * S,
        runnable_ns: 6 * S,
        throttled_ns: None,
        blocked_ns: [("futex", 3), ("page fault", 1)]
            .map(|(name, s)| (name.to_owned(), s * S))
            .into(),
        unaccounted_ns: 0,
        sampled: None,
    };
    let lock = |kind: &str, ns| Lock { kind: kind.to_owned(), ns, ..Lock::default() };
    Report {
        schema: SCHEMA,
        window_ns: 10 * S,
        interval: None,
        diagnosis: None,
        command: None,
        cpus: Cpus::default(),
        processes: Vec::new(),
        total: Group {
            processes: 2,
            threads: 4,
            thread_ns: 40 * S,
            syscalls: vec![row("brk grow", 100, 1), row("brk shrink", 50, 4), row("futex", 500, 2)],
            budget,
            sched: Sched {
                switches: Switches { voluntary: 700, involuntary: 30 },
                run_queue_ns: Figures { p99: Some(8 * MS), ..Figures::default() },
                ..Sched::default()
            },
            samples: None,
            locks: Some(vec![lock("mmap_lock read", S), lock("mmap_lock write", 3 * S)]),
            ..Group::default()
        },
        concurrency: Concurrency {
            busy_cpus: 1.5,
            runnable_running: 2.25,
            ..Concurrency::default()
        },
        throttling: None,
        pauses: Vec::new(),
        trust: Trust::default(),
    }
}

const ONE: About<'_> = About { selection: None, comparison: false };
const TWO: About<'_> = About { selection: None, comparison: true };

fn judged(text: &str) -> Judgement {
    let selection = Selection::default();
    let about = About { selection: Some(&selection), ..ONE };
    let conditions = Conditions::parse(&[text], about).unwrap_or_else(|error| panic!("{error}"));
    let report = report();
    let run = Run { report: &report, selection: Some(selection), work: None };
    conditions.judge(&Subject { run, base: None }).remove(0)
}

fn compared(text: &str, change: impl Fn(&mut Report), work: Option<[f64; 2]>) -> Judgement {
    let conditions = Conditions::parse(&[text], TWO).unwrap_or_else(|error| panic!("{error}"));
    let (base, mut new) = (report(), report());
    change(&mut new);
    let run = |report, side: usize| Run { report, selection: None, work: work.map(|it| it[side]) };
    let together = Diagnosis::default();
    let base = Base { run: run(&base, 0), together: &together };
    conditions.judge(&Subject { run: run(&new, 1), base: Some(base) }).remove(0)
}

fn error(text: &str, about: About<'_>) -> String {
    let error = Conditions::parse(&[text], about).map(|it| format!("{it:?}")).unwrap_err();
    error.to_string()
}

#[test]
fn every_kind_of_figure_is_read_from_its_place() {
    // Each is so, and is not so any more a little further on.
    let cases = [
        ("p99(brk grow) >= 3ms", "p99(brk grow) > 3ms"),
        ("p50(futex) >= 1ms", "p50(futex) >= 1001us"),
        ("p999(futex) >= 8 ms", "p999(futex) > 8000 µs"),
        ("mean(futex) == 2ms", "mean(futex) != 2000000ns"),
        ("max(futex) <= 0.010 s", "max(futex) < 10ms"),
        ("p99(run_queue) > 7ms", "p99(run_queue) > 8ms"),
        ("calls(brk) == 150", "calls(brk) != 150"),
        ("calls == 650", "calls > 650"),
        ("calls(futex) >= 50/s", "calls(futex) > 50/s"),
        ("errors(futex) >= 50", "errors(futex) > 50"),
        ("total(brk) == 300ms", "total(brk) > 300ms"),
        ("total(futex) >= 2.5%", "total(futex) > 2.5%"),
        ("user >= 50%", "user > 50%"),
        ("kernel >= 15%", "kernel > 15%"),
        ("kernel(brk) == 4s", "kernel(brk) > 4s"),
        ("kernel(other) == 2s", "kernel(other) < 2s"),
        ("faults >= 10%", "faults > 10%"),
        ("outside-calls == 24s", "outside_calls > 24s"),
        ("runnable == 15%", "runnable > 15%"),
        ("blocked >= 10%", "blocked > 10%"),
        ("blocked(page fault) == 1s", "blocked(page fault) > 1s"),
        ("blocked(read) == 0s", "blocked(read) > 0s"),
        ("unaccounted == 0%", "unaccounted > 0%"),
        ("locks == 4s", "locks > 4s"),
        ("locks(mmap_lock) >= 10%", "locks(mmap_lock write) >= 10%"),
        ("locks(spinlock) == 0s", "locks(spinlock) > 0s"),
        ("voluntary_switches >= 70/s", "voluntary_switches > 70/s"),
        ("involuntary_switches == 30", "involuntary_switches > 30"),
        ("processes == 2 and threads == 4", "processes == 2 and threads == 5"),
        ("lost == 0", "lost > 0"),
        ("busy_cpus < 2", "busy_cpus < 1.5"),
        ("runnable_running > 2.2", "runnable_running > 2.25"),
    ];
    for (so, not_so) in cases {
        assert_eq!(judged(so).holds, Some(true), "{so}: {:?}", judged(so).figures);
        assert_eq!(judged(not_so).holds, Some(false), "{not_so}: {:?}", judged(not_so).figures);
    }
}

#[test]
fn of_several_rows_the_largest_figure_counts_and_is_named() {
    let judgement = judged("p99(brk) > 11ms");
    assert_eq!(judgement.holds, Some(true));
    let value = Value::Latency(12.0 * 1e6, Some("brk shrink".to_owned()));
    assert_eq!(judgement.figures[0].value, Ok(value));
}

#[test]
fn what_is_unknown_is_neither_so_nor_not_so() {
    for text in
        ["irq > 0%", "irq < 100%", "throttled == 0s", "p99(mmap) > 1ms", "p99(off_cpu) < 1s"]
    {
        let judgement = judged(text);
        assert_eq!(judgement.holds, None, "{text}");
        assert!(judgement.figures[0].value.is_err(), "{text}");
    }
    assert_eq!(judged("calls(mmap) > 0 and p99(mmap) > 1ms").holds, Some(false));
    assert_eq!(judged("calls(futex) > 0 or irq > 1%").holds, Some(true));
    assert_eq!(judged("calls(futex) > 0 and irq > 1%").holds, None);
}

#[test]
fn a_call_that_was_traced_and_not_made_was_made_0_times() {
    assert_eq!(judged("calls(mmap) == 0").holds, Some(true));
    // Of this recording nobody knows what was traced.
    let unknown = compared("calls(mmap) > 0", |_| {}, None);
    assert_eq!(unknown.holds, None);
    assert!(unknown.figures[0].value.as_ref().unwrap_err().contains("not traced"));
}

#[test]
fn an_empty_window_has_no_rates_and_no_shares() {
    let empty = |report: &mut Report| {
        report.window_ns = 0;
        report.total.thread_ns = 0;
    };
    for text in ["calls > 1/s", "runnable > 1%", "calls > 2x"] {
        assert_eq!(compared(text, empty, None).holds, None, "{text}");
    }
    assert_eq!(compared("calls > 1", empty, None).holds, Some(true));
}

#[test]
fn a_ratio_is_of_latencies_as_they_are_and_of_sums_for_a_second_or_a_unit_of_work() {
    let longer = |report: &mut Report| {
        report.window_ns *= 2;
        report.total.syscalls[2] = row("futex", 2_000, 5);
        report.trust.lost = 1;
    };
    let cases = [
        ("p99(futex) == 2.5x", None),
        ("calls(futex) == 2x", None),
        ("total(futex) == 5x", None),
        // Four times the calls for twice the work.
        ("calls(futex) == 2x", Some([10.0, 20.0])),
        ("calls(futex) == 8x", Some([10.0, 5.0])),
        ("p99(futex) == 2.5x", Some([10.0, 5.0])),
        ("busy_cpus == 1x and in_flight == 1x and lost > 1000x", None),
        // Other units speak of the new run.
        ("calls(futex) == 2000 and calls(futex) == 100/s", None),
    ];
    for (text, work) in cases {
        let judgement = compared(text, longer, work);
        assert_eq!(judgement.holds, Some(true), "{text}: {:?}", judgement.figures);
    }
    assert_eq!(compared("calls(futex) > 1x", longer, Some([0.0, 1.0])).holds, None);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_was_meant() {
    let cases = [
        ("p99(bkr) > 3ms", "unknown system call or distribution `bkr`: did you mean `brk`?", 4),
        ("p99(brk shrnk) > 3ms", "did you mean `brk shrink`?", 4),
        ("p99(runqueue) > 3ms", "did you mean `run_queue`?", 4),
        ("p98(brk) > 3ms", "unknown figure `p98`: did you mean `p90`?", 0),
        ("rnnable > 3%", "did you mean `runnable`?", 0),
        ("zzzzzzzzzz > 3%", "there are mean, p50", 0),
        ("brk > 3ms", "Write `p99(brk)` or `calls(brk)`", 0),
        ("p99 > 3ms", "Write `p99(brk)`", 0),
        ("lost(brk) > 0", "takes no name in parentheses", 5),
        ("calls(run_queue) > 0", "unknown system call `run_queue`", 6),
        ("blocked(brk grow) > 1s", "unknown reason to sleep `brk grow`", 8),
        ("blocked(page falt) > 1s", "did you mean `page fault`?", 8),
        ("locks(mutx) > 1s", "unknown kind of lock `mutx`: did you mean `mutex`?", 6),
        ("p99(brk) > 3", "`p99` is a time: write ns, us, ms or s after it", 11),
        ("p99(brk) > 3%", "`p99` is a time", 12),
        ("p99(brk) > 3m", "unknown unit `m`", 12),
        ("runnable > 20", "write a share as in `20%`", 11),
        ("lost > 1%", "`lost` is a count", 8),
        ("busy_cpus > 1/s", "write it without a unit", 13),
        ("p99(brk) > 2x", "only `tracer compare` has two", 12),
    ];
    for (text, what, at) in cases {
        let error = error(text, ONE);
        assert!(error.contains(what), "{error}");
        let mark = error.lines().last().unwrap().find('^').unwrap() - 2;
        assert_eq!(mark, at, "{error}");
    }
}

#[test]
fn a_call_that_will_have_no_row_is_refused_before_anything_runs() {
    let selection = Selection::parse(&["brk"]).unwrap();
    let about = About { selection: Some(&selection), comparison: false };
    for text in ["p99(futex) > 3ms", "calls(futex) > 3", "kernel(futex) > 3%"] {
        assert!(error(text, about).contains("`-e futex`"), "{text}");
    }
    assert!(Conditions::parse(&["blocked(futex) > 3% or max(brk query) > 1ms"], about).is_ok());
}

#[test]
fn the_status_is_3_if_one_holds_an_error_if_one_is_unknown_and_else_as_it_was() {
    let status = |texts: &[&str]| {
        let report = report();
        let run = Run { report: &report, selection: None, work: None };
        let conditions = Conditions::parse(texts, ONE).unwrap();
        let mut out = tempfile::tempfile().unwrap();
        conditions
            .conclude(&Subject { run, base: None }, Ok(7), &mut out)
            .map_err(|e| e.to_string())
    };
    assert_eq!(status(&[]), Ok(7));
    assert_eq!(status(&["lost > 0", "busy_cpus > 3"]), Ok(7));
    assert_eq!(status(&["lost > 0", "irq > 1%", "busy_cpus > 1"]), Ok(3));
    let error = status(&["lost > 0", "irq > 1%"]).unwrap_err();
    assert!(error.starts_with("it cannot be decided whether `irq > 1%` holds: `irq`"), "{error}");
}

fn verdict(name: &'static str) -> Verdict {
    let [what, remedy, against] = [(); 3].map(|()| String::new());
    let (strength, evidence) = (Strength::Clear, [(); 3].map(|()| String::new()));
    Verdict { name: name.into(), strength, what, evidence, remedy, against, weight: 0.5 }
}

fn undecided(name: Option<&'static str>) -> Undecided {
    Undecided { name: name.map(Into::into), missing: "samples".to_owned() }
}

/// Whether a condition holds of a run with these verdicts.
fn of_verdicts(text: &str, diagnosis: Option<Diagnosis>) -> Option<bool> {
    let conditions = Conditions::parse(&[text], ONE).unwrap_or_else(|error| panic!("{error}"));
    let report = Report { diagnosis, ..report() };
    let run = Run { report: &report, selection: None, work: None };
    conditions.judge(&Subject { run, base: None })[0].holds
}

#[test]
fn a_verdict_holds_if_it_was_given_whatever_its_place() {
    let verdicts = vec![verdict("heap-churn"), verdict("io-wait")];
    let given = Diagnosis { verdicts, cannot_tell: vec![undecided(Some("mapping-churn"))] };
    let holds = |text| of_verdicts(text, Some(given.clone()));
    assert_eq!(holds("verdict(heap-churn)"), Some(true));
    assert_eq!(holds("verdict(io_wait) and verdict(any)"), Some(true));
    assert_eq!(holds("verdict(cpu-quota)"), Some(false));
    assert_eq!(holds("verdict(mapping-churn)"), None, "that rule could not tell");
    assert_eq!(holds("verdict(mapping-churn) or lost == 0"), Some(true), "the rest decides");
    assert_eq!(of_verdicts("verdict(any)", Some(Diagnosis::default())), Some(false));
}

#[test]
fn where_nothing_can_be_told_a_verdict_is_unknown() {
    let nothing = Diagnosis { verdicts: vec![], cannot_tell: vec![undecided(None)] };
    let one = Diagnosis { cannot_tell: vec![undecided(Some("mapping-churn"))], ..nothing.clone() };
    assert_eq!(of_verdicts("verdict(io-wait)", Some(nothing.clone())), None);
    assert_eq!(of_verdicts("verdict(any)", Some(nothing)), None);
    assert_eq!(of_verdicts("verdict(any)", Some(one.clone())), None);
    assert_eq!(of_verdicts("verdict(io-wait)", Some(one)), Some(false));
    assert_eq!(of_verdicts("verdict(any)", None), None, "a recording that was cut short");
}

#[test]
fn of_two_runs_a_verdict_is_that_of_the_new_one_or_of_both_together() {
    let with = |name| Diagnosis { verdicts: vec![verdict(name)], ..Diagnosis::default() };
    let base = Report { diagnosis: Some(with("cpu-quota")), ..report() };
    let new = Report { diagnosis: Some(with("io-wait")), ..report() };
    let together = with("memory-bandwidth");
    let run = |report| Run { report, selection: None, work: None };
    let holds = |text: &str| {
        let base = Base { run: run(&base), together: &together };
        let subject = Subject { run: run(&new), base: Some(base) };
        Conditions::parse(&[text], TWO).unwrap().judge(&subject)[0].holds
    };
    assert_eq!(holds("verdict(io-wait) and verdict(memory-bandwidth)"), Some(true));
    assert_eq!(holds("verdict(cpu-quota)"), Some(false), "it was given on the base");
}

#[test]
fn a_verdict_that_does_not_exist_is_refused_and_the_nearest_is_named() {
    let wrong = |text| error(text, ONE);
    assert!(wrong("verdict(heap-chrun)").contains("did you mean `heap-churn`?"));
    assert!(wrong("verdict(anny)").contains("did you mean `any`?"));
    assert!(wrong("verdit(any) > 0").contains("did you mean `verdict`?"));
    let none_like_it = wrong("verdict(zzzzzzzz)");
    assert!(RULES.iter().all(|rule| none_like_it.contains(rule.name)), "{none_like_it}");
    assert!(wrong("verdict(memory-bandwidth)").contains("only `tracer compare` has two"));
}

#[test]
fn every_figure_is_documented() {
    let text = include_str!("../../../docs/fail-if.md");
    for figure in &figures::FIGURES {
        assert!(text.contains(&format!("`{}", figure.name)), "`{}` is not", figure.name);
    }
    assert!(text.contains("`verdict(NAME)`") && text.contains("`verdict(any)`"));
}
