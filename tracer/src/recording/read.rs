//! Reads recordings, in bounded memory, however broken they are.

use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{self, BufReader, Read as _, Seek as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{
    Deserializer as _,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    Interval, Recording, SCHEMA,
    guard::{Allowance, Guard, Refused},
};
use crate::report::Report;

/// What a zstd frame begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The window of a frame is at most 2 to the power of this: 8 MiB. The writer's are smaller.
const LARGEST_WINDOW: u32 = 23;

/// Why a file could not be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there, or not ours to read.
    #[error("cannot read the recording `{}`", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is no file with contents of its own.
    #[error("`{}` is not a regular file: a recording is what `tracer -o FILE` writes", .0.display())]
    NotAFile(PathBuf),
    /// It has no bytes.
    #[error("`{}` is empty: no recording was written to it", .0.display())]
    Empty(PathBuf),
    /// It is something else.
    #[error("`{}` is not a recording of `tracer -o FILE`: {}", .0.display(), .1)]
    Foreign(PathBuf, String),
    /// A later version wrote it.
    #[error(
        "`{}` has version {} of the recording, and this tracer reads up to {SCHEMA}: read it with \
         a newer tracer",
        .0.display(), .1
    )]
    Newer(PathBuf, u64),
    /// Its end is missing.
    #[error("`{}` ends in the middle: it was cut off, as by an unfinished copy", .0.display())]
    CutOff(PathBuf),
    /// It would take more memory than a recording can need.
    #[error("`{}` is no recording that can be trusted: {}", .0.display(), .1)]
    Absurd(PathBuf, String),
    /// It is a recording, but not as it was written.
    #[error("`{}` is damaged: {}", .0.display(), .1)]
    Damaged(PathBuf, String),
}

/// Reads a recording, without its intervals. If it was cut short, its reports say so in a note.
///
/// # Errors
/// If the file cannot be read, or is none that a tracer of this version or an older one wrote.
pub fn read(path: &Path) -> Result<Recording, ReadError> {
    let mut recording = pass(path, None)?;
    if !recording.complete {
        let note = format!(
            "the recording was cut short: the tracer did not come to its end, and this is what it \
             had recorded {:.1} s after the window opened",
            Duration::from_nanos(recording.report.window_ns).as_secs_f64()
        );
        if let Some(fitting) = &mut recording.folded.fitting {
            fitting.notes.push(note.clone());
        }
        recording.report.trust.notes.push(note);
    }
    Ok(recording)
}

/// Reads the intervals of a recording, in order; `each` has them one by one, so that they need
/// not fit into memory together. Stops at its first error.
///
/// # Errors
/// As [`read`] does; and what `each` returns, as it is.
pub fn intervals(
    path: &Path,
    mut each: impl FnMut(&Interval) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    let mut one = |interval: &Interval| {
        outcome = each(interval);
        outcome.is_ok()
    };
    let read = pass(path, Some(&mut one));
    outcome?;
    read?;
    Ok(())
}

/// Takes an interval, and says whether to go on.
type Each<'a> = &'a mut dyn FnMut(&Interval) -> bool;

/// Goes through the file once.
fn pass(path: &Path, each: Option<Each<'_>>) -> Result<Recording, ReadError> {
    let unreadable = |e| ReadError::Unreadable(path.to_owned(), e);
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile(path.to_owned()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    if magic.is_empty() {
        return Err(ReadError::Empty(path.to_owned()));
    }
    if magic != MAGIC {
        return Err(foreign(path, &magic));
    }
    let mut plain = zstd::Decoder::new(file).map_err(unreadable)?;
    plain.window_log_max(LARGEST_WINDOW).map_err(unreadable)?;
    let guard = Guard::new(plain, metadata.len());
    let newer = Cell::new(None);
    let seed = Whole { allowance: guard.allowance(), each, newer: &newer };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(guard));
    let read = (&mut json).deserialize_map(seed).and_then(|whole| json.end().map(|()| whole));
    let recording = read.map_err(|e| explained(path, newer.get(), e))?;
    check(&recording).map_err(|what| ReadError::Absurd(path.to_owned(), what.to_owned()))?;
    Ok(recording)
}

