//! A gate at which any number of threads and processes wait, made of a pipe: it opens when its
//! opener is gone. Waiting is a `read`, so a gate adds no futex call to what is counted; and who
//! waits is let through too when the opener's process is killed, so none is left behind.

use std::io::{self, PipeReader, PipeWriter, Read};

/// Keeps a gate shut while it exists. A forked child drops the copy it inherits.
#[derive(Debug)]
pub(crate) struct Opener(PipeWriter);

impl Opener {
    /// Lets everyone through, now and later.
    pub(crate) fn open(self) {
        drop(self.0);
    }
}

/// The side that waits.
#[derive(Debug)]
pub(crate) struct Waiter(PipeReader);

impl Waiter {
    /// Waits until the gate is open. One `read` call, unless a signal handler runs meanwhile.
    pub(crate) fn wait(&self) -> io::Result<()> {
        loop {
            match self.try_wait() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Waits until the gate is open or a signal handler has run. One `read` call.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] after a signal handler.
    pub(crate) fn try_wait(&self) -> io::Result<()> {
        (&self.0).read(&mut [0]).map(drop)
    }
}

/// A gate that is shut.
pub(crate) fn gate() -> io::Result<(Opener, Waiter)> {
    let (reader, writer) = io::pipe()?;
    Ok((Opener(writer), Waiter(reader)))
}
