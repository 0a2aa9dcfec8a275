//! One JSON object per line on standard output, each in one write, so that the lines of processes
//! that share a pipe or a file never mix.

use std::io;

use anyhow::{Context, Result};
use nix::errno::Errno;
use serde::Serialize;

/// Room for any line but the longest lists, in bytes: allocated beforehand, it keeps glibc from
/// having to grow its heap when the line is made.
const ROOM: usize = 16 * 1024;

/// Prints `truth` as one line.
///
/// # Errors
/// If standard output takes no more; a reader who has gone is a [`io::ErrorKind::BrokenPipe`].
pub(crate) fn print(truth: &impl Serialize) -> Result<()> {
    let mut line = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut line, truth).context("cannot write the truth as JSON")?;
    line.push(b'\n');
    let mut rest = line.as_slice();
    while !rest.is_empty() {
        match nix::unistd::write(io::stdout(), rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => {
                return Err(io::Error::from(error)).context("cannot write to standard output");
            }
        }
    }
    Ok(())
}

/// Makes sure that a later [`print()`] finds its memory in the heap as it is.
pub(crate) fn reserve() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(4 * ROOM)));
}
