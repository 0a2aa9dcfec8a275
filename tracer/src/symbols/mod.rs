//! The names of code: which function of which library, or of the kernel, lies at an address.
//!
//! A program may be gone when its report is made. So its addresses become places in files while it
//! lives, which is quick; the files are kept open, and read for names when a report needs them.

mod files;
mod names;
mod spaces;

pub use names::Names;

use std::collections::{BTreeMap, BTreeSet};

use blazesym::{
    MaybeDefault,
    symbolize::{
        Input, Symbolized, Symbolizer,
        source::{Elf, Kernel, Source},
    },
};
use tracer_common::record::Sample;

use self::{files::Files, spaces::Spaces};
use crate::model::{Accounts, Code, Place, Process};

/// Everything that is known of names.
pub struct Symbols {
    symbolizer: Symbolizer,
    spaces: Spaces,
    files: Files,
    names: Names,
}

impl Default for Symbols {
    fn default() -> Self {
        let symbolizer = Symbolizer::builder()
            .enable_auto_reload(false)
            .enable_code_info(false)
            .enable_inlined_fns(false)
            .build();
        Self {
            symbolizer,
            spaces: Spaces::default(),
            files: Files::default(),
            names: Names::default(),
        }
    }
}

impl Symbols {
    /// Which code a sample in user mode has found, if `process` is alive or was met before.
    pub fn code(&mut self, sample: &Sample, process: &Process) -> Option<Code> {
        let alive = if process.ended.is_none() { i32::try_from(process.pid).ok() } else { None };
        self.spaces.find(sample, alive, &mut self.files)
    }

    /// Reads the names of the kernel, those of programs that are about to be unloaded too.
    pub fn read_kernel(&self) {
        drop(self.symbolizer.symbolize(&kernel(), Input::AbsAddr(&[u64::MAX])));
    }

    /// Learns the names of all code in the samples of these accounts.
    pub fn learn(&mut self, accounts: &Accounts) {
        let Self { symbolizer, files, names, .. } = self;
        let mut addresses = BTreeSet::new();
        let mut offsets: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for samples in accounts.iter().map(|account| &account.samples) {
            addresses.extend(samples.kernel.keys());
            for place in samples.places.keys() {
                if let Place::Kernel(roots) = place {
                    addresses.extend(roots.iter().filter(|&&root| root != 0));
                }
            }
            for code in samples.user.keys().flatten().filter(|&&code| !names.knows(code)) {
                offsets.entry(code.file).or_default().insert(code.offset);
            }
        }
        addresses.retain(|&address| !names.knows_kernel(address));
        let addresses: Vec<u64> = addresses.into_iter().collect();
        let found = find(symbolizer, &kernel(), Input::AbsAddr(&addresses));
        names.learn_kernel(addresses.into_iter().zip(found));
        for (file, offsets) in offsets {
            let offsets: Vec<u64> = offsets.into_iter().collect();
            let found = match files.path(file) {
                Some(path) => {
                    let elf = Elf { debug_syms: false, ..Elf::new(path) };
                    find(symbolizer, &elf.into(), Input::FileOffset(&offsets))
                }
                None => vec![None; offsets.len()],
            };
            names.learn_library(file, files.name(file));
            names.learn(offsets.into_iter().map(|offset| Code { file, offset }).zip(found));
        }
    }

    /// What has been learnt.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }
}

/// The running kernel, as `/proc/kallsyms` has it.
fn kernel() -> Source<'static> {
    Kernel { vmlinux: MaybeDefault::None, debug_syms: false, ..Kernel::default() }.into()
}

/// The function at each address; as many as there are addresses.
fn find(
    symbolizer: &Symbolizer,
    source: &Source<'_>,
    addresses: Input<&[u64]>,
) -> Vec<Option<String>> {
    let count = addresses.as_inner_ref().len();
    if count == 0 {
        return Vec::new();
    }
    match symbolizer.symbolize(source, addresses) {
        Ok(found) => found.iter().map(name).collect(),
        Err(e) => {
            log::debug!("no names from {source:?}: {e:#}");
            vec![None; count]
        }
    }
}

fn name(found: &Symbolized<'_>) -> Option<String> {
    found.as_sym().map(|symbol| symbol.name.clone().into_owned())
}
