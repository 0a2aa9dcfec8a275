//! What holds for every report, whatever was traced.

use serde_json::Value;

use crate::{Report, account::rows, report::number};

/// Fails the test if the report contradicts itself.
#[track_caller]
pub fn check(report: &Report) {
    let window_ns = number(&report.0, "window_ns");
    // A call is counted where it ends, also with what it took in intervals before.
    let longest_ns = if report.0.get("interval").is_some() { u64::MAX } else { window_ns };
    let notes = report.0["trust"]["notes"].as_array().expect("notes").iter();
    let stays_are_whole = !notes
        .filter_map(Value::as_str)
        .any(|note| note.contains("are known of all processes together only"));
    let accounts = report.processes();
    for account in accounts {
        let threads = number(account, "threads");
        let thread_ns = number(account, "thread_ns");
        assert!(thread_ns <= threads * window_ns, "more time than there was: {account:#}");
        if stays_are_whole {
            check_budget(account);
        }
        for row in rows(account) {
            check_row(row, longest_ns);
            // An execve began in the program before.
            if row["name"] != "execve" && longest_ns == window_ns {
                let wall = number(&row["wall_ns"], "total");
                assert!(wall <= thread_ns, "longer than its threads lived: {account:#}");
            }
        }
    }
    let total = &report.0["total"];
    for sum in ["processes", "threads", "thread_ns"] {
        let of_all: u64 = accounts.iter().map(|account| number(account, sum)).sum();
        assert_eq!(number(total, sum), of_all, "sum of `{sum}`: {report}");
    }
    for (name, time) in [("time on a CPU", on_cpu as fn(&Value) -> u64), ("waits", runnable)] {
        let of_all: u64 = accounts.iter().map(|account| time(&account["budget"])).sum();
        assert_eq!(time(&total["budget"]), of_all, "sum of {name}: {report}");
    }
    for row in rows(total) {
        check_row(row, longest_ns);
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

fn on_cpu(budget: &Value) -> u64 {
    sum(&budget["kernel_ns"]) + number(budget, "outside_calls_ns")
}

fn runnable(budget: &Value) -> u64 {
    number(budget, "runnable_ns") + budget["throttled_ns"].as_u64().unwrap_or(0)
}

fn sum(parts: &Value) -> u64 {
    parts.as_object().into_iter().flatten().filter_map(|(_, ns)| ns.as_u64()).sum()
}

/// All thread time is accounted for, and none twice, within half a per cent.
fn check_budget(account: &Value) {
    let budget = &account["budget"];
    let parts = on_cpu(budget) + runnable(budget) + sum(&budget["blocked_ns"]);
    let thread_ns = number(account, "thread_ns");
    // A thread is adopted, and dies, in several steps of a few microseconds each.
    let slack = thread_ns / 200 + 100_000 * number(account, "threads");
    assert!(parts.abs_diff(thread_ns) <= slack, "{parts} of {thread_ns} ns: {account:#}");
    if let (Some(user), Some(kernel)) =
        (budget["user_ns"].as_u64(), budget["other_kernel_ns"].as_u64())
    {
        let outside = number(budget, "outside_calls_ns");
        let faults = ["faults_ns", "irq_ns"].map(|part| budget[part].as_u64().unwrap_or(0));
        assert_eq!(user + kernel + faults[0] + faults[1], outside, "{budget:#}");
    }
}

const TIMES: [&str; 4] = ["wall_ns", "on_cpu_ns", "runnable_ns", "blocked_ns"];

fn check_row(row: &Value, longest_ns: u64) {
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
        if figures["p50"].is_null() {
            assert!(row["folded"].as_u64() > Some(0), "unknown though all were sent: {row:#}");
            continue;
        }
        let rising = ["p50", "p90", "p99", "p999", "max"].map(|figure| number(figures, figure));
        assert!(rising.is_sorted(), "percentiles fall: {row:#}");
        assert_eq!(number(figures, "mean"), total(times) / calls, "mean: {row:#}");
    }
    if calls > 0 {
        let max = number(&row["wall_ns"], "max");
        assert!(max <= longest_ns, "a call longer than the window: {row:#}");
    }
}
