//! Units of work that programs report: one byte for each, appended to a file of the process's own.
//!
//! The variable [`VARIABLE`] names a directory, and each process that has something to report
//! appends to the file in it that is named by its pid. So workers share no lock, a script needs no
//! library, and the length of a file is all there is to read.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Names the directory to a program.
pub const VARIABLE: &str = "TRACER_PROGRESS";
/// In memory, so that an append costs a microsecond and never waits for a disk.
const SHARED_MEMORY: &str = "/dev/shm";
/// Directories that targets may name; each is read whenever the file is brought up to date.
const MOST: usize = 16;

/// A directory for the command that is started. It goes with this, unless it is left.
#[derive(Debug)]
pub struct Directory(TempDir);

impl Directory {
    /// A new one.
    ///
    /// # Errors
    /// If there is no place for it.
    pub fn create() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        // As in /tmp: the command, and what it starts, may be of any user.
        builder.prefix("tracer-progress.").permissions(fs::Permissions::from_mode(0o1777));
        let directory = builder.tempdir_in(SHARED_MEMORY).or_else(|_| builder.tempdir())?;
        // The umask has been at it.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777))?;
        Ok(Self(directory))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves it to programs that go on.
    pub fn leave(self) {
        drop(self.0.keep());
    }
}

/// What has been reported.
#[derive(Debug, Default)]
pub(super) struct Progress {
    directories: BTreeSet<PathBuf>,
    /// Bytes that were there when the window opened, or the directory was first heard of.
    before: HashMap<PathBuf, u64>,
    /// Units in the window, by pid.
    units: HashMap<u32, u64>,
}

impl Progress {
    /// Watches a directory that a target was told of.
    pub(super) fn watch(&mut self, directory: &Path) {
        if directory.is_absolute()
            && self.directories.len() < MOST
            && self.directories.insert(directory.to_owned())
        {
            self.before.extend(lengths(directory).map(|(_, path, length)| (path, length)));
        }
    }

    /// The window opens: what was reported before does not count.
    pub(super) fn begin(&mut self) {
        self.before = self
            .directories
            .iter()
            .flat_map(|directory| lengths(directory))
            .map(|(_, path, length)| (path, length))
            .collect();
    }

    /// Takes note of what has been reported up to now.
    pub(super) fn look(&mut self) {
        self.units.clear();
        for (pid, path, length) in self.directories.iter().flat_map(|directory| lengths(directory))
        {
            let before = self.before.get(&path).copied().unwrap_or(0);
            *self.units.entry(pid).or_default() += length.saturating_sub(before);
        }
    }

    /// Units by pid, when it was looked last.
    pub(super) fn units(&self) -> &HashMap<u32, u64> {
        &self.units
    }
}

/// The files that are named by a pid, and their lengths. Nothing is followed or opened: whoever made
/// them is not to be trusted.
fn lengths(directory: &Path) -> impl Iterator<Item = (u32, PathBuf, u64)> + use<> {
    fs::read_dir(directory).into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((pid, entry.path(), metadata.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_in_the_file_of_a_pid_is_a_unit() {
        let directory = Directory::create().unwrap();
        let path = directory.path().to_owned();
        fs::write(path.join("17"), "...").unwrap();
        let mut progress = Progress::default();
        progress.watch(&path);
        progress.begin();
        fs::write(path.join("17"), ".....").unwrap();
        fs::write(path.join("18"), ".").unwrap();
        fs::write(path.join("notes"), "....").unwrap();
        fs::create_dir(path.join("19")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", path.join("20")).unwrap();
        progress.look();
        assert_eq!(progress.units(), &HashMap::from([(17, 2), (18, 1)]));
        drop(directory);
        assert!(!path.exists());
    }
}
