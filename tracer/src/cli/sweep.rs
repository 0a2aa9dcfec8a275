//! `tracer sweep`, as clap reads it and as it is meant.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueHint, builder::RangedU64ValueParser, error::ErrorKind};

use super::{Stop, args::Format, values, wrong};
use crate::{
    kernel::{selection::Selection, syscalls},
    report::number_of_row,
    spelling::nearest,
    sweep::{
        Config,
        grid::{self, Setting},
        work::Unit,
    },
};

/// A sweep.
#[derive(Debug, Args)]
#[command(override_usage = "tracer sweep --set NAME=VALUE[,VALUE…] -o DIR [OPTIONS] -- CMD [ARG…]")]
pub(super) struct Sweep {
    /// Run the command with each of these values of an environment variable: `NUM_PROCS=1,2,4,8`,
    /// or `NUM_PROCS=1..8` for all of 1 to 8. Several give every combination
    #[arg(long, value_name = "NAME=VALUES", required = true, value_parser = grid::setting)]
    set: Vec<Setting>,
    /// Write the recordings into this folder, one file for each run, named by its values
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: PathBuf,
    /// Measure each combination so many times
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = RangedU64ValueParser::<u32>::new().range(1..)
    )]
    repeat: u32,
    /// Run each combination so many times before that, without keeping anything
    #[arg(long, value_name = "N", default_value_t = 0)]
    warm_up: u32,
    /// Count this as one unit of work: a system call, `iterations` that the program reports, or
    /// `calls` of any kind. Without this iterations, or calls if there are none
    #[arg(long, value_name = "UNIT")]
    per: Option<String>,
    /// Give these system calls rows, as `tracer -e` does
    #[arg(short = 'e', long = "trace", value_name = "CALLS")]
    calls: Vec<String>,
    /// End each run after this time: seconds, or with a unit as in 500ms, 10s, 2m
    #[arg(
        short,
        long,
        value_name = "TIME",
        value_parser = values::duration,
        allow_hyphen_values = true
    )]
    duration: Option<Duration>,
    /// Look so many times a second where each CPU's thread is: 0 (never) to 10000
    #[arg(long, value_name = "HZ", value_parser = RangedU64ValueParser::<u32>::new().range(..=10_000))]
    sample_hz: Option<u32>,
    /// Buffer between kernel and tracer, for each CPU: a power of two, such as 64K or 2M
    #[arg(long, value_name = "BYTES", value_parser = values::ring_bytes, allow_hyphen_values = true)]
    ring_size: Option<u32>,
    /// Leave descendants out
    #[arg(long)]
    no_follow: bool,
    /// Run the command as this user, not as the one who called sudo
    #[arg(long, value_hint = ValueHint::Username)]
    user: Option<String>,
    /// Form of what is printed in the end
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Format,
    /// The command
    #[arg(
        last = true,
        required = true,
        value_name = "CMD",
        value_hint = ValueHint::CommandWithArguments
    )]
    command: Vec<OsString>,
}

/// Checks what clap cannot, before anything runs.
pub(super) fn config(sweep: Sweep) -> Result<Config, Stop> {
    let invalid = |what: String| wrong(ErrorKind::ValueValidation, what);
    let selection = Selection::parse(&sweep.calls)
        .map_err(|error| invalid(format!("invalid value for '-e <CALLS>': {error}")))?;
    let per = sweep.per.as_deref().map(|name| unit(name, &selection)).transpose();
    let per = per.map_err(|what| invalid(format!("invalid value for '--per <UNIT>': {what}")))?;
    let mut names: Vec<&str> = sweep.set.iter().map(|setting| setting.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(invalid(format!("--set names {} twice: list all its values once", twice[0])));
    }
    let points = sweep.set.iter().map(|setting| setting.values.len());
    let points = points.fold(1_usize, usize::saturating_mul);
    grid::turns(points, sweep.warm_up, sweep.repeat).map_err(invalid)?;
    Ok(Config {
        options: options(&sweep),
        settings: sweep.set,
        repeat: sweep.repeat,
        warm_up: sweep.warm_up,
        dir: sweep.output,
        per,
        command: sweep.command,
        format: sweep.format.into(),
    })
}

fn unit(name: &str, selection: &Selection) -> Result<Unit, String> {
    let unit = Unit::named(name);
    let Unit::Call(call) = &unit else { return Ok(unit) };
    match number_of_row(call) {
        Some(number) if selection.contains(number) => Ok(unit),
        Some(number) => Err(format!(
            "`{call}` is not among the calls traced: ask for it with `-e {}`",
            syscalls::label(number)
        )),
        None => {
            let known = syscalls::all().map(|(_, name)| name).chain(["iterations", "calls"]);
            let meant = nearest(name, known).map(|name| format!(": did you mean `{name}`?"));
            Err(format!("unknown system call `{name}`{}", meant.unwrap_or_default()))
        }
    }
}

/// What the tracer of each run is told.
fn options(sweep: &Sweep) -> Vec<OsString> {
    let mut options: Vec<OsString> = Vec::new();
    let mut add = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            options.extend([option.into(), value.into()]);
        }
    };
    for calls in &sweep.calls {
        add("-e", Some(calls.clone()));
    }
    add("-d", sweep.duration.map(|time| time.as_secs_f64().to_string()));
    add("--sample-hz", sweep.sample_hz.map(|hz| hz.to_string()));
    add("--ring-size", sweep.ring_size.map(|bytes| bytes.to_string()));
    add("--user", sweep.user.clone());
    if sweep.no_follow {
        options.push("--no-follow".into());
    }
    options
}
