//! What was measured: plain data, as it is written in JSON.

use serde::{Deserialize, Serialize};

use crate::{contender::Contender, load::Load, statistics::Spread};

/// Raised when a field changes its meaning.
pub(crate) const SCHEMA: u32 = 1;

/// All of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) schema: u32,
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) cells: Vec<Cell>,
    pub(crate) reader: Option<Reader>,
    pub(crate) memory: Option<Memory>,
    /// From the start of the tracer to its open window, beside busy CPUs.
    pub(crate) start_up_ms: Vec<f64>,
    pub(crate) skipped: Vec<Skipped>,
}

/// Where it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cpus: usize,
    pub(crate) kernel: String,
    pub(crate) system: String,
}

/// One contender on one load. Each list has an entry for each round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) load: Load,
    pub(crate) contender: Contender,
    pub(crate) ns_per_unit: Vec<f64>,
    /// CPU time of the tool while the load ran, by the units of the load.
    pub(crate) tool_ns_per_unit: Vec<f64>,
    /// Calls that the workload made, in all rounds, by its own count.
    pub(crate) made: Option<u64>,
    /// Calls that the tool counted, in all rounds.
    pub(crate) counted: Option<u64>,
    /// Events that the tool says it has lost, in all rounds.
    pub(crate) lost: Option<u64>,
}

/// The reader's share of one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reader {
    pub(crate) calls_per_second: f64,
    pub(crate) percent_of_one_cpu: f64,
}

impl Reader {
    /// Its share at another rate, if each call costs the same.
    pub(crate) fn percent_at(&self, calls_per_second: f64) -> f64 {
        self.percent_of_one_cpu * calls_per_second / self.calls_per_second
    }
}

/// Memory beside so many processes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) processes: u64,
    pub(crate) resident_bytes: u64,
    /// The most that was resident at any time.
    pub(crate) peak_bytes: u64,
    /// Maps and rings in the kernel.
    pub(crate) maps_bytes: u64,
}

/// Who could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) contender: Contender,
    pub(crate) why: String,
}

impl Results {
    /// A contender on a load.
    pub(crate) fn cell(&self, load: Load, contender: Contender) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.load == load && cell.contender == contender)
    }

    /// Time that a contender adds to each unit, in ns.
    pub(crate) fn added(&self, load: Load, contender: Contender) -> Option<Spread> {
        let untraced = self.cell(load, Contender::Untraced)?;
        let traced = self.cell(load, contender)?;
        Spread::of_differences(&traced.ns_per_unit, &untraced.ns_per_unit)
    }

    /// The same between the least disturbed rounds of both: what disturbs a run only ever adds.
    pub(crate) fn least_added(&self, load: Load, contender: Contender) -> Option<f64> {
        let least = |of| self.cell(load, of)?.ns_per_unit.iter().copied().reduce(f64::min);
        Some(least(contender)? - least(Contender::Untraced)?)
    }

    /// How many times as much as `base` a contender adds, in the least disturbed rounds of both.
    /// `None` unless both add something.
    pub(crate) fn ratio(&self, load: Load, contender: Contender, base: Contender) -> Option<f64> {
        let added = self.least_added(load, contender)?;
        let least = self.least_added(load, base)?;
        (added > 0.0 && least > 0.0).then(|| added / least)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Results of one round with these times for each unit.
    pub(crate) fn results(cells: &[(Load, Contender, f64)]) -> Results {
        let cells = cells.iter().map(|&(load, contender, ns)| Cell {
            load,
            contender,
            ns_per_unit: vec![ns],
            tool_ns_per_unit: vec![],
            made: None,
            counted: None,
            lost: None,
        });
        Results {
            schema: SCHEMA,
            machine: Machine::default(),
            rounds: 1,
            cells: cells.collect(),
            reader: None,
            memory: None,
            start_up_ms: vec![],
            skipped: vec![],
        }
    }

    #[test]
    fn a_ratio_is_one_of_what_is_added() {
        let brk = Load::Brk;
        let results = results(&[
            (brk, Contender::Untraced, 100.0),
            (brk, Contender::CallFloor, 300.0),
            (brk, Contender::Tracer, 400.0),
        ]);
        assert_eq!(results.added(brk, Contender::Tracer).unwrap().median, 300.0);
        let ratio = results.ratio(brk, Contender::Tracer, Contender::CallFloor).unwrap();
        assert_eq!(ratio, 1.5);
    }

    #[test]
    fn a_ratio_compares_the_least_disturbed_rounds() {
        let brk = Load::Brk;
        let mut results = results(&[
            (brk, Contender::Untraced, 100.0),
            (brk, Contender::CallFloor, 300.0),
            (brk, Contender::Tracer, 900.0),
        ]);
        results.cells[0].ns_per_unit.push(700.0);
        results.cells[2].ns_per_unit.push(400.0);
        assert_eq!(results.ratio(brk, Contender::Tracer, Contender::CallFloor), Some(1.5));
    }

    #[test]
    fn what_adds_nothing_has_no_ratio() {
        let brk = Load::Brk;
        let results = results(&[
            (brk, Contender::Untraced, 100.0),
            (brk, Contender::CallFloor, 99.0),
            (brk, Contender::Tracer, 400.0),
        ]);
        assert_eq!(results.ratio(brk, Contender::Tracer, Contender::CallFloor), None);
        assert_eq!(results.ratio(brk, Contender::Tracer, Contender::Strace), None);
    }

    #[test]
    fn the_readers_share_is_scaled_to_another_rate() {
        let reader = Reader { calls_per_second: 80_000.0, percent_of_one_cpu: 0.8 };
        assert!((reader.percent_at(100_000.0) - 1.0).abs() < 1e-9);
    }
}
