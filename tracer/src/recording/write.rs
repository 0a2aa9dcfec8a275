//! Writes recordings: always a whole file, beside its final name, and then renamed.

use std::{
    fs::{self, File, Permissions},
    io::{self, Seek as _, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use tempfile::{Builder, NamedTempFile};

use super::{Interval, Recording, guard::LONGEST_PART};

/// Of zstd: its own default, which is faster than the disk.
const LEVEL: i32 = 3;
/// For everyone, as far as the umask lets them: root writes what a user wants to read.
const MODE: u32 = 0o666;

/// Where a recording goes.
#[derive(Debug)]
pub(super) struct Writer {
    /// Its name, with no symbolic link at its end: it is to be replaced, not what leads to it.
    path: PathBuf,
    /// Intervals, compressed, as they are to be in the file. It has no name, and goes with us.
    spool: File,
    /// How many there are, and bytes of them.
    intervals: u64,
    spooled: u64,
    /// Intervals that could not be kept.
    missing: u64,
}

impl Writer {
    /// Prepares to write a file, and sees that it can be written: a wrong name costs nothing.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let cannot = || format!("cannot write the recording to `{}`", path.display());
        let path = match fs::metadata(path) {
            Ok(there) if !there.is_file() => {
                bail!("{}: it is there, and is not a regular file", cannot())
            }
            Ok(_) => fs::canonicalize(path).with_context(cannot)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(e) => return Err(e).with_context(cannot),
        };
        ensure!(path.file_name().is_some(), "{}: it is no name of a file", cannot());
        let spool = tempfile::tempfile_in(directory(&path)).with_context(cannot)?;
        let writer = Self { path, spool, intervals: 0, spooled: 0, missing: 0 };
        writer.beside().with_context(cannot)?;
        Ok(writer)
    }

    /// A new file beside the final one. It goes if it is dropped.
    fn beside(&self) -> io::Result<NamedTempFile> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        Builder::new()
            .prefix(&format!(".{name}."))
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(directory(&self.path))
    }

    /// Keeps an interval for the next [`write`](Self::write).
    pub(super) fn interval(&mut self, interval: &Interval) -> Result<()> {
        let first = self.intervals == 0;
        let mut append = || {
            let mut out = compressed(&mut self.spool)?;
            out.write_all(if first { b"\n" } else { b",\n" })?;
            part(&mut out, interval)?;
            out.finish()?.stream_position()
        };
        match append() {
            Ok(length) => {
                self.spooled = length;
                self.intervals += 1;
                Ok(())
            }
            Err(e) => {
                self.missing += 1;
                // Half an interval would spoil the file; if this fails too, the copy stops before it.
                drop(self.spool.set_len(self.spooled));
                drop(self.spool.seek(io::SeekFrom::Start(self.spooled)));
                Err(e).with_context(|| {
                    format!("cannot write an interval for the recording `{}`", self.path.display())
                })
            }
        }
    }

    /// Replaces the file by one with all that is known now.
    pub(super) fn write(&mut self, recording: &mut Recording) -> Result<()> {
        if self.missing > 0 {
            let note = format!("{} intervals could not be recorded", self.missing);
            recording.report.trust.notes.push(note);
        }
        let write = || {
            let mut file = self.beside()?;
            let mut out = compressed(&mut file)?;
            head(&mut out, recording)?;
            out.finish()?;
            let mut spool = &self.spool;
            spool.rewind()?;
            let copied = io::copy(&mut io::Read::take(spool, self.spooled), &mut file)?;
            debug_assert_eq!(copied, self.spooled, "nobody else has the file");
            let mut out = compressed(&mut file)?;
            out.write_all(b"]}\n")?;
            out.finish()?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|e: io::Error| {
            anyhow::Error::from(e)
                .context(format!("cannot write the recording to `{}`", self.path.display()))
        })
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A frame of its own. Frames in a row are as one.
fn compressed<W: Write>(out: W) -> io::Result<zstd::Encoder<'static, W>> {
    zstd::Encoder::new(out, LEVEL)
}

/// All but the intervals, and the beginning of these.
fn head(out: &mut impl Write, recording: &Recording) -> io::Result<()> {
    let Recording { schema, complete, metadata, report, folded } = recording;
    write!(out, "{{\"schema\":{schema},\"complete\":{complete},\n\"metadata\":")?;
    part(out, metadata)?;
    out.write_all(b",\n\"report\":")?;
    part(out, report)?;
    out.write_all(b",\n\"folded\":")?;
    part(out, folded)?;
    out.write_all(b",\n\"intervals\":[")
}

/// JSON that a reader will take.
fn part(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    // The three parts before the intervals count together, so each gets a third.
    let mut out = Limited { out, left: LONGEST_PART / 3 };
    serde_json::to_writer(&mut out, value).map_err(io::Error::from)
}

struct Limited<W> {
    out: W,
    left: u64,
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.left = self.left.checked_sub(written as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "there are too many processes for a recording: trace fewer",
            )
        })?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
