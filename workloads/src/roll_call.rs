//! Threads or processes that say they are there (or done), and someone who counts them. They use a
//! pipe, so this adds no futex call to what is counted.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use anyhow::{Context, Result};
use nix::unistd::gettid;

/// The side that answers.
#[derive(Debug)]
pub(crate) struct Answerer(PipeWriter);

impl Answerer {
    /// Reports the calling thread, by one write.
    pub(crate) fn here(&self) -> io::Result<()> {
        (&self.0).write_all(&gettid().as_raw().to_ne_bytes())
    }

    /// Another one for another thread.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }
}

/// The side that counts.
#[derive(Debug)]
pub(crate) struct Caller(PipeReader);

impl Caller {
    /// Waits until `count` have reported; returns their tids.
    ///
    /// # Errors
    /// If all that could report are gone before. (For this the caller's own process must have
    /// dropped its [`Answerer`].)
    pub(crate) fn wait_for(&self, count: usize) -> Result<Vec<i32>> {
        let mut tids = Vec::with_capacity(count);
        let mut tid = [0; size_of::<i32>()];
        while tids.len() < count {
            (&self.0).read_exact(&mut tid).with_context(|| {
                format!("only {} of {count} threads or processes reported", tids.len())
            })?;
            tids.push(i32::from_ne_bytes(tid));
        }
        Ok(tids)
    }
}

/// Both sides.
pub(crate) fn roll_call() -> io::Result<(Caller, Answerer)> {
    let (reader, writer) = io::pipe()?;
    Ok((Caller(reader), Answerer(writer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_heard_and_a_missing_one_is_an_error() {
        let (caller, answerer) = roll_call().unwrap();
        let other = answerer.try_clone().unwrap();
        answerer.here().unwrap();
        std::thread::spawn(move || other.here()).join().unwrap().unwrap();
        drop(answerer);
        let tids = caller.wait_for(2).unwrap();
        assert_eq!(tids[0], gettid().as_raw());
        assert_ne!(tids[0], tids[1]);
        let error = caller.wait_for(1).unwrap_err();
        assert!(error.to_string().starts_with("only 0 of 1 threads"), "{error}");
    }
}
