//! What stands out: the first lines of a report.

use super::page::{HEADING, NOTE, Page};
use crate::verdicts::{Diagnosis, Undecided, Verdict};

/// Puts the verdicts, strongest first, then what cannot be told, or that nothing stands out.
pub(super) fn put(diagnosis: &Diagnosis, page: &mut Page<'_>) {
    let Diagnosis { verdicts, cannot_tell } = diagnosis;
    for verdict in verdicts {
        put_one(verdict, page);
    }
    for it in cannot_tell {
        page.prose(if verdicts.is_empty() { HEADING } else { NOTE }, &undecided(it));
    }
    if verdicts.is_empty() && cannot_tell.is_empty() {
        page.prose(HEADING, "nothing stands out");
    }
    page.gap();
}

pub(super) fn put_one(verdict: &Verdict, page: &mut Page<'_>) {
    let Verdict { name, strength, what, evidence, remedy, against, .. } = verdict;
    page.prose(HEADING, &format!("{name} ({}): {what}", strength.word()));
    for figure in evidence {
        page.entry(&[format!("· {figure}")]);
    }
    page.entry(&[format!("change: {remedy}")]);
    page.entry(&[format!("against it would speak: {against}")]);
    page.prose(NOTE, &format!("  more: tracer --explain {name}"));
}

pub(super) fn undecided(undecided: &Undecided) -> String {
    match &undecided.name {
        Some(name) => format!("cannot tell {name}: {}", undecided.missing),
        None => format!("cannot tell: {}", undecided.missing),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::sinks::{Style, text::sample};

    const PLAIN_TEXT: Style = Style { width: None, unicode: true, color: false, series: false };

    fn text(diagnosis: &Diagnosis) -> String {
        let mut page = Page::new(&PLAIN_TEXT);
        put(diagnosis, &mut page);
        page.finish()
    }

    #[test]
    fn verdicts_come_first_with_their_figures_and_what_to_do() {
        assert_snapshot!(text(&sample::diagnosis()), @r"
        heap-churn (strong): what heap-churn means here
          · one figure
          · another one
          · a third one
          change: set THIS=1
          against it would speak: something else
          more: tracer --explain heap-churn
        page-allocator (weak): what page-allocator means here
          · one figure
          · another one
          · a third one
          change: set THIS=1
          against it would speak: something else
          more: tracer --explain page-allocator
        cannot tell mapping-churn: CPU samples
        ");
    }

    #[test]
    fn a_healthy_program_is_told_so_in_a_line() {
        assert_eq!(text(&Diagnosis::default()), "nothing stands out\n\n");
    }

    #[test]
    fn what_cannot_be_told_is_never_passed_over_in_silence() {
        let missing = "the window of 80.0 ms is too short".to_owned();
        let none = Undecided { name: None, missing };
        let diagnosis = Diagnosis { cannot_tell: vec![none], ..Diagnosis::default() };
        assert_eq!(text(&diagnosis), "cannot tell: the window of 80.0 ms is too short\n\n");
    }
}
