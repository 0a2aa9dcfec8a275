//! Looks at what is under way in the kernel, and has sent nothing yet.

use anyhow::Result;
use tracer_common::{cpu::Counter, record::Standing};

use super::{Session, clock};
use crate::decode;

impl Session {
    /// Works out how many threads ran at once, up to now.
    pub(super) fn settle(&mut self) -> Result<()> {
        let now_ns = clock::now_ns();
        let standings = self.standings()?;
        self.drain()?;
        self.reap(now_ns, &standings)?;
        self.model.settle(now_ns, &standings);
        if self.folding.is_due(&self.programs)? {
            self.folding.turn(&mut self.programs, false)?;
            self.folding.collect(&mut self.programs, &mut self.model)?;
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
