//! What reports look like.

mod places;

use insta::assert_snapshot;

use super::{render, sample};
use crate::{
    report::{Group, Interval, Report},
    sinks::Style,
};

/// A file, read by somebody whose locale has UTF-8.
const PLAIN: Style = Style { width: None, unicode: true, color: false, series: false };

fn plain(report: &Report) -> String {
    render(report, &PLAIN)
}

#[test]
fn one_worker_has_one_table() {
    assert_snapshot!(plain(&sample::one_worker()), @r"
    python3  pid 4242  1 thread, 5.00 s
    ▕████████████████████████▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░▏
    █ user ~41 % · ▓ kernel 17.0 % (brk shrink 16.7, mmap 0.2, brk grow 0.1) · ▒ faults and interrupts ~8 % · ▄ runnable 28.8 % · ▀ throttled 1.6 % · ░ blocked 3.7 % (page fault 3.7) · ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.32   916 ms  1,042       -   879 µs   703 µs  1.76 ms  4.40 ms  8.79 ms    91      9       0  brk shrink
        0.17  8.74 ms    208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.14  7.22 ms  3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -      0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.64   932 ms  4,376       3        -        -        -        -        -    91      9       0  total
    unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 0 in flight · 0 ended by exit · 1 unpaired
    ");
}

#[test]
fn four_workers_have_a_table_each_and_one_together() {
    assert_snapshot!(plain(&sample::four_workers()), @r"
    python3  pid 4243  8 threads, 40.0 s together
    ▕█████▓▓▓▄▄▄▄▄▄░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    █ user ~8 % · ▓ kernel 5.0 % (brk shrink 4.2, futex 0.8) · ▒ faults and interrupts ~2 % · ▄ runnable 8.7 % · ▀ throttled 0.3 % · ░ blocked 76.8 % (futex 76.2, page fault 0.6) · ? unaccounted 0.1 %
    % window    total   calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       80.25   32.1 s     214       -   150 ms   120 ms   300 ms   750 ms   1.50 s     1      4      95  futex
        4.58   1.83 s   1,042       -  1.76 ms  1.41 ms  3.52 ms  8.79 ms  17.6 ms    91      9       0  brk shrink
        0.02  8.74 ms     208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.02  7.22 ms   3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -       0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       84.87   33.9 s   4,590       3        -        -        -        -        -     6      4      90  total
    in flight: futex ×2 (longest 4.80 s) · unpaired: madvise ×1
    switches 9,872 voluntary, 448 involuntary · 96 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 32,576 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    python3  pid 4245  1 thread, 4.10 s  killed by SIGKILL at 4.10 s
    ▕██████████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▄▄▄▄▄▄▄▄▄▄░▏
    █ user ~16 % · ▓ kernel 61.4 % (brk shrink 61.0, mmap 0.2, brk grow 0.2) · ▒ faults and interrupts ~3 % · ▄ runnable 16.9 % · ▀ throttled 0.7 % · ░ blocked 1.4 % (page fault 1.4) · ? unaccounted 0.1 %
    % window    total   calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       67.02   2.75 s   1,042       -  2.64 ms  2.11 ms  5.27 ms  13.2 ms  26.4 ms    91      9       0  brk shrink
        0.21  8.74 ms     208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.18  7.22 ms   3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -       0       -        -        -        -        -        -     -      -       -  madvise
           -        -       0       -        -        -        -        -        -     -      -       -  futex
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       67.41   2.76 s   4,376       3        -        -        -        -        -    91      9       0  total
    ended by exit: futex ×1 · unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    python3  pid 4242  1 thread, 5.00 s
    ▕████████████████████████▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░▏
    █ user ~41 % · ▓ kernel 17.0 % (brk shrink 16.7, mmap 0.2, brk grow 0.1) · ▒ faults and interrupts ~8 % · ▄ runnable 28.8 % · ▀ throttled 1.6 % · ░ blocked 3.7 % (page fault 3.7) · ? unaccounted 0.1 %
    % window    total   calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.32   916 ms   1,042       -   879 µs   703 µs  1.76 ms  4.40 ms  8.79 ms    91      9       0  brk shrink
        0.17  8.74 ms     208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.14  7.22 ms   3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -       0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.64   932 ms   4,376       3        -        -        -        -        -    91      9       0  total
    unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    sh  pid 4244  1 thread, 2.20 s  born at 1.20 s  exited 0 at 3.40 s
    ▕░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    ░ blocked 100.0 % (wait4 100.0)
    no selected system calls

    all 4 processes  11 threads, 51.3 s together
    ▕████████▓▓▓▓▓▓▒▒▄▄▄▄▄▄▄▀░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    █ user ~13 % · ▓ kernel 10.5 % (brk shrink 9.7, futex 0.6, mmap 0.1) · ▒ faults and interrupts ~3 % · ▄ runnable 12.3 % · ▀ throttled 0.5 % · ░ blocked 60.6 % (futex 59.4, page fault 1.1) · ? unaccounted 0.1 %
    % window    total   calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       62.57   32.1 s     214       -   150 ms   120 ms   300 ms   750 ms   1.50 s     1      4      95  futex
       10.71   5.50 s   3,126       -  1.76 ms  1.41 ms  3.52 ms  8.79 ms  26.4 ms    91      9       0  brk shrink
        0.05  26.2 ms     624       9  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.04  21.7 ms   9,378       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -       0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ──────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       73.38   37.6 s  13,342       9        -        -        -        -        -    14      5      81  total
    in flight: futex ×2 (longest 4.80 s) · ended by exit: futex ×1 · unpaired: madvise ×3
    switches 12,340 voluntary, 560 involuntary · 120 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 40,720 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 2 in flight · 1 ended by exit · 3 unpaired
    ");
}

#[test]
fn calls_that_never_ended_are_seen() {
    assert_snapshot!(plain(&sample::only_in_flight()), @r"
    python3  pid 4242  2 threads, 10.0 s together
    ▕░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    ░ blocked 100.0 % (futex 100.0)
    % window  total  calls  errors  mean  p50  p90  p99  max  %cpu  %wait  %sleep  syscall
    ────────  ─────  ─────  ──────  ────  ───  ───  ───  ───  ────  ─────  ──────  ───────
           -      -      0       -     -    -    -    -    -     -      -       -  futex
    in flight: futex ×2 (longest 4.80 s)

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 2 in flight · 0 ended by exit · 0 unpaired
    ");
}

#[test]
fn folded_processes_are_one() {
    assert_snapshot!(plain(&sample::folded()), @r"
    python3  12 processes  96 threads, 480 s together
    ▕█████████████████████████████▓▓▒▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░░▏
    █ user ~49 % · ▓ kernel 2.1 % (brk shrink 2.1) · ▒ faults and interrupts ~10 % · ▄ runnable 32.8 % · ▀ throttled 2.0 % · ░ blocked 4.5 % (page fault 4.5) · ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
        2.29   11.0 s  1,042       -  10.5 ms  8.44 ms  21.1 ms  52.7 ms   105 ms    91      9       0  brk shrink
       <0.01  8.74 ms    208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
       <0.01  7.22 ms  3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -      0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
        2.29   11.0 s  4,376       3        -        -        -        -        -    91      9       0  total
    unpaired: madvise ×1
    switches 118,464 voluntary, 5,376 involuntary · 1,152 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 390,912 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 0 in flight · 0 ended by exit · 1 unpaired
    ");
}

#[test]
fn histograms_follow_the_table() {
    assert_snapshot!(plain(&sample::with_histogram()), @r"
    python3  pid 4242  1 thread, 5.00 s
    ▕██████████████████████████████▒▒▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░░▏
    █ user ~50 % · ▓ kernel 0.5 % (brk grow 0.5) · ▒ faults and interrupts ~10 % · ▄ runnable 33.2 % · ▀ throttled 2.0 % · ░ blocked 4.5 % (page fault 4.5) · ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p90      p99     max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ──────  ────  ─────  ──────  ────────
        0.50  24.8 ms  1,745       -  14.2 µs  11.4 µs  28.4 µs  71.0 µs  142 µs    98      2       0  brk grow
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    brk grow, 1,745 calls
      4.10 µs … 8.19 µs │     3 │▏
      8.19 µs … 16.4 µs │ 1,042 │████████████████████████████████████████
      16.4 µs … 32.8 µs │   688 │██████████████████████████▍
      32.8 µs … 65.5 µs │     0 │
      65.5 µs …  131 µs │    12 │▍

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 0 in flight · 0 ended by exit · 0 unpaired
    ");
}

#[test]
fn a_loss_cannot_be_overlooked() {
    let mut report = sample::one_worker();
    report.trust.lost = 1_234;
    report.trust.folded = 56;
    report.trust.folded_stays = 1;
    report.trust.program_ns = Some(3_100_000);
    report.cpus.quota = Some(1.5);
    report.trust.notes =
        vec!["2 threads could not be traced: the kernel had no memory for them".to_owned()];
    assert_snapshot!(plain(&report), @r"
    python3  pid 4242  1 thread, 5.00 s
    ▕████████████████████████▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░▏
    █ user ~41 % · ▓ kernel 17.0 % (brk shrink 16.7, mmap 0.2, brk grow 0.1) · ▒ faults and interrupts ~8 % · ▄ runnable 28.8 % · ▀ throttled 1.6 % · ░ blocked 3.7 % (page fault 3.7) · ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.32   916 ms  1,042       -   879 µs   703 µs  1.76 ms  4.40 ms  8.79 ms    91      9       0  brk shrink
        0.17  8.74 ms    208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
        0.14  7.22 ms  3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -      0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
       18.64   932 ms  4,376       3        -        -        -        -        -    91      9       0  total
    unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed (quota 1.50) · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    LOST: 1,234 of 5,610 calls (22.00 %) are in no figure above. Trace again with a larger --ring-size.
    window 5.00 s · 2 of 8 CPUs, quota of 1.50 · tracer's own CPU 12.0 ms (0.24 % of one CPU), its programs in the kernel 3.10 ms
    1,234 lost · 0 in flight · 0 ended by exit · 1 unpaired
    folded in the kernel: 56 calls and 1 stay on a CPU. Counts, sums and maxima are exact, percentiles right to 6.25 %; who woke whom, and how many ran at once, is unknown
    note: 2 threads could not be traced: the kernel had no memory for them
    ");
    let painted = render(&report, &Style { color: true, ..PLAIN });
    assert!(painted.contains("\u{1b}[1m\u{1b}[31mLOST: "), "{painted:?}");
}

#[test]
fn nothing_is_red_without_a_loss() {
    let painted = render(&sample::four_workers(), &Style { color: true, ..PLAIN });
    assert!(painted.contains("\u{1b}[1m") && !painted.contains("\u{1b}[31m"));
}

#[test]
fn a_report_of_nobody_says_so() {
    let report = Report { processes: vec![], total: Group::default(), ..sample::one_worker() };
    assert_snapshot!(plain(&report), @r"
    No process to report: no target lived in this window.

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 0 in flight · 0 ended by exit · 1 unpaired
    ");
}

#[test]
fn shares_of_no_time_are_unknown() {
    let mut report = sample::one_worker();
    report.window_ns = 0;
    report.processes[0].thread_ns = 0;
    let text = plain(&report);
    assert!(!text.contains("NaN") && !text.contains("inf"));
    assert_snapshot!(text, @r"
    python3  pid 4242  1 thread, 0 ns
    % window    total  calls  errors     mean      p50      p90      p99      max  %cpu  %wait  %sleep  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
           -   916 ms  1,042       -   879 µs   703 µs  1.76 ms  4.40 ms  8.79 ms    91      9       0  brk shrink
           -  8.74 ms    208       3  42.0 µs  33.6 µs  84.0 µs   210 µs   420 µs   100      0       0  mmap
           -  7.22 ms  3,126       -  2.31 µs  1.85 µs  4.62 µs  11.6 µs  23.1 µs    98      2       0  brk grow
           -        -      0       -        -        -        -        -        -     -      -       -  madvise
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ───────  ────  ─────  ──────  ──────────
           -   932 ms  4,376       3        -        -        -        -        -    91      9       0  total
    unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations · run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms · faults 4,072 minor · woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 0 ns · 2 of 8 CPUs · tracer's own CPU 12.0 ms
    0 lost · 0 in flight · 0 ended by exit · 1 unpaired
    ");
}

#[test]
fn each_report_of_a_series_has_its_heading() {
    let style = Style { series: true, ..PLAIN };
    let interval = Interval { index: 3, start_ns: 10_000_000_000 };
    let third = Report { interval: Some(interval), ..sample::only_in_flight() };
    let both = render(&third, &style) + &render(&sample::only_in_flight(), &style);
    assert_snapshot!(both, @r"
    ── interval 3 · 10.00 s to 15.00 s ──
    python3  pid 4242  2 threads, 10.0 s together
    ▕░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    ░ blocked 100.0 % (futex 100.0)
    % window  total  calls  errors  mean  p50  p90  p99  max  %cpu  %wait  %sleep  syscall
    ────────  ─────  ─────  ──────  ────  ───  ───  ───  ───  ────  ─────  ──────  ───────
           -      -      0       -     -    -    -    -    -     -      -       -  futex
    in flight: futex ×2 (longest 4.80 s)

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 2 in flight · 0 ended by exit · 0 unpaired

    ── whole window ──
    python3  pid 4242  2 threads, 10.0 s together
    ▕░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    ░ blocked 100.0 % (futex 100.0)
    % window  total  calls  errors  mean  p50  p90  p99  max  %cpu  %wait  %sleep  syscall
    ────────  ─────  ─────  ──────  ────  ───  ───  ───  ───  ────  ─────  ──────  ───────
           -      -      0       -     -    -    -    -    -     -      -       -  futex
    in flight: futex ×2 (longest 4.80 s)

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 · threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 2 in flight · 0 ended by exit · 0 unpaired
    ");
}

#[test]
fn long_pauses_follow_the_tables() {
    let report = Report { pauses: sample::pauses(3), ..sample::four_workers() };
    let text = plain(&report);
    let at = |line: &str| text.find(line).unwrap();
    assert!(at("\n\nall 4 processes") < at("\n\nlong pauses\n"), "{text}");
    assert!(at("\n\nlong pauses\n") < at("\n\nCPUs used"), "{text}");
}
