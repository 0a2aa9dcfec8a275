//! Which file lies where in the memory of each process.

use std::collections::BTreeMap;

use procfs::process::{MMPermissions, Process as Directory};
use tracer_common::record::Sample;

use super::files::Files;
use crate::model::Code;

/// Code that lies outside of all known mappings may be newly loaded; but a program that makes no
/// sense must not have its mappings read for each of its samples.
const READ_AGAIN_NS: u64 = 100_000_000;

/// The executable mappings of every process that has been sampled, by cookie.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    by_cookie: BTreeMap<u64, Space>,
}

/// Those of one process.
#[derive(Debug, Default)]
struct Space {
    /// When they were read last, by the sample that led to it.
    read_ns: Option<u64>,
    /// In rising order.
    mappings: Vec<Mapping>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    start: u64,
    end: u64,
    /// Of its first byte in the file.
    offset: u64,
    file: u32,
}

impl Spaces {
    /// Which code a sample in user mode has found, in a process whose pid is `alive`, if it is.
    pub(super) fn find(
        &mut self,
        sample: &Sample,
        alive: Option<i32>,
        files: &mut Files,
    ) -> Option<Code> {
        let space = self.by_cookie.entry(sample.cookie).or_default();
        let known = space.at(sample.ip);
        let old = space.read_ns.is_none_or(|read| sample.ns.saturating_sub(read) > READ_AGAIN_NS);
        let mapping = match (known, alive) {
            (Some(mapping), _) => mapping,
            (None, Some(pid)) if old => {
                space.read_ns = Some(sample.ns);
                space.read(pid, files);
                space.at(sample.ip)?
            }
            _ => return None,
        };
        if let Some(pid) = alive {
            files.open(mapping.file, pid, (mapping.start, mapping.end));
        }
        Some(Code { file: mapping.file, offset: mapping.offset + (sample.ip - mapping.start) })
    }
}

impl Space {
    fn at(&self, address: u64) -> Option<Mapping> {
        let after = self.mappings.partition_point(|mapping| mapping.start <= address);
        let mapping = *self.mappings.get(after.checked_sub(1)?)?;
        (address < mapping.end).then_some(mapping)
    }

    fn read(&mut self, pid: i32, files: &mut Files) {
        match Directory::new(pid).and_then(|process| process.maps()) {
            Ok(maps) => {
                self.mappings = maps
                    .into_iter()
                    .filter(|mapping| mapping.perms.contains(MMPermissions::EXECUTE))
                    .map(|mapping| Mapping {
                        start: mapping.address.0,
                        end: mapping.address.1,
                        offset: mapping.offset,
                        file: files.number(&mapping),
                    })
                    .collect();
            }
            Err(e) => log::debug!("the mappings of process {pid} cannot be read: {e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_mapping_around_it_if_there_is_one() {
        let mapping = |start, end| Mapping { start, end, offset: 0, file: 0 };
        let space = Space { read_ns: None, mappings: vec![mapping(10, 20), mapping(30, 40)] };
        let start = |address| space.at(address).map(|mapping| mapping.start);
        let found = [9, 10, 19, 20, 29, 30, 39, 40].map(start);
        let (low, high) = (Some(10), Some(30));
        assert_eq!(found, [None, low, low, None, None, high, high, None]);
    }

    /// Of this very process.
    fn sample(ip: u64, ns: u64) -> Sample {
        Sample { cookie: 1, ip, ns, ..Sample::default() }
    }

    #[test]
    fn code_is_found_again_when_its_process_is_gone() {
        let own = i32::try_from(std::process::id()).unwrap();
        let here = u64::try_from((sample as fn(u64, u64) -> Sample as *const ()).addr()).unwrap();
        let (mut spaces, mut files) = (Spaces::default(), Files::default());
        assert_eq!(spaces.find(&sample(here, 1), None, &mut files), None);
        let code = spaces.find(&sample(here, 2), Some(own), &mut files).unwrap();
        assert_eq!(spaces.find(&sample(here, 3), None, &mut files), Some(code));
        let next = spaces.find(&sample(here + 1, 4), None, &mut files).unwrap();
        assert_eq!((next.file, next.offset), (code.file, code.offset + 1));
        assert!(files.path(code.file).is_some(), "the file is open");
        // Not read again so soon.
        assert_eq!(spaces.find(&sample(1, 5), Some(own), &mut files), None);
        assert_eq!(spaces.by_cookie[&1].read_ns, Some(2));
    }
}
