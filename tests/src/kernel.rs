//! What is loaded into the kernel.

use std::{collections::BTreeSet, fs};

use aya::programs::{loaded_links, loaded_programs};

use crate::Running;

/// eBPF programs and links, by the ids that the kernel gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Programs.
    pub programs: BTreeSet<u32>,
    /// Links: where a program is attached.
    pub links: BTreeSet<u32>,
}

impl Loaded {
    /// Those that a process has file descriptors of.
    #[must_use]
    pub fn by(process: &Running) -> Self {
        let mut loaded = Self::default();
        let files = fs::read_dir(format!("/proc/{}/fdinfo", process.pid())).unwrap();
        for file in files {
            // A descriptor that has just been closed is none.
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            let id = |name: &str| {
                let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
                lines.next().map(|value| value.trim().parse().unwrap())
            };
            // A link shows the id of its program too.
            match (id("link_id:"), id("prog_id:")) {
                (Some(link), _) => drop(loaded.links.insert(link)),
                (None, Some(program)) => drop(loaded.programs.insert(program)),
                (None, None) => {}
            }
        }
        loaded
    }

    /// Those of them that the kernel still has.
    #[must_use]
    pub fn left(&self) -> Self {
        // One that goes while the list is read is not there.
        let programs = loaded_programs().filter_map(|program| Some(program.ok()?.id()));
        let links = loaded_links().filter_map(|link| Some(link.ok()?.id()));
        Self {
            programs: programs.filter(|id| self.programs.contains(id)).collect(),
            links: links.filter(|id| self.links.contains(id)).collect(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.programs.is_empty() && self.links.is_empty()
    }
}
