//! When what the programs have summed themselves is collected.

use anyhow::Result;
use tracer_common::control::Control;

use super::clock;
use crate::{attach::Programs, decode, model::Model};

/// By then the programs know of the window that opens.
const OPENING_NS: u64 = 20_000;

/// What the programs have been told, and how much of what they folded has been collected.
#[derive(Debug)]
pub(super) struct Folding {
    control: Control,
    /// What had been folded when the last epoch ended, or shortly before.
    folded: u64,
    /// The same, when it was collected last.
    collected: u64,
    collected_of_all: u64,
}

impl Default for Folding {
    fn default() -> Self {
        Self { control: Control::CLOSED, folded: 0, collected: 0, collected_of_all: 0 }
    }
}

impl Folding {
    /// Lets the programs fold from a moment on, which is returned: the window opens then.
    pub(super) fn open(&mut self, programs: &mut Programs) -> Result<u64> {
        let start_ns = clock::now_ns() + OPENING_NS;
        self.control.window_ns = start_ns;
        self.control.cut_ns = start_ns;
        self.control.previous_ns = start_ns;
        self.control.epoch_ns = start_ns;
        programs.control(&self.control)?;
        Ok(start_ns)
    }

    /// An epoch ends now, and with `cut` a stretch that is reported. Returns when the next one
    /// begins.
    pub(super) fn turn(&mut self, programs: &mut Programs, cut: bool) -> Result<u64> {
        self.folded = programs.folded()?;
        let Control { epoch_ns: before, .. } = self.control;
        // The lowest bit tells epochs apart.
        let now_ns = ((clock::now_ns() & !1) | ((before & 1) ^ 1)).max(before + 1);
        self.control.previous_ns = before;
        self.control.epoch_ns = now_ns;
        if cut {
            self.control.cut_ns = now_ns;
        }
        programs.control(&self.control)?;
        Ok(now_ns)
    }

    /// Has the programs tell this much in detail from now on.
    pub(super) fn tell(&mut self, programs: &mut Programs, detail: u32) -> Result<()> {
        self.control.detail = detail;
        programs.control(&self.control)
    }

    /// Whether anything has been folded since the last time.
    pub(super) fn is_due(&self, programs: &Programs) -> Result<bool> {
        Ok(programs.folded()? != self.collected)
    }

    /// Takes in what was folded in the epoch before.
    pub(super) fn collect(&mut self, programs: &mut Programs, model: &mut Model) -> Result<()> {
        self.collected = self.folded;
        programs.wait_for_programs();
        let epoch_ns = self.control.previous_ns;
        let calls = programs.folded_calls()?;
        let calls: Vec<_> = decode::all(&calls, decode::folded_calls).collect::<Result<_, _>>()?;
        let stays = programs.folded_stays()?;
        let stays: Vec<_> = decode::all(&stays, decode::folded_stays).collect::<Result<_, _>>()?;
        model.collected(epoch_ns, &calls, &stays);
        programs.take_cells(epoch_ns, |cell| model.folded_shape(&cell));
        let of_all = programs.folded_of_nobody()?;
        if of_all != self.collected_of_all {
            self.collected_of_all = of_all;
            for (cpu, sums) in programs.folded_of_all()?.iter().enumerate() {
                model.folded_of_all(cpu, &sums.calls, &sums.stays);
            }
        }
        Ok(())
    }
}
