//! Folds facts into accounts. Pure: no I/O, no clock.
//!
//! The stretch of time that is being accounted for has a beginning and, once
//! [`edge`](Model::edge) has set it, an end. Facts from behind the end wait for the next stretch:
//! the rings are drained after the edge was decided, and bring some.

mod accounts;
mod calls;
mod hist;
mod processes;

pub use accounts::{Account, Accounts, Owner};
pub use calls::{CallKind, Calls};
pub use hist::Hist;
pub use processes::{End, Process, Processes, Span};

use std::collections::BTreeSet;

use tracer_common::record::{Call, Life};

/// Accounts in the making.
#[derive(Debug)]
pub struct Model {
    /// Who the processes are.
    processes: Processes,
    /// An account for each thread.
    by_thread: bool,
    /// When the window opened; before that nothing counts.
    window_start_ns: Option<u64>,
    /// The stretch of time under way.
    start_ns: u64,
    edge_ns: u64,
    accounts: Accounts,
    /// Facts from behind the edge.
    later_calls: Vec<Call>,
    later_lives: Vec<Life>,
}

/// The accounts of a stretch of time that is over.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Its beginning.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
    /// What was done in it.
    pub accounts: Accounts,
}

impl Model {
    /// With no process known and no window open.
    #[must_use]
    pub fn new(by_thread: bool) -> Self {
        Self {
            processes: Processes::default(),
            by_thread,
            window_start_ns: None,
            start_ns: 0,
            edge_ns: u64::MAX,
            accounts: Accounts::default(),
            later_calls: Vec::new(),
            later_lives: Vec::new(),
        }
    }

    /// Opens the window: from now on calls count.
    pub fn open(&mut self, ns: u64) {
        self.window_start_ns = Some(ns);
        self.start_ns = ns;
    }

    /// Who the processes are.
    #[must_use]
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// Takes in a turning point of a process.
    pub fn life(&mut self, life: &Life) {
        if life.ns > self.edge_ns {
            self.later_lives.push(*life);
        } else {
            self.processes.update(life);
        }
    }

    /// Takes in a call that has ended.
    pub fn call(&mut self, call: &Call) {
        // Before the window it is none of ours.
        let Some(start) = self.window_start_ns.filter(|&start| call.end_ns >= start) else {
            return;
        };
        if call.end_ns > self.edge_ns {
            self.later_calls.push(*call);
        } else {
            let owner = self.owner(call);
            self.accounts.of(owner, call).add(call, start);
        }
    }

    fn owner(&self, call: &Call) -> Owner {
        Owner { cookie: call.cookie, tid: self.by_thread.then_some(call.tid) }
    }

    /// Decides that the stretch under way ends at `ns`. Facts may still come in after this.
    pub fn edge(&mut self, ns: u64) {
        self.edge_ns = ns;
    }

    /// Ends the stretch under way and begins the next one.
    ///
    /// `open` are the calls that were found open after the edge. A call open at the edge may also
    /// have ended before it was looked for, and come in as a fact from behind the edge.
    pub fn cut(&mut self, open: &[Call]) -> Stretch {
        let edge = self.edge_ns;
        let began = |call: &Call| call.end_ns.saturating_sub(call.wall_ns());
        let mut seen = BTreeSet::new();
        let ended_since = std::mem::take(&mut self.later_calls);
        for call in open.iter().chain(&ended_since) {
            let is_open_at_edge = call.flags & Call::UNPAIRED == 0 && began(call) <= edge;
            if is_open_at_edge && seen.insert((call.tid, began(call))) {
                let owner = self.owner(call);
                self.accounts.of(owner, call).add_open(edge - began(call));
            }
        }
        let stretch = Stretch {
            start_ns: self.start_ns,
            end_ns: edge,
            accounts: std::mem::take(&mut self.accounts),
        };
        self.start_ns = edge;
        self.edge_ns = u64::MAX;
        for life in std::mem::take(&mut self.later_lives) {
            self.life(&life);
        }
        for call in ended_since {
            self.call(&call);
        }
        stretch
    }
}

#[cfg(test)]
mod tests;
