//! What reports look like in places that can show less than a file of a UTF-8 locale.

use insta::assert_snapshot;

use super::{PLAIN, render, sample};
use crate::{report::Interval, sinks::Style};

#[test]
fn on_forty_columns_the_least_important_goes_and_words_wrap() {
    let text = render(&sample::four_workers(), &Style { width: Some(40), ..PLAIN });
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    assert_snapshot!(text, @r"
    python3  pid 4243
      8 threads, 40.0 s together
    ▕███▓▓▄▄▄▄░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    █ user ~8 % ·
      ▓ kernel 5.0 % (brk shrink 4.2,
      futex 0.8) ·
      ▒ faults and interrupts ~2 % ·
      ▄ runnable 8.7 % · ▀ throttled 0.3 % ·
      ░ blocked 76.8 % (futex 76.2,
      page fault 0.6) · ? unaccounted 0.1 %
      total   calls      max  syscall
    ───────  ──────  ───────  ──────────
     32.1 s     214   1.50 s  futex
     1.83 s   1,042  17.6 ms  brk shrink
    8.74 ms     208   420 µs  mmap
    7.22 ms   3,126  23.1 µs  brk grow
          -       0        -  madvise
    ───────  ──────  ───────  ──────────
     33.9 s   4,590        -  total
    in flight: futex ×2 (longest 4.80 s) ·
      unpaired: madvise ×1
    switches 9,872 voluntary,
      448 involuntary · 96 migrations ·
      run queue p50 960 µs, p99 6.00 ms,
      max 12.0 ms ·
      on-CPU stays p50 3.12 ms ·
      faults 32,576 minor · woken by:
      python3/4200 81 % of the sleep,
      timers and others 19 %

    python3  pid 4245  1 thread, 4.10 s
      killed by SIGKILL at 4.10 s
    ▕██████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▄▄▄▄▄▄░▏
    █ user ~16 % ·
      ▓ kernel 61.4 % (brk shrink 61.0,
      mmap 0.2, brk grow 0.2) ·
      ▒ faults and interrupts ~3 % ·
      ▄ runnable 16.9 % ·
      ▀ throttled 0.7 % ·
      ░ blocked 1.4 % (page fault 1.4) ·
      ? unaccounted 0.1 %
      total   calls      max  syscall
    ───────  ──────  ───────  ──────────
     2.75 s   1,042  26.4 ms  brk shrink
    8.74 ms     208   420 µs  mmap
    7.22 ms   3,126  23.1 µs  brk grow
          -       0        -  madvise
          -       0        -  futex
    ───────  ──────  ───────  ──────────
     2.76 s   4,376        -  total
    ended by exit: futex ×1 ·
      unpaired: madvise ×1
    switches 1,234 voluntary,
      56 involuntary · 12 migrations ·
      run queue p50 960 µs, p99 6.00 ms,
      max 12.0 ms ·
      on-CPU stays p50 3.12 ms ·
      faults 4,072 minor · woken by:
      python3/4200 81 % of the sleep,
      timers and others 19 %

    python3  pid 4242  1 thread, 5.00 s
    ▕███████████████▓▓▓▓▓▓▓▒▒▒▄▄▄▄▄▄▄▄▄▄▄▀░▏
    █ user ~41 % ·
      ▓ kernel 17.0 % (brk shrink 16.7,
      mmap 0.2, brk grow 0.1) ·
      ▒ faults and interrupts ~8 % ·
      ▄ runnable 28.8 % ·
      ▀ throttled 1.6 % ·
      ░ blocked 3.7 % (page fault 3.7) ·
      ? unaccounted 0.1 %
      total   calls      max  syscall
    ───────  ──────  ───────  ──────────
     916 ms   1,042  8.79 ms  brk shrink
    8.74 ms     208   420 µs  mmap
    7.22 ms   3,126  23.1 µs  brk grow
          -       0        -  madvise
    ───────  ──────  ───────  ──────────
     932 ms   4,376        -  total
    unpaired: madvise ×1
    switches 1,234 voluntary,
      56 involuntary · 12 migrations ·
      run queue p50 960 µs, p99 6.00 ms,
      max 12.0 ms ·
      on-CPU stays p50 3.12 ms ·
      faults 4,072 minor · woken by:
      python3/4200 81 % of the sleep,
      timers and others 19 %

    sh  pid 4244  1 thread, 2.20 s
      born at 1.20 s  exited 0 at 3.40 s
    ▕░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▏
    ░ blocked 100.0 % (wait4 100.0)
    no selected system calls

    all 4 processes
      11 threads, 51.3 s together
    ▕█████▓▓▓▓▒▄▄▄▄▄░░░░░░░░░░░░░░░░░░░░░░░▏
    █ user ~13 % ·
      ▓ kernel 10.5 % (brk shrink 9.7,
      futex 0.6, mmap 0.1) ·
      ▒ faults and interrupts ~3 % ·
      ▄ runnable 12.3 % ·
      ▀ throttled 0.5 % ·
      ░ blocked 60.6 % (futex 59.4,
      page fault 1.1) · ? unaccounted 0.1 %
      total   calls      max  syscall
    ───────  ──────  ───────  ──────────
     32.1 s     214   1.50 s  futex
     5.50 s   3,126  26.4 ms  brk shrink
    26.2 ms     624   420 µs  mmap
    21.7 ms   9,378  23.1 µs  brk grow
          -       0        -  madvise
    ───────  ──────  ───────  ──────────
     37.6 s  13,342        -  total
    in flight: futex ×2 (longest 4.80 s) ·
      ended by exit: futex ×1 ·
      unpaired: madvise ×3
    switches 12,340 voluntary,
      560 involuntary · 120 migrations ·
      run queue p50 960 µs, p99 6.00 ms,
      max 12.0 ms ·
      on-CPU stays p50 3.12 ms ·
      faults 40,720 minor · woken by:
      python3/4200 81 % of the sleep,
      timers and others 19 %

    CPUs used 1.93 of 2 allowed ·
      runnable or running 15.5 · threads on
      a CPU at once: 0 for 2.1 %,
      1 for 4.0 %,
      2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's
      own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 2 in flight · 1 ended by exit ·
      3 unpaired
    ");
}

#[test]
fn on_eighty_columns_the_median_and_the_maximum_remain() {
    let text = render(&sample::one_worker(), &Style { width: Some(80), ..PLAIN });
    assert_snapshot!(text, @r"
    python3  pid 4242  1 thread, 5.00 s
    ▕████████████████████████▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░▏
    █ user ~41 % · ▓ kernel 17.0 % (brk shrink 16.7, mmap 0.2, brk grow 0.1) ·
      ▒ faults and interrupts ~8 % · ▄ runnable 28.8 % · ▀ throttled 1.6 % ·
      ░ blocked 3.7 % (page fault 3.7) · ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p99      max  syscall
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ──────────
       18.32   916 ms  1,042       -   879 µs   703 µs  4.40 ms  8.79 ms  brk shrink
        0.17  8.74 ms    208       3  42.0 µs  33.6 µs   210 µs   420 µs  mmap
        0.14  7.22 ms  3,126       -  2.31 µs  1.85 µs  11.6 µs  23.1 µs  brk grow
           -        -      0       -        -        -        -        -  madvise
    ────────  ───────  ─────  ──────  ───────  ───────  ───────  ───────  ──────────
       18.64   932 ms  4,376       3        -        -        -        -  total
    unpaired: madvise ×1
    switches 1,234 voluntary, 56 involuntary · 12 migrations ·
      run queue p50 960 µs, p99 6.00 ms, max 12.0 ms · on-CPU stays p50 3.12 ms ·
      faults 4,072 minor ·
      woken by: python3/4200 81 % of the sleep, timers and others 19 %

    CPUs used 1.93 of 2 allowed · runnable or running 15.5 ·
      threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s · 2 of 8 CPUs · tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost · 0 in flight · 0 ended by exit · 1 unpaired
    ");
}

#[test]
fn without_utf8_everything_is_ascii() {
    let mut report = sample::with_histogram();
    report.processes[0].comm = Some("müll".to_owned());
    report.interval = Some(Interval { index: 3, start_ns: 10_000_000_000 });
    let text = render(&report, &Style { unicode: false, ..PLAIN });
    assert!(text.is_ascii());
    assert_snapshot!(text, @r"
    -- interval 3 - 10.00 s to 15.00 s --
    m?ll  pid 4242  1 thread, 5.00 s
    [uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuffffffrrrrrrrrrrrrrrrrrrrrtbbb]
    u user ~50 % - k kernel 0.5 % (brk grow 0.5) - f faults and interrupts ~10 % - r runnable 33.2 % - t throttled 2.0 % - b blocked 4.5 % (page fault 4.5) - ? unaccounted 0.1 %
    % window    total  calls  errors     mean      p50      p90      p99     max  %cpu  %wait  %sleep  syscall
    --------  -------  -----  ------  -------  -------  -------  -------  ------  ----  -----  ------  --------
        0.50  24.8 ms  1,745       -  14.2 us  11.4 us  28.4 us  71.0 us  142 us    98      2       0  brk grow
    switches 1,234 voluntary, 56 involuntary - 12 migrations - run queue p50 960 us, p99 6.00 ms, max 12.0 ms - on-CPU stays p50 3.12 ms - faults 4,072 minor - woken by: python3/4200 81 % of the sleep, timers and others 19 %

    brk grow, 1,745 calls
      4.10 us - 8.19 us |     3 |#
      8.19 us - 16.4 us | 1,042 |########################################
      16.4 us - 32.8 us |   688 |###########################
      32.8 us - 65.5 us |     0 |
      65.5 us -  131 us |    12 |#

    CPUs used 1.93 of 2 allowed - runnable or running 15.5 - threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window
    window 5.00 s - 2 of 8 CPUs - tracer's own CPU 12.0 ms (0.24 % of one CPU)
    0 lost - 0 in flight - 0 ended by exit - 0 unpaired
    ");
}
