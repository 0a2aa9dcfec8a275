//! `tracer doctor`: what this kernel and this user can and cannot do.

use std::{io::Write, os::fd::AsFd};

use anstyle::{AnsiColor, Style as Paint};
use anyhow::{Context as _, Result};
use serde::Serialize;
use textwrap::{Options, WordSplitter};

use crate::{
    attach::{Programs, Settings},
    config::Format,
    kernel::features::{self, Check, State},
    sinks::Style,
};

/// Version of the JSON: raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// What comes after the state of a check begins in this column.
const INDENT: &str = "          ";

/// The list as JSON.
#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    checks: &'a [Check],
}

/// Lists the checks. Returns the exit status: 0 if tracing can work, 1 if something it cannot do
/// without is missing.
///
/// # Errors
/// If the list cannot be written.
pub fn run(format: Format, out: &mut (impl Write + AsFd)) -> Result<u8> {
    let mut checks = features::checks();
    if works(&checks) {
        // The verifier has the last word. Nothing is attached.
        let loaded = Programs::load(&Settings::trial()).map(drop);
        checks.push(features::programs(loaded.map_err(|error| format!("{error:#}"))));
    }
    let list = match format {
        Format::Text => text(&checks, &Style::detect(&*out)),
        Format::Json => json(&checks)?,
    };
    writeln!(out, "{list}").context("cannot write the list of checks")?;
    Ok(u8::from(!works(&checks)))
}

/// Says of an error of the kernel's which of the things that tracing cannot do without are missing,
/// if any are.
#[must_use]
pub fn explain(error: anyhow::Error) -> anyhow::Error {
    match missing(&features::checks()) {
        reasons if reasons.is_empty() => error,
        reasons => error.context(format!("tracing does not work here: {reasons}")),
    }
}

fn missing(checks: &[Check]) -> String {
    let missing = checks.iter().filter(|check| check.state == State::Missing);
    let reasons = missing.map(|check| match &check.remedy {
        Some(remedy) => format!("{} ({remedy})", check.detail),
        None => check.detail.clone(),
    });
    reasons.collect::<Vec<_>>().join("; ")
}

fn works(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != State::Missing)
}

fn json(checks: &[Check]) -> Result<String> {
    serde_json::to_string(&List { schema: SCHEMA, checks })
        .context("cannot make JSON of the checks")
}

fn text(checks: &[Check], style: &Style) -> String {
    let options = Options::new(style.width.unwrap_or(usize::MAX))
        .initial_indent(INDENT)
        .subsequent_indent(INDENT)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    let mut text = String::new();
    for check in checks {
        let (word, paint) = state(check.state);
        let paint = if style.color { paint } else { Paint::new() };
        let what = textwrap::fill(&format!("{}: {}", check.name, check.detail), &options);
        // The word goes where the first line was indented.
        let what = what.strip_prefix(INDENT).unwrap_or(&what);
        text += &format!("{paint}{word:<width$}{paint:#}{what}\n", width = INDENT.len());
        if let Some(remedy) = &check.remedy {
            text += &textwrap::fill(&format!("to do: {remedy}"), &options);
            text.push('\n');
        }
    }
    text.push('\n');
    text + verdict(checks)
}

fn verdict(checks: &[Check]) -> &'static str {
    if !works(checks) {
        "Tracing does not work here: what is missing comes first."
    } else if checks.iter().all(|check| check.state == State::Ok) {
        "Tracing works here."
    } else {
        "Tracing works here, within the limits above."
    }
}

fn state(state: State) -> (&'static str, Paint) {
    match state {
        State::Ok => ("ok", AnsiColor::Green.on_default()),
        State::Degraded => ("degraded", AnsiColor::Yellow.on_default()),
        State::Missing => ("missing", AnsiColor::Red.on_default().bold()),
        State::Unknown => ("unknown", AnsiColor::Yellow.on_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { width: None, unicode: true, color: false, series: false };

    fn check(name: &'static str, state: State, remedy: Option<&str>) -> Check {
        let detail = "some words about what was found here".to_owned();
        Check { name, state, detail, remedy: remedy.map(str::to_owned) }
    }

    fn checks() -> Vec<Check> {
        vec![
            check("kernel-version", State::Ok, None),
            check("priority", State::Degraded, Some("run it with sudo")),
        ]
    }

    #[test]
    fn each_problem_stands_with_its_remedy() {
        assert_eq!(
            text(&checks(), &PLAIN),
            "ok        kernel-version: some words about what was found here\n\
             degraded  priority: some words about what was found here\n          \
             to do: run it with sudo\n\n\
             Tracing works here, within the limits above."
        );
    }

    #[test]
    fn a_narrow_terminal_gets_narrow_lines() {
        let text = text(&checks(), &Style { width: Some(40), ..PLAIN });
        assert!(text.starts_with(
            "ok        kernel-version: some words\n          about what was found here\n"
        ));
        assert!(text.lines().take(5).all(|line| line.len() <= 40), "{text}");
    }

    #[test]
    fn the_state_alone_is_painted() {
        let text = text(&checks(), &Style { color: true, ..PLAIN });
        assert!(text.starts_with("\u{1b}[32mok        \u{1b}[0mkernel-version: "), "{text:?}");
    }

    #[test]
    fn only_what_is_missing_keeps_tracing_from_working() {
        let with = |state| [checks(), vec![check("btf", state, Some("do"))]].concat();
        assert!(works(&with(State::Degraded)) && works(&with(State::Unknown)));
        assert!(!works(&with(State::Missing)));
        assert!(verdict(&with(State::Missing)).starts_with("Tracing does not work"));
        assert_eq!(verdict(&checks()[..1]), "Tracing works here.");
    }

    #[test]
    fn an_error_is_explained_by_what_is_missing_and_by_nothing_else() {
        let with =
            [checks(), vec![check("btf", State::Missing, Some("update the kernel"))]].concat();
        assert_eq!(missing(&with), "some words about what was found here (update the kernel)");
        assert_eq!(missing(&checks()), "");
    }

    #[test]
    fn the_json_has_a_version_and_all_that_is_known() {
        let value: serde_json::Value = serde_json::from_str(&json(&checks()).unwrap()).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["checks"][0]["state"], "ok");
        assert_eq!(value["checks"][0]["remedy"], serde_json::Value::Null);
        assert_eq!(value["checks"][1]["name"], "priority");
        assert_eq!(value["checks"][1]["remedy"], "run it with sudo");
    }
}
