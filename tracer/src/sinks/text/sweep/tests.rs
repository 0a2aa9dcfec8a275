//! Texts of sweeps made by hand.

use super::*;
use crate::sweep::{
    grid::{points, setting},
    measured::{Calls, Measured, Percentiles},
    results::Done,
};

const PLAIN: Style = Style { width: None, unicode: true, color: false, series: false };
const MS: u64 = 1_000_000;

/// Runs of two seconds, whose work follows the law with sigma 0.1 and kappa 0.01: a knee at 9.49.
fn run(n: f64, repeat: u64) -> Measured {
    let units = 2_000.0 * n / (1.0 + 0.1 * (n - 1.0) + 0.01 * n * (n - 1.0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    let (units, n) = (units as u64, n as u64);
    let calls = |name: &str, ns: u64| Calls {
        name: name.to_owned(),
        calls: units,
        total_ns: units * ns,
        wall_ns: Percentiles { p50: Some(ns), p99: Some(5 * ns) },
    };
    Measured {
        window_ns: 2_000 * MS + repeat * 20 * MS,
        iterations: Some(units),
        busy_cpus: n.min(4) as f64 * 0.98,
        runnable_share: Some(1.0 - (n.min(4) as f64) / n as f64),
        run_queue_ns: Percentiles { p50: Some(n * MS / 100), p99: Some(n * MS) },
        calls: vec![calls("brk grow", 9_000), calls("brk shrink", n * MS / 4), calls("mmap", 1)],
        lost: 0,
    }
}

fn sweep(sets: &[&str], repeats: u64, change: impl Fn(&mut Vec<Done>)) -> Sweep {
    let settings: Vec<_> = sets.iter().map(|set| setting(set).unwrap()).collect();
    let mut done = Vec::new();
    for repeat in 0..repeats {
        for point in points(&settings) {
            let file = format!("out/{}.json.zst", point.file_stem(1, 1));
            let measured = run(point.number("N").unwrap_or(1.0), repeat);
            done.push(Done { point, file, measured });
        }
    }
    change(&mut done);
    let per = Unit::proposed(done.iter().map(|done| &done.measured));
    let command = ["python3", "job.py"].map(str::to_owned).to_vec();
    Sweep::of(command, settings, per, &done, Vec::new(), 0)
}

fn text(sweep: &Sweep, style: &Style) -> String {
    render(sweep, style)
}

#[test]
fn a_sweep_is_a_table_its_bars_and_the_law_with_the_knee() {
    let sweep = sweep(&["N=1,2,4,8,16"], 3, |_| {});
    insta::assert_snapshot!(text(&sweep, &PLAIN), @"
    N=1,2,4,8,16, of python3 job.py
    A unit of work is one iteration, as the program reports them.

     N  runs  iterations/s   ±%  speed-up  CPUs  %runnable  queue p50  queue p99  brk shrink p50  brk shrink p99  brk grow p50  brk grow p99
    ──  ────  ────────────  ───  ────────  ────  ─────────  ─────────  ─────────  ──────────────  ──────────────  ────────────  ────────────
     1     3           990  1.0      1.00  0.98        0.0    10.0 µs    1.00 ms          250 µs         1.25 ms       9.00 µs       45.0 µs
     2     3         1,768  1.0      1.79  1.96        0.0    20.0 µs    2.00 ms          500 µs         2.50 ms       9.00 µs       45.0 µs
     4     3         2,789  1.0      2.82  3.92        0.0    40.0 µs    4.00 ms         1.00 ms         5.00 ms       9.00 µs       45.0 µs
     8     3         3,504  1.0      3.54  3.92       50.0    80.0 µs    8.00 ms         2.00 ms         10.0 ms       9.00 µs       45.0 µs
    16     3         3,233  1.0      3.27  3.92       75.0     160 µs    16.0 ms         4.00 ms         20.0 ms       9.00 µs       45.0 µs

          iterations/s      CPUs used         run queue p99     brk shrink p50    brk shrink p99
          to 3,504          to 3.92           to 16.0 ms        to 4.00 ms        to 20.0 ms
    N=1   ████│             ████              █                 █                 █
    N=2   ███████│          ████████          ██                ██                ██
    N=4   ████████████│     ████████████████  ████              ████              ████
    N=8   ███████████████│  ████████████████  ████████          ████████          ████████
    N=16  ██████████████│   ████████████████  ████████████████  ████████████████  ████████████████

    The knee is at N = 9.49: throughput is largest there, at 3,539/s, and falls with more.
    sigma 0.100 ±0.00340: contention, the share of the work that only one can do at a time.
    kappa 0.0100 ±0.000226: coherence, what each pair costs by keeping in step, as a share of the work of one.
    Universal Scalability Law over N: R² 0.999, runs are typically 0.9 % off it (│ in the bars).
    ");
}

#[test]
fn a_narrow_terminal_gets_the_columns_that_matter_most_and_ascii_if_it_has_no_more() {
    let sweep = sweep(&["N=1,2,4,8,16"], 1, |_| {});
    for width in [40, 60, 80, 120] {
        let text = text(&sweep, &Style { width: Some(width), unicode: false, ..PLAIN });
        assert!(text.lines().all(|line| line.len() <= width), "{text}");
        assert!(text.is_ascii() && !text.contains('?'), "{text}");
        assert!(text.contains("iterations/s"), "{text}");
    }
}

#[test]
fn too_few_values_no_numbers_and_no_work_are_said_and_have_no_law() {
    let few = text(&sweep(&["N=1,2,4"], 2, |_| {}), &PLAIN);
    assert!(few.contains("no law can be fitted to fewer than 4 values: here are 3"), "{few}");
    let words = text(&sweep(&["MODE=a,b,c,d"], 1, |_| {}), &PLAIN);
    assert!(words.contains("the values of MODE are not all positive numbers"), "{words}");
    let idle = |done: &mut Vec<Done>| done[1].measured.iterations = Some(0);
    let idle = text(&sweep(&["N=1,2,3,4"], 1, idle), &PLAIN);
    assert!(idle.contains("no unit of work was done in some run"), "{idle}");
}

#[test]
fn each_combination_of_the_other_settings_has_a_law_of_its_own() {
    let sweep = sweep(&["N=1,2,4,8", "MODE=a,b"], 1, |_| {});
    let text = text(&sweep, &PLAIN);
    for mode in ["MODE=a: There is no knee", "MODE=b: There is no knee"] {
        assert!(text.contains(mode), "{text}");
    }
}

#[test]
fn what_went_wrong_is_at_the_end() {
    let mut sweep = sweep(&["N=1,2"], 1, |done| done[0].measured.lost = 7);
    let why = "exit status 1: `no memory` (see out/N=2.err)".to_owned();
    let set = points(&[setting("N=2").unwrap()]).remove(0);
    sweep.failed.push(Failed { set, repeat: Some(1), why });
    sweep.not_begun = 3;
    let text = text(&sweep, &PLAIN);
    let end: Vec<_> = text.lines().rev().take(3).collect();
    assert_eq!(end[0], "interrupted: 3 runs were not made");
    assert!(end[1].starts_with("LOST: 7 calls were lost in out/N=1.json.zst"), "{text}");
    assert!(end[2].starts_with("failed and left out: N=2, run 1: exit status 1"), "{text}");
}

#[test]
fn without_a_run_there_is_nothing_but_the_reason() {
    let text = text(&sweep(&["N=1,2"], 0, |_| {}), &PLAIN);
    assert!(text.contains("No run succeeded"), "{text}");
}
