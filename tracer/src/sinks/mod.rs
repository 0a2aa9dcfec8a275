//! Where reports go: text for people, JSON for programs.

mod json;
mod style;
mod text;

use std::io;

pub use style::Style;

use crate::{config::Format, report::Report};

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
