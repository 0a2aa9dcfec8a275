//! What the costs are to stay under, and whether they do.

use serde::Serialize;

use crate::{contender::Contender, load::Load, results::Results, statistics::Spread};

const MIB: f64 = 1_048_576.0;

/// Whether a bar holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Holds,
    Misses,
    /// What it rests on was not measured.
    Unknown,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bar {
    /// What is limited.
    pub(crate) what: &'static str,
    /// Its limit, in words.
    pub(crate) limit: String,
    /// What was measured; `-` if nothing was.
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

impl Bar {
    fn new(what: &'static str, limit: String, measured: Option<(String, bool)>) -> Self {
        let (measured, verdict) = match measured {
            Some((text, true)) => (text, Verdict::Holds),
            Some((text, false)) => (text, Verdict::Misses),
            None => ("-".to_owned(), Verdict::Unknown),
        };
        Self { what, limit, measured, verdict }
    }

    /// So many times less is added than by somebody else.
    fn less_than(what: &'static str, results: &Results, other: Contender, times: f64) -> Self {
        let ratio = results.ratio(Load::Brk, other, Contender::Tracer);
        let measured = ratio.map(|it| (format!("{it:.0} times less"), it >= times));
        Self::new(what, format!("at least {times:.0} times less"), measured)
    }

    /// No more than so many times what is added by somebody else.
    fn within(what: &'static str, ratio: Option<f64>, times: f64) -> Self {
        let measured = ratio.map(|it| (format!("{it:.2} times"), it <= times));
        Self::new(what, format!("at most {times} times"), measured)
    }
}

/// All bars.
pub(crate) fn all(results: &Results) -> Vec<Bar> {
    use Contender::{CallFloor, PerfTrace, Strace, Syscount, Tracer};
    let reader = results.reader.map(|reader| {
        let percent = reader.percent_at(100_000.0);
        (format!("{percent:.2} %"), percent < 3.0)
    });
    let memory = |of: fn(&crate::results::Memory) -> u64, limit: f64| {
        results.memory.as_ref().map(|memory| {
            let mib = of(memory) as f64 / MIB;
            (format!("{mib:.1} MiB"), mib < limit)
        })
    };
    let maps_limit = 2.0f64.mul_add(results.machine.cpus as f64, 8.0);
    let start = Spread::of(results.start_up_ms.iter().copied()).map(|it| {
        (format!("{:.0} ms ({:.0} to {:.0})", it.median, it.low, it.high), it.high < 300.0)
    });
    vec![
        Bar::less_than("added time of a call, against `strace -c -f`", results, Strace, 30.0),
        Bar::less_than("… against `perf trace -s`", results, PerfTrace, 50.0),
        Bar::within("… against `syscount -L`", results.ratio(Load::Brk, Tracer, Syscount), 0.9),
        Bar::within(
            "… against the floor: empty programs that read the clock",
            results.ratio(Load::Brk, Tracer, CallFloor),
            1.5,
        ),
        Bar::within(
            "a process that is no target, against the floor",
            results.ratio(Load::Bystander, Tracer, CallFloor),
            1.15,
        ),
        Bar::new("CPU of the reader at 100,000 calls/s", "under 3 % of one CPU".to_owned(), reader),
        Bar::new(
            "calls lost at full speed on every CPU",
            "none, and counts are exact".to_owned(),
            exact(results),
        ),
        Bar::new(
            "resident memory with 64 processes",
            "under 64 MiB".to_owned(),
            memory(|it| it.peak_bytes, 64.0),
        ),
        Bar::new(
            "maps and rings in the kernel",
            format!("under {maps_limit:.0} MiB: 8 + 2 for each CPU"),
            memory(|it| it.maps_bytes, maps_limit),
        ),
        Bar::new("start to open window, every CPU busy", "under 300 ms".to_owned(), start),
    ]
}

/// Whether the tracer counted every call of a workload that fills all CPUs.
fn exact(results: &Results) -> Option<(String, bool)> {
    let cell = results.cell(Load::Flood, Contender::Tracer)?;
    let (made, counted, lost) = (cell.made?, cell.counted?, cell.lost?);
    Some((format!("{lost} lost, {counted} counted of {made}"), lost == 0 && counted == made))
}

/// What is wrong even on the most disturbed machine.
pub(crate) fn plainly_wrong(results: &Results) -> Vec<String> {
    let mut wrong = Vec::new();
    match results.ratio(Load::Brk, Contender::Strace, Contender::Tracer) {
        Some(ratio) if ratio < 3.0 => wrong.push(format!(
            "`strace -c -f` adds only {ratio:.1} times as much to a call as the tracer"
        )),
        Some(_) => {}
        None => wrong.push("what the tracer adds to a call could not be told".to_owned()),
    }
    for cell in results.cells.iter().filter(|cell| cell.contender.is_tracer()) {
        if cell.lost != Some(0) || cell.counted != cell.made {
            wrong.push(format!(
                "{:?}, {}: {:?} lost, {:?} counted of {:?}",
                cell.load,
                cell.contender.label(),
                cell.lost,
                cell.counted,
                cell.made
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Memory, tests::results};

    fn verdict(results: &Results, what: &str) -> Verdict {
        all(results).into_iter().find(|bar| bar.what.contains(what)).unwrap().verdict
    }

    #[test]
    fn what_was_not_measured_is_unknown_and_not_held() {
        let nothing = results(&[]);
        assert!(all(&nothing).iter().all(|bar| bar.verdict == Verdict::Unknown));
    }

    #[test]
    fn bars_are_ratios_of_added_time() {
        use Contender::{CallFloor, Strace, Syscount, Tracer, Untraced};
        let times = [
            (Untraced, 100.0),
            (CallFloor, 300.0),
            (Tracer, 420.0),
            (Strace, 9700.0),
            (Syscount, 440.0),
        ];
        let results = results(&times.map(|(contender, ns)| (Load::Brk, contender, ns)));
        assert_eq!(verdict(&results, "strace"), Verdict::Holds);
        assert_eq!(verdict(&results, "syscount"), Verdict::Misses);
        assert_eq!(verdict(&results, "… against the floor"), Verdict::Misses);
        assert_eq!(plainly_wrong(&results).len(), 1, "the tracer's counts are missing");
    }

    #[test]
    fn rings_grow_with_the_machine_and_so_does_their_limit() {
        let mut results = results(&[]);
        results.machine.cpus = 2;
        let bytes = 11 << 20;
        results.memory = Some(Memory {
            processes: 64,
            resident_bytes: bytes,
            peak_bytes: bytes,
            maps_bytes: bytes,
        });
        assert_eq!(verdict(&results, "maps"), Verdict::Holds);
        results.machine.cpus = 1;
        assert_eq!(verdict(&results, "maps"), Verdict::Misses);
    }

    #[test]
    fn a_lost_call_is_plainly_wrong() {
        let mut results = results(&[
            (Load::Brk, Contender::Untraced, 100.0),
            (Load::Brk, Contender::Tracer, 400.0),
            (Load::Brk, Contender::Strace, 40_000.0),
        ]);
        for cell in &mut results.cells {
            (cell.made, cell.counted, cell.lost) = (Some(7), Some(7), Some(0));
        }
        assert_eq!(plainly_wrong(&results), [""; 0]);
        results.cells[1].counted = Some(6);
        assert_eq!(plainly_wrong(&results).len(), 1);
    }
}
