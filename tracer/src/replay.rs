//! `tracer report`: a recorded run, shown as it was live.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    config::Show,
    fail_if::{self, Run, Subject},
    recording::{self, Display},
    report::Report,
    sinks::{self, Style},
};

/// Writes the report of a recording, those of its intervals before it. Returns the exit status.
///
/// # Errors
/// If the recording cannot be read, has not what was asked for, or the report cannot be written.
pub fn run(show: &Show, mut out: impl Write + AsFd) -> Result<u8> {
    let recording = recording::read(&show.file)?;
    let options = &recording.metadata.options;
    ensure!(
        options.threads || !show.threads,
        "`{}` has no tables for threads: it was recorded without --threads",
        show.file.display()
    );
    let display = Display {
        fold: show.format.fold(show.fold.or(options.fold)),
        histograms: show.histograms || options.histograms,
        top: show.top.unwrap_or(options.top),
    };
    let style = Style { series: options.interval_ns.is_some(), ..Style::detect(&out) };
    let mut write = |report: &Report| {
        sinks::write(report, show.format, &style, &mut out).context("cannot write the report")
    };
    let intervals = recording::intervals(&show.file, |interval| write(&interval.shown(&display)));
    let written = intervals.and_then(|()| write(&recording.shown(&display)));
    let subject = Subject { run: Run::recorded(&recording), base: None };
    let status = show.fail_if.conclude(&subject, 0, &mut io::stderr())?;
    match written {
        // A reader who goes away early is no reason to call this a success.
        Err(e) if status == fail_if::HOLDS => log::error!("{e:#}"),
        written => written?,
    }
    Ok(status)
}
