//! Rounds in which every contender has its turn.

use std::ffi::OsString;

use anyhow::{Context as _, Result};

use crate::{
    child::Running,
    contender::{Contender, Tool},
    counted::Counted,
    load::Load,
    places::{Cpus, Programs, installed, on_cpu},
    results::{Cell, Skipped},
    watcher::Watcher,
    workload::{Done, Held},
};

/// What all measurements have in common.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) programs: Programs,
    pub(crate) cpus: Cpus,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
}

/// One contender, once.
struct Outcome {
    done: Done,
    tool_ns: Option<u64>,
    counted: Counted,
}

impl Bench {
    /// Measures all contenders on one load, each once a round, in another order each time. Who
    /// cannot be measured here goes to `skipped`, with the reason.
    ///
    /// # Errors
    /// If one of ours fails.
    pub(crate) fn load(&self, load: Load, skipped: &mut Vec<Skipped>) -> Result<Vec<Cell>> {
        let mut cells = Vec::new();
        for &contender in load.contenders(self.quick) {
            if skipped.iter().any(|it| it.contender == contender) {
                continue;
            }
            match contender.foreign_program().filter(|program| installed(program).is_none()) {
                Some(program) => {
                    skip(contender, format!("there is no {program} in PATH"), skipped);
                }
                None => cells.push(Cell::empty(load, contender)),
            }
        }
        for round in 0..self.rounds {
            let count = cells.len().max(1);
            for place in 0..cells.len() {
                let cell = &mut cells[(round + place) % count];
                if skipped.iter().any(|it| it.contender == cell.contender) {
                    continue;
                }
                let units = load.units(cell.contender.size(), self.quick);
                match self.once(load, cell.contender, units) {
                    Ok(outcome) => {
                        eprintln!(
                            "bench: {} of {}, {load:?}: {:>10.1} ns a {}, {}",
                            round + 1,
                            self.rounds,
                            outcome.done.ns_per_unit,
                            load.unit(),
                            cell.contender.label(),
                        );
                        cell.add(&outcome, units);
                    }
                    Err(error) if cell.contender.foreign_program().is_some() => {
                        skip(cell.contender, format!("{error:#}"), skipped);
                    }
                    Err(error) => {
                        return Err(error).with_context(|| cell.contender.label());
                    }
                }
            }
        }
        cells.retain(|cell| skipped.iter().all(|it| it.contender != cell.contender));
        Ok(cells)
    }

    fn once(&self, load: Load, contender: Contender, units: u64) -> Result<Outcome> {
        let Self { programs, cpus, .. } = self;
        if let Tool::Around(words) = contender.tool(programs, load, &[]) {
            let mut held = Held::start(load, units, programs, cpus, &words)?;
            let done = held.go(load, units)?;
            let counted = contender.counted(load, &held.end());
            return Ok(Outcome { done, tool_ns: None, counted });
        }
        let mut held = Held::start(load, units, programs, cpus, &[])?;
        // Somebody else, who is asleep.
        let other = (load == Load::Bystander)
            .then(|| {
                let sleep: [OsString; 2] = ["sleep".into(), "600".into()];
                Running::start(&on_cpu(cpus.of_load(), sleep))
            })
            .transpose()?;
        let targets = match &other {
            Some(other) => vec![other.pid()],
            None => held.pids().to_vec(),
        };
        let Tool::Beside(words, ready) = contender.tool(programs, load, &targets) else {
            let done = held.go(load, units)?;
            held.end();
            return Ok(Outcome { done, tool_ns: None, counted: Counted::default() });
        };
        let watcher = Watcher::start(Some(cpus.of_tool()), words, ready)?;
        let before = watcher.cpu_ns()?;
        let done = held.go(load, units)?;
        let tool_ns = watcher.cpu_ns()?.saturating_sub(before);
        let counted = contender.counted(load, &watcher.stop()?);
        held.end();
        Ok(Outcome { done, tool_ns: Some(tool_ns), counted })
    }
}

fn skip(contender: Contender, why: String, skipped: &mut Vec<Skipped>) {
    eprintln!("bench: without {}: {why}", contender.label());
    skipped.push(Skipped { contender, why });
}

impl Cell {
    fn empty(load: Load, contender: Contender) -> Self {
        Self {
            load,
            contender,
            ns_per_unit: Vec::new(),
            tool_ns_per_unit: Vec::new(),
            made: None,
            counted: None,
            lost: None,
        }
    }

    fn add(&mut self, outcome: &Outcome, units: u64) {
        let Outcome { done, tool_ns, counted } = outcome;
        self.ns_per_unit.push(done.ns_per_unit);
        self.tool_ns_per_unit.extend(tool_ns.map(|ns| ns as f64 / units as f64));
        for (sum, more) in [
            (&mut self.made, done.calls),
            (&mut self.counted, counted.calls),
            (&mut self.lost, counted.lost),
        ] {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or(0) + more);
            }
        }
    }
}
