//! Where reports go: text for people, JSON for programs.

mod json;
mod style;
mod text;

use std::io;

pub use style::Style;

use crate::{compare::Comparison, config::Format, report::Report};

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
/// As [`write()`].
pub fn write_comparison(
    comparison: &Comparison,
    format: Format,
    style: &Style,
    out: &mut impl io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => out.write_all(text::comparison::render(comparison, style).as_bytes())?,
        Format::Json => {
            serde_json::to_writer(&mut *out, comparison)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}
