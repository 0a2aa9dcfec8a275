//! `tracer report` and `tracer compare`: recorded runs, shown. Neither needs any privilege.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    compare::{self, Origin},
    config::{Compare, Show},
    fail_if::{Base, Run, Subject},
    recording::{self, Display},
    report::Report,
    sinks::{self, Style},
};

/// Writes the report of a recording, those of its intervals before it. Returns the exit status.
///
/// # Errors
/// If the recording cannot be read, has not what was asked for, or the report cannot be written.
pub fn report(show: &Show, mut out: impl Write + AsFd) -> Result<u8> {
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
    show.fail_if.conclude(&subject, written.map(|()| 0), &mut io::stderr())
}

/// Writes the comparison of two recordings. Returns the exit status.
///
/// # Errors
/// If one cannot be read, they cannot be compared, or the comparison cannot be written.
pub fn compare(compare: &Compare, mut out: impl Write + AsFd) -> Result<u8> {
    let Compare { base, new, per, format, fail_if } = compare;
    let read = |path| recording::read(path);
    let name = |path: &std::path::Path| path.display().to_string();
    let (before, after) = (read(base)?, read(new)?);
    let comparison = compare::compare((&name(base), &before), (&name(new), &after), per.as_ref())?;
    let written = sinks::write_comparison(&comparison, *format, &Style::detect(&out), &mut out)
        .context("cannot write the comparison");
    // A second of thread time is no unit of work.
    let counted = comparison.per_from != Origin::None;
    let run = |recording, units| Run { work: counted.then_some(units), ..Run::recorded(recording) };
    let subject = Subject {
        run: run(&after, comparison.new.units),
        base: Some(Base {
            run: run(&before, comparison.base.units),
            together: &comparison.causes.together,
        }),
    };
    fail_if.conclude(&subject, written.map(|()| 0), &mut io::stderr())
}
