//! The Universal Scalability Law in words.

use super::super::{
    page::{NOTE, PLAIN, Page},
    units::Significant,
};
use crate::sweep::{
    law::{Estimate, Law},
    results::{Series, Sweep},
};

/// A law that is off by more than this share does not describe the runs.
const TOO_FAR: f64 = 0.15;

/// Puts what is known of each series.
pub(super) fn put(sweep: &Sweep, page: &mut Page<'_>) {
    for series in &sweep.laws {
        let of = if series.set.0.is_empty() { String::new() } else { format!("{}: ", series.set) };
        match (&series.law, &series.no_law) {
            (Some(law), _) => {
                page.prose(PLAIN, &format!("{of}{}", knee(law, series)));
                for line in explanation(law, series) {
                    page.prose(NOTE, &line);
                }
            }
            (None, why) => page.prose(NOTE, &format!("{of}{}", why.as_deref().unwrap_or_default())),
        }
    }
}

/// Where throughput is largest.
fn knee(law: &Law, series: &Series) -> String {
    let parameter = &series.parameter;
    let [low, high] = law.measured;
    match (law.measured_knee(), law.knee) {
        (Some(knee), _) => {
            let most = Significant(law.throughput(knee));
            format!(
                "The knee is at {parameter} = {}: throughput is largest there, at {most}/s, and \
                 falls with more.",
                Significant(knee)
            )
        }
        (None, Some(knee)) if knee < law.measured[0] => {
            format!("The knee lies below {parameter} = {low}: throughput falls with every more.")
        }
        (None, _) => {
            format!("There is no knee within the measured range, {parameter} = {low} to {high}.")
        }
    }
}

fn explanation(law: &Law, series: &Series) -> Vec<String> {
    let with_error = |estimate: &Estimate| match estimate.error {
        Some(error) => format!("{} ±{}", Significant(estimate.value), Significant(error)),
        None => Significant(estimate.value).to_string(),
    };
    let mut lines = vec![
        format!(
            "sigma {}: contention, the share of the work that only one can do at a time.",
            with_error(&law.sigma)
        ),
        format!(
            "kappa {}: coherence, what each pair costs by keeping in step, as a share of the work \
             of one.",
            with_error(&law.kappa)
        ),
        format!(
            "Universal Scalability Law over {}: R² {:.3}, runs are typically {:.1} % off it (│ in \
             the bars).",
            series.parameter,
            law.r2,
            100.0 * law.deviation
        ),
    ];
    if law.deviation > TOO_FAR {
        lines.push("The law does not describe these runs: believe the table.".to_owned());
    }
    lines
}
