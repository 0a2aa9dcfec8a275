//! What stands out in each of two runs, and what only both together show.

use serde::Serialize;

use super::{Origin, unit::Unit};
use crate::{
    recording::Recording,
    verdicts::{self, Diagnosis, Finding, Undecided, Work},
};

/// The causes that are named.
#[derive(Clone, Debug, Serialize)]
pub struct Causes {
    /// What stands out in the one run; null of a recording that was cut short before its end.
    pub base: Option<Diagnosis>,
    /// What stands out in the other; likewise.
    pub new: Option<Diagnosis>,
    /// What neither shows alone.
    pub together: Diagnosis,
}

/// The causes in two runs that did so many units each.
pub(super) fn causes(unit: &Unit, sides: [&Recording; 2], units: [f64; 2]) -> Causes {
    let [base, new] = sides.map(|side| side.report.diagnosis.clone());
    // A second is no work.
    let work = (unit.from != Origin::None).then(|| Work {
        unit: &unit.name,
        base: whole(units[0]),
        new: whole(units[1]),
    });
    let mut together = Diagnosis::default();
    match verdicts::compare(&sides[0].report, &sides[1].report, work) {
        Finding::Nothing => {}
        Finding::Verdict(verdict) => together.verdicts.push(verdict),
        Finding::CannotTell(missing) => {
            let name = Some(verdicts::MEMORY_BANDWIDTH.into());
            together.cannot_tell.push(Undecided { name, missing });
        }
    }
    Causes { base, new, together }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, which saturates"
)]
fn whole(units: f64) -> u64 {
    units.round() as u64
}
