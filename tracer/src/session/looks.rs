//! Looks at what is under way in the kernel, and has sent nothing yet.

use anyhow::Result;
use tracer_common::{cpu::Counter, record::Standing};

use super::{Session, clock, spent::Usage, to_ns};
use crate::decode;

impl Session {
    /// Looks under which CPU quota the targets are.
    pub(super) fn look_at_limits(&mut self) {
        self.summary.look_at_limits(self.model.processes(), clock::now_ns());
    }

    /// Works out how many threads ran at once, up to now.
    pub(super) fn settle(&mut self) -> Result<()> {
        let now_ns = clock::now_ns();
        let standings = self.standings()?;
        self.drain()?;
        self.reap(now_ns, &standings)?;
        self.model.settle(now_ns, &standings);
        self.collect()
    }

    /// Takes in what the programs have summed, if they have.
    fn collect(&mut self) -> Result<()> {
        if self.folding.is_due(&self.programs)? {
            self.folding.turn(&mut self.programs, false)?;
            self.folding.collect(&mut self.programs, &mut self.model)?;
        }
        Ok(())
    }

    /// Compares what tracing costs with its budget.
    pub(super) fn weigh(&mut self) -> Result<()> {
        let now_ns = clock::now_ns();
        let standings = self.standings()?;
        self.drain()?;
        self.collect()?;
        let Some(shedding) = &mut self.shedding else { return Ok(()) };
        let Usage { reader, programs } = Usage::now(self.programs.cost()?);
        let cost_ns = to_ns(reader) + programs.ns;
        let at_ns = self.summary.since_start(now_ns);
        if let Some(detail) = shedding.weigh(at_ns, cost_ns, self.model.busy_ns(&standings)) {
            self.folding.tell(&mut self.programs, detail)?;
        }
        Ok(())
    }

    /// Lets go of those whose deaths were lost. The threads were looked at after `now_ns`.
    pub(super) fn reap(&mut self, now_ns: u64, threads: &[Standing]) -> Result<()> {
        if self.programs.count(Counter::LostLives)? > 0 {
            self.model.reap(now_ns, threads, now_ns);
        }
        Ok(())
    }

    /// Takes in what has been waited for locks up to now.
    pub(super) fn look_at_locks(&mut self) -> Result<()> {
        let bytes = self.programs.lock_waits()?;
        for waits in decode::all(&bytes, decode::lock_waits) {
            self.model.lock_waits(&waits?);
        }
        for (lock, place, waits) in self.programs.lock_waits_by_call()? {
            self.model.lock_waits_at(lock, place, waits);
        }
        Ok(())
    }

    pub(super) fn standings(&mut self) -> Result<Vec<Standing>> {
        let bytes = self.programs.standings()?;
        Ok(decode::all(&bytes, decode::standing).collect::<Result<_, _>>()?)
    }
}