/// What a file may be that is not compressed.
fn foreign(path: &Path, magic: &[u8]) -> ReadError {
    let what = if MAGIC.starts_with(magic) {
        return ReadError::CutOff(path.to_owned());
    } else if magic.starts_with(b"{") {
        "it is plain JSON, perhaps a report of `--format json`"
    } else {
        "it is not compressed with zstd"
    };
    ReadError::Foreign(path.to_owned(), what.to_owned())
}

fn explained(path: &Path, newer: Option<u64>, error: serde_json::Error) -> ReadError {
    let path = path.to_owned();
    if let Some(version) = newer {
        return ReadError::Newer(path, version);
    }
    if error.is_eof() {
        return ReadError::CutOff(path);
    }
    if !error.is_io() {
        return ReadError::Damaged(path, error.to_string());
    }
    let error = io::Error::from(error);
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        Some(refused) => ReadError::Absurd(path, refused.to_string()),
        None if error.kind() == io::ErrorKind::UnexpectedEof => ReadError::CutOff(path),
        None => ReadError::Damaged(path, error.to_string()),
    }
}

/// Refuses figures whose sums overflow, so that nobody else has to look.
fn check(recording: &Recording) -> Result<(), &'static str> {
    let fits = |report: &Report| {
        let groups = report.processes.iter().map(|group| &group.budget);
        groups.chain([&report.total.budget]).all(|budget| {
            let parts = [
                Some(budget.outside_calls_ns),
                Some(budget.runnable_ns),
                budget.throttled_ns,
                Some(budget.unaccounted_ns),
            ];
            let known = parts.into_iter().flatten();
            let named = budget.kernel_ns.values().chain(budget.blocked_ns.values()).copied();
            known.chain(named).try_fold(0u64, u64::checked_add).is_some()
        })
    };
    if fits(&recording.report) { Ok(()) } else { Err("its times do not add up") }
}

/// The object that a recording is.
struct Whole<'e, 'n> {
    allowance: Allowance,
    each: Option<Each<'e>>,
    /// The version of the recording, where it is none that we read.
    newer: &'n Cell<Option<u64>>,
}

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = Recording;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Recording, A::Error> {
        let (mut schema, mut complete, mut metadata) = (None, None, None);
        let (mut report, mut folded) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "schema" => {
                    let version: u64 = map.next_value()?;
                    let known = u32::try_from(version).ok().filter(|&version| version <= SCHEMA);
                    schema = Some(known.ok_or_else(|| {
                        self.newer.set(Some(version));
                        A::Error::custom("a newer version")
                    })?);
                }
                "complete" => complete = Some(map.next_value()?),
                "metadata" => metadata = Some(map.next_value()?),
                "report" => report = Some(map.next_value()?),
                "folded" => folded = Some(map.next_value()?),
                "intervals" => map.next_value_seed(Intervals {
                    allowance: &self.allowance,
                    each: self.each.as_deref_mut(),
                })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        Ok(Recording {
            schema: schema.ok_or_else(|| missing("schema"))?,
            complete: complete.ok_or_else(|| missing("complete"))?,
            metadata: metadata.ok_or_else(|| missing("metadata"))?,
            report: report.ok_or_else(|| missing("report"))?,
            folded: folded.ok_or_else(|| missing("folded"))?,
        })
    }
}

/// The series of intervals, of which one is in memory at a time.
struct Intervals<'a, 'e> {
    allowance: &'a Allowance,
    each: Option<&'a mut (dyn FnMut(&Interval) -> bool + 'e)>,
}

impl<'de> DeserializeSeed<'de> for Intervals<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, intervals: D) -> Result<(), D::Error> {
        intervals.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Intervals<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series of intervals")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut series: A) -> Result<(), A::Error> {
        loop {
            self.allowance.renew();
            match &mut self.each {
                Some(each) => match series.next_element()? {
                    Some(interval) if each(&interval) => {}
                    Some(_) => return Err(A::Error::custom("nobody wants more intervals")),
                    None => return Ok(()),
                },
                None if series.next_element::<IgnoredAny>()?.is_none() => return Ok(()),
                None => {}
            }
        }
    }
}
