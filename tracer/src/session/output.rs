//! Where the report goes, opened before anything is started.

use std::{
    fs::File,
    io::{self, Write},
};

use anyhow::{Context as _, Result};

use crate::{
    config::{Config, Destination, Format},
    report::Report,
    sinks::{self, Style},
};

/// An open destination.
pub(super) struct Output {
    to: Box<dyn Write>,
    format: Format,
    style: Style,
}

impl Output {
    pub(super) fn open(config: &Config) -> Result<Self> {
        let (to, style): (Box<dyn Write>, _) = match &config.report_to {
            Destination::Stdout => (Box::new(io::stdout()), Style::detect(io::stdout())),
            Destination::Stderr => (Box::new(io::stderr()), Style::detect(io::stderr())),
            Destination::File(path) => {
                let file = File::create(path).with_context(|| {
                    format!("cannot write the report to `{}`: nothing was traced", path.display())
                })?;
                let style = Style::detect(&file);
                (Box::new(file), style)
            }
        };
        let style = Style { series: config.interval.is_some(), ..style };
        Ok(Self { to, format: config.format, style })
    }

    /// Writes a report. A reader that has gone away is an error of kind
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe), which the caller of the run takes for success.
    pub(super) fn write(&mut self, report: &Report) -> Result<()> {
        sinks::write(report, self.format, &self.style, &mut self.to)
            .context("cannot write the report")
    }
}
