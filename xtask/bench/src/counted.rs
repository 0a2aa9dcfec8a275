//! What a tool has counted, read from what it prints.

use serde_json::Value;

/// Calls that a tool has counted, and what it says that it lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Calls of the workload's kind; `None` if the tool does not count them.
    pub(crate) calls: Option<u64>,
    /// Events that it lost; `None` if it would not say.
    pub(crate) lost: Option<u64>,
}

/// The report of the tracer, as JSON: the last line is that of the whole window.
pub(crate) fn by_tracer(output: &str, row: &str) -> Counted {
    let report: Value =
        output.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let rows = report["total"]["syscalls"].as_array();
    let of_row = |rows: &Vec<Value>| {
        rows.iter().filter(|it| it["name"] == row).filter_map(|it| it["calls"].as_u64()).sum()
    };
    Counted { calls: rows.map(of_row), lost: report["trust"]["lost"].as_u64() }
}

/// The table of `strace -c`: the name of the call is last, its count fourth.
pub(crate) fn by_strace(output: &str, call: &str) -> Counted {
    let rows = words(output).filter(|row| row.len() >= 5 && row.last() == Some(&call));
    Counted { calls: count(rows, 3), ..Counted::default() }
}

/// The tables of `perf trace -s`, one for each thread; and its lines of lost events.
pub(crate) fn by_perf(output: &str, call: &str) -> Counted {
    let rows = words(output).filter(|row| row.len() >= 8 && row[0] == call);
    // `LOST 5 events!`
    let lost = words(output)
        .filter_map(|row| row.iter().position(|word| *word == "LOST").map(|at| (row, at)))
        .filter_map(|(row, at)| row.get(at + 1)?.parse::<u64>().ok())
        .sum();
    Counted { calls: count(rows, 1), lost: Some(lost) }
}

/// The table of `syscount -L`.
pub(crate) fn by_syscount(output: &str, call: &str) -> Counted {
    let rows = words(output).filter(|row| row.len() == 3 && row[0] == call);
    Counted { calls: count(rows, 1), ..Counted::default() }
}

/// The words of each line.
fn words(output: &str) -> impl Iterator<Item = Vec<&str>> {
    output.lines().map(|line| line.split_whitespace().collect())
}

/// The sum of one column; `None` if there is no row that has it as a number.
fn count<'a>(rows: impl Iterator<Item = Vec<&'a str>>, column: usize) -> Option<u64> {
    let counts: Vec<u64> =
        rows.filter_map(|row| row.get(column).and_then(|word| word.parse().ok())).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_strace_is_read() {
        let output = "strace: Process 9 attached\n\
            % time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
             99.61    0.096208          32      2938           brk\n\
              0.39    0.000188          47         4         1 read\n\
            100.00    0.096582          32      2942         1 total\n";
        assert_eq!(by_strace(output, "brk").calls, Some(2938));
        assert_eq!(by_strace(output, "read").calls, Some(4));
        assert_eq!(by_strace(output, "futex").calls, None);
    }

    #[test]
    fn the_tables_of_perf_are_summed_over_threads() {
        let output = "LOST 12 events!\n Summary of events:\n workloads (9), 34358 events, 100.0%\n\
            \n   syscall            calls  errors  total       min       avg       max       stddev\n\
            \n   futex              17171      0   227.589     0.010     0.013     0.178      0.32%\n\
            \n   futex                  4      0     0.051     0.000     0.013     0.019     34.47%\n";
        let counted = by_perf(output, "futex");
        assert_eq!((counted.calls, counted.lost), (Some(17175), Some(12)));
    }

    #[test]
    fn the_table_of_syscount_is_read() {
        let output = "Tracing syscalls, printing top 10... Ctrl+C to quit.\n[02:01:53]\n\
            SYSCALL                   COUNT        TIME (us)\n\
            brk                       20000         7524.537\n";
        assert_eq!(by_syscount(output, "brk").calls, Some(20_000));
    }

    #[test]
    fn the_tracers_report_of_the_whole_window_comes_last() {
        let output = "{\"interval\":{},\"total\":{\"syscalls\":[]},\"trust\":{\"lost\":9}}\n\
            {\"total\":{\"syscalls\":[{\"name\":\"brk query\",\"calls\":7},\
            {\"name\":\"brk grow\",\"calls\":1}]},\"trust\":{\"lost\":0}}\n";
        let counted = by_tracer(output, "brk query");
        assert_eq!((counted.calls, counted.lost), (Some(7), Some(0)));
        assert_eq!(by_tracer("no report", "brk query"), Counted::default());
    }
}
