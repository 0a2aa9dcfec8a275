//! Files that programs run code of, kept open for their names.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::{fd::AsRawFd as _, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use procfs::process::{MMapPath, MemoryMap};

/// No program has many more; those above have no names.
const MOST_OPEN: usize = 256;
/// So often it is tried to open a file: its process may be gone, but another may have it too.
const TRIES: u32 = 8;
/// What `/proc` puts behind the path of a file that is there no more.
const DELETED: &str = " (deleted)";

/// Every file met so far, by its number.
#[derive(Debug, Default)]
pub(super) struct Files {
    numbers: BTreeMap<Key, u32>,
    met: Vec<Met>,
    open: usize,
}

/// What makes a file that one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// Device and inode.
    Inode((i32, i32), u64),
    /// Memory that is of no file, such as `[vdso]`.
    Memory(&'static str),
}

#[derive(Debug)]
struct Met {
    name: String,
    path: Option<PathBuf>,
    inode: u64,
    file: Option<File>,
    tries: u32,
}

impl Files {
    /// The number of the file behind a mapping.
    pub(super) fn number(&mut self, mapping: &MemoryMap) -> u32 {
        let (key, name, path) = match &mapping.pathname {
            MMapPath::Path(path) => {
                (Key::Inode(mapping.dev, mapping.inode), name(path), Some(path.clone()))
            }
            MMapPath::Vdso => memory("[vdso]"),
            MMapPath::Vsyscall => memory("[vsyscall]"),
            // Where code is made at run time.
            _ => memory("[anon]"),
        };
        *self.numbers.entry(key).or_insert_with(|| {
            let tries = if path.is_some() { TRIES } else { 0 };
            self.met.push(Met { name, path, inode: mapping.inode, file: None, tries });
            u32::try_from(self.met.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Opens a file, if it is not open, that process `pid` has mapped there.
    pub(super) fn open(&mut self, number: u32, pid: i32, (start, end): (u64, u64)) {
        let Some(met) = self.met.get_mut(number as usize) else { return };
        if met.file.is_some() || met.tries == 0 || self.open >= MOST_OPEN {
            return;
        }
        met.tries -= 1;
        // The link leads to that very file, though it be deleted or in another mount namespace;
        // not everybody may follow it.
        let file = File::open(format!("/proc/{pid}/map_files/{start:x}-{end:x}"))
            .or_else(|_| met.open_by_path(pid));
        match file {
            Ok(file) => {
                met.file = Some(file);
                self.open += 1;
            }
            Err(e) => log::debug!("no names from `{}`: {e}", met.name),
        }
    }

    /// A path that leads to the open file.
    pub(super) fn path(&self, number: u32) -> Option<PathBuf> {
        let file = self.met.get(number as usize)?.file.as_ref()?;
        Some(PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())))
    }

    /// The name of the file, without its directories.
    pub(super) fn name(&self, number: u32) -> String {
        self.met.get(number as usize).map_or_else(String::new, |met| met.name.clone())
    }
}

impl Met {
    fn open_by_path(&self, pid: i32) -> io::Result<File> {
        let path = self.path.as_deref().ok_or(io::ErrorKind::NotFound)?;
        let file = File::open(format!("/proc/{pid}/root{}", path.display()))?;
        if file.metadata()?.ino() == self.inode {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "another file has its name now"))
        }
    }
}

fn memory(name: &'static str) -> (Key, String, Option<PathBuf>) {
    (Key::Memory(name), name.to_owned(), None)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    name.strip_suffix(DELETED).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_called_by_its_file_name_even_when_deleted() {
        assert_eq!(name(Path::new("/usr/lib/libc.so.6")), "libc.so.6");
        assert_eq!(name(Path::new("/tmp/a b.so (deleted)")), "a b.so");
        assert_eq!(name(Path::new("/")), "/");
    }
}
