//! What holds for every report, whatever was traced.

use serde_json::Value;

use crate::{Report, account::rows, report::number};

/// Fails the test if the report contradicts itself, or the tracer lost something.
#[track_caller]
pub fn check(report: &Report) {
    assert_eq!(report.trust("lost"), 0, "calls were lost: {report}");
    let window_ns = number(&report.0, "window_ns");
    let accounts = report.processes();
    for account in accounts {
        let threads = number(account, "threads");
        let thread_ns = number(account, "thread_ns");
        assert!(thread_ns <= threads * window_ns, "more time than there was: {account:#}");
        for row in rows(account) {
            check_row(row, window_ns);
            // An execve began in the program before.
            if row["name"] != "execve" {
                let wall = number(&row["wall_ns"], "total");
                assert!(wall <= thread_ns, "longer than its threads lived: {account:#}");
            }
        }
    }
    for row in rows(&report.0["total"]) {
        check_row(row, window_ns);
        let of_this = || accounts.iter().flat_map(rows).filter(|it| it["name"] == row["name"]);
        for figure in ["calls", "errors", "unpaired", "in_flight", "ended_by_exit"] {
            let sum: u64 = of_this().map(|it| number(it, figure)).sum();
            assert_eq!(number(row, figure), sum, "sum of `{figure}`: {report}");
        }
        for times in TIMES {
            let sum: u64 = of_this().map(|it| number(&it[times], "total")).sum();
            assert_eq!(number(&row[times], "total"), sum, "sum of `{times}`: {report}");
        }
    }
    for figure in ["unpaired", "in_flight", "ended_by_exit"] {
        let sum: u64 = rows(&report.0["total"]).iter().map(|row| number(row, figure)).sum();
        assert_eq!(report.trust(figure), sum, "sum of `{figure}`: {report}");
    }
}

const TIMES: [&str; 4] = ["wall_ns", "on_cpu_ns", "runnable_ns", "blocked_ns"];

fn check_row(row: &Value, window_ns: u64) {
    let calls = number(row, "calls");
    assert!(number(row, "errors") <= calls, "more errors than calls: {row:#}");
    let total = |times: &str| number(&row[times], "total");
    let parts = total("on_cpu_ns") + total("runnable_ns") + total("blocked_ns");
    assert_eq!(parts, total("wall_ns"), "the parts are not the whole: {row:#}");
    for times in TIMES {
        let figures = &row[times];
        if calls == 0 {
            for figure in ["mean", "p50", "p90", "p99", "p999", "max"] {
                assert!(figures[figure].is_null(), "a time of no call: {row:#}");
            }
            continue;
        }
        let rising = ["p50", "p90", "p99", "p999", "max"].map(|figure| number(figures, figure));
        assert!(rising.is_sorted(), "percentiles fall: {row:#}");
        assert_eq!(number(figures, "mean"), total(times) / calls, "mean: {row:#}");
    }
    if calls > 0 {
        let max = number(&row["wall_ns"], "max");
        assert!(max <= window_ns, "a call longer than the window: {row:#}");
    }
}
