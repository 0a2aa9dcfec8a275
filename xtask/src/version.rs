//! Version numbers, as programs print them.

use std::{fmt, str::FromStr};

use anyhow::{Context as _, Error, Result};

/// A version of three numbers, ordered as releases are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    pub(crate) const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// The version that follows these words in what a program printed: `LLVM version` in the
    /// output of `rustc -vV` and of LLVM's own tools.
    pub(crate) fn after(words: &str, output: &str) -> Option<Self> {
        let (_, after) = output.split_once(words)?;
        after.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    }
}

/// Reads `22.1.8`, and forgives what vendors append: `22.1.8-rust-1.99.0-nightly`, `23.0.0git`.
impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.trim().splitn(3, '.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse::<u32>().ok()
        });
        let mut next = || numbers.next().flatten();
        let major = next().with_context(|| format!("`{text}` is not a version number"))?;
        Ok(Self::new(major, next().unwrap_or(0), next().unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_llvm_of_rustc_is_found_in_what_it_prints() {
        let output = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n\
                      binary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.96.0\n\
                      LLVM version: 22.1.8\n";
        assert_eq!(Version::after("LLVM version", output), Some(Version::new(22, 1, 8)));
    }

    #[test]
    fn the_llvm_of_a_linker_is_found_in_what_it_prints() {
        let output = "Debian LLVM version 22.1.8\n  Optimized build.\n";
        assert_eq!(Version::after("LLVM version", output), Some(Version::new(22, 1, 8)));
        assert_eq!(Version::after("LLVM version", "bpf-linker 0.13.0\n"), None);
    }

    #[test]
    fn what_vendors_append_is_forgiven_and_nonsense_is_not() {
        let version = |text: &str| text.parse::<Version>().ok();
        assert_eq!(version("22.1.8-rust-1.99.0-nightly"), Some(Version::new(22, 1, 8)));
        assert_eq!(version("23.0.0git"), Some(Version::new(23, 0, 0)));
        assert_eq!(version("21\n"), Some(Version::new(21, 0, 0)));
        assert_eq!(version("rust"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn releases_are_ordered() {
        assert!(Version::new(22, 1, 10) > Version::new(22, 1, 8));
        assert!(Version::new(0, 13, 0) > Version::new(0, 10, 4));
    }
}
