//! What has been learnt of names. Without I/O: a report can be made of names that a test made up.

use std::collections::BTreeMap;

use crate::model::Code;

/// Functions by address.
#[derive(Clone, Debug, Default)]
pub struct Names {
    kernel: BTreeMap<u64, Option<String>>,
    kernel_shows_names: bool,
    user: BTreeMap<Code, Option<String>>,
    libraries: BTreeMap<u32, String>,
}

impl Names {
    /// The function of the kernel at an address.
    #[must_use]
    pub fn kernel(&self, address: u64) -> Option<&str> {
        self.kernel.get(&address)?.as_deref()
    }

    /// Whether the kernel hides its names (`kernel.kptr_restrict`): none was found of those that
    /// were looked for.
    #[must_use]
    pub fn kernel_hides_names(&self) -> bool {
        !self.kernel.is_empty() && !self.kernel_shows_names
    }

    /// The function of a program at a place in a file.
    #[must_use]
    pub fn function(&self, code: Code) -> Option<&str> {
        self.user.get(&code)?.as_deref()
    }

    /// The name of the file.
    #[must_use]
    pub fn library(&self, code: Code) -> Option<&str> {
        self.libraries.get(&code.file).map(String::as_str)
    }

    pub(super) fn knows_kernel(&self, address: u64) -> bool {
        self.kernel.contains_key(&address)
    }

    pub(super) fn knows(&self, code: Code) -> bool {
        self.user.contains_key(&code)
    }

    /// Takes in functions of the kernel, each with an address.
    pub fn learn_kernel(&mut self, found: impl IntoIterator<Item = (u64, Option<String>)>) {
        for (address, name) in found {
            self.kernel_shows_names |= name.is_some();
            self.kernel.insert(address, name);
        }
    }

    /// Takes in functions of programs, each with a place in its file.
    pub fn learn(&mut self, found: impl IntoIterator<Item = (Code, Option<String>)>) {
        self.user.extend(found);
    }

    /// Takes in the name of a file.
    pub fn learn_library(&mut self, file: u32, name: String) {
        self.libraries.insert(file, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_hides_its_names_if_none_of_several_is_found() {
        let mut names = Names::default();
        assert!(!names.kernel_hides_names(), "nobody has asked");
        names.learn_kernel([(1, None), (2, None)]);
        assert!(names.kernel_hides_names());
        names.learn_kernel([(3, Some("do_syscall_64".to_owned()))]);
        assert!(!names.kernel_hides_names());
        assert_eq!((names.kernel(1), names.kernel(3)), (None, Some("do_syscall_64")));
    }
}
