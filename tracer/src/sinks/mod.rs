//! Where reports go: text for people, JSON for programs.

mod json;
mod style;
mod text;

use std::io;

pub use style::Style;

use crate::{
    compare::Comparison, config::Format, fail_if::Judgement, report::Report, sweep::results::Sweep,
};

/// Writes one report and flushes it, so that a reader has each interval when it ends. `style` is
/// for the text alone.
///
/// # Errors
/// Those of `out` as they are: whoever opened it knows whether a broken pipe is one.
pub fn write(
    report: &Report,
    format: Format,
    style: &Style,
    out: &mut impl io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => out.write_all(text::render(report, style).as_bytes())?,
        Format::Json => json::write(report, out)?,
    }
    out.flush()
}

/// Writes a comparison, likewise.
///
/// # Errors
/// As [`write`].
pub fn write_comparison(
    comparison: &Comparison,
    format: Format,
    style: &Style,
    out: &mut impl io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => out.write_all(text::comparison::render(comparison, style).as_bytes())?,
        Format::Json => json::write(comparison, out)?,
    }
    out.flush()
}

/// Writes what came of a sweep, likewise.
///
/// # Errors
/// As [`write`].
pub fn write_sweep(
    sweep: &Sweep,
    format: Format,
    style: &Style,
    out: &mut impl io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => out.write_all(text::sweep::render(sweep, style).as_bytes())?,
        Format::Json => json::write(sweep, out)?,
    }
    out.flush()
}

/// Writes which conditions hold or cannot be decided, with their figures, as text for people.
///
/// # Errors
/// As [`write`].
pub fn write_judgements(
    judgements: &[Judgement],
    style: &Style,
    out: &mut impl io::Write,
) -> io::Result<()> {
    out.write_all(text::judgements::render(judgements, style).as_bytes())?;
    out.flush()
}
