//! What is installed here: detected by asking the programs themselves, never guessed from names.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command::{answer, find},
    python::Python,
    version::Version,
    versions::{self, Distribution},
    workspace::{self, Workspace},
};

/// What precedes the version in the output of `rustc -vV`, and of `--version` of LLVM's tools.
const LLVM_VERSION: &str = "LLVM version";

/// A compiler that can build the eBPF side, or nearly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rust {
    pub(crate) llvm: Version,
    /// `core` for eBPF is there: ready-built, or as source to build it from.
    pub(crate) core: bool,
    pub(crate) clippy: bool,
}

/// The development files of one LLVM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LlvmFiles {
    pub(crate) version: Version,
    pub(crate) prefix: PathBuf,
}

/// A bpf-linker that starts and tells its LLVM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Linker {
    pub(crate) path: PathBuf,
    pub(crate) llvm: Version,
    /// Built by xtask into the target directory.
    pub(crate) own: bool,
}

impl Linker {
    /// Whether this linker is sure to read what a compiler on that LLVM wrote: the same major, and
    /// not an older release of it. Bitcode changed even between 22.1.2 and 22.1.8
    /// (<https://github.com/aya-rs/bpf-linker/pull/387>).
    pub(crate) fn reads(&self, compiler: Version) -> bool {
        self.llvm.major == compiler.major && self.llvm >= compiler
    }
}

/// The user's own toolchain: what it can do, apart from building.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostTools {
    pub(crate) rustfmt: bool,
    pub(crate) clippy: bool,
    /// It is one of rustup's.
    pub(crate) rustup: bool,
}

/// Everything that the plan depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The distribution, if it is one that ships `core` for eBPF.
    pub(crate) distribution: Option<&'static Distribution>,
    /// The distribution's name for people.
    pub(crate) system: String,
    pub(crate) apt: bool,
    pub(crate) rustup: bool,
    /// The distribution's own Rust.
    pub(crate) packaged: Option<Rust>,
    /// rustup's nightly.
    pub(crate) nightly: Option<Rust>,
    pub(crate) llvm: Vec<LlvmFiles>,
    pub(crate) linkers: Vec<Linker>,
    pub(crate) host: HostTools,
    /// Those of [`versions::TEST_PROGRAMS`] that are not in `PATH`.
    pub(crate) missing_programs: Vec<&'static str>,
    /// The Python environment of the tests.
    pub(crate) python: Python,
}

impl Found {
    pub(crate) fn detect(workspace: &Workspace) -> Self {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let rustup = find("rustup").is_some();
        let missing = |program: &&str| find(program).is_none();
        // Asked for its version, a component that is not installed fails.
        let has =
            |tool| answer(Command::new(workspace::cargo()).args([tool, "--version"])).is_some();
        Self {
            distribution: distribution(&release),
            system: os_release(&release, "PRETTY_NAME").unwrap_or("an unknown system").to_owned(),
            apt: find("apt-get").is_some(),
            rustup,
            packaged: packaged(),
            nightly: rustup.then(nightly).flatten(),
            llvm: llvm_files(),
            linkers: linkers(workspace),
            host: HostTools {
                rustfmt: has("fmt"),
                clippy: has("clippy"),
                // Set by rustup for whatever it starts, and so for the cargo that started us.
                rustup: env::var_os("RUSTUP_TOOLCHAIN").is_some(),
            },
            missing_programs: versions::TEST_PROGRAMS.into_iter().filter(missing).collect(),
            python: Python::detect(workspace),
        }
    }
}

/// The value of one key of an os-release file.
fn os_release<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value.trim_matches(['"', '\'']))
}

fn distribution(release: &str) -> Option<&'static Distribution> {
    let id = (os_release(release, "ID")?, os_release(release, "VERSION_ID")?);
    versions::DISTRIBUTIONS.iter().find(|distribution| distribution.id == id)
}

/// A compiler where distributions put theirs, if it has a ready-built `core` for eBPF.
fn packaged() -> Option<Rust> {
    let bin = Path::new(versions::SYSTEM_BIN);
    let rustc = || Command::new(bin.join("rustc"));
    let sysroot = answer(rustc().args(["--print", "sysroot"]))?;
    let libraries =
        Path::new(sysroot.trim()).join("lib/rustlib").join(versions::BPF_TARGET).join("lib");
    let core = fs::read_dir(libraries).ok()?.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    });
    let llvm = Version::after(LLVM_VERSION, &answer(rustc().arg("-vV"))?)?;
    let has = |program| bin.join(program).is_file();
    has("cargo").then(|| Rust { llvm, core, clippy: has("cargo-clippy") && has("clippy-driver") })
}

/// rustup's nightly, if it is installed.
fn nightly() -> Option<Rust> {
    let run = |words: &[&str]| {
        answer(Command::new("rustup").args(["run", versions::NIGHTLY]).args(words))
    };
    let llvm = Version::after(LLVM_VERSION, &run(&["rustc", "-vV"])?)?;
    let sysroot = run(&["rustc", "--print", "sysroot"])?;
    let has = |path| Path::new(sysroot.trim()).join(path).exists();
    Some(Rust {
        llvm,
        core: has("lib/rustlib/src/rust/library/core"),
        clippy: has("bin/cargo-clippy"),
    })
}

/// Every LLVM that a known place or `PATH` has an `llvm-config` and the shared library of.
fn llvm_files() -> Vec<LlvmFiles> {
    let known = versions::BPF_LINKER_LLVM.flat_map(|major| {
        let prefix = versions::llvm_prefix(major);
        [prefix.join("bin/llvm-config"), PathBuf::from(format!("llvm-config-{major}"))]
    });
    let mut files: Vec<LlvmFiles> = Vec::new();
    for config in known.chain([PathBuf::from("llvm-config")]) {
        let Some(text) = answer(Command::new(config).args(["--version", "--prefix"])) else {
            continue;
        };
        let mut lines = text.lines();
        let Some(version) = lines.next().and_then(|line| line.parse().ok()) else { continue };
        let Some(prefix) = lines.next().map(PathBuf::from) else { continue };
        let library = |dir: &str| prefix.join(dir).join("libLLVM.so").exists();
        let known = files.iter().any(|files| files.prefix == prefix);
        if !known && (library("lib") || library("lib64")) {
            files.push(LlvmFiles { version, prefix });
        }
    }
    files
}

/// Our own builds of bpf-linker, then the one in `PATH`.
fn linkers(workspace: &Workspace) -> Vec<Linker> {
    let own = versions::BPF_LINKER_LLVM
        .map(|major| (workspace.bpf_linker_root(major).join("bin/bpf-linker"), true))
        .filter(|(path, _)| path.exists());
    let others = find("bpf-linker").map(|path| (path, false));
    own.chain(others).filter_map(|(path, own)| linker(path, own)).collect()
}

fn linker(path: PathBuf, own: bool) -> Option<Linker> {
    let version = answer(Command::new(&path).arg("--version"))?;
    if Version::after("bpf-linker", &version)? < versions::BPF_LINKER_OLDEST {
        return None;
    }
    // An option of LLVM itself, which prints its version before any input is opened.
    let options = ["--llvm-args=--version", "-o", "/dev/null", "/dev/null"];
    let llvm = Version::after(LLVM_VERSION, &answer(Command::new(&path).args(options))?)?;
    Some(Linker { path, llvm, own })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOKWORM: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian\"\n\
                            VERSION_ID=\"12\"\nID=debian\n";

    #[test]
    fn the_distribution_is_known_by_id_and_version() {
        assert_eq!(distribution(BOOKWORM).unwrap().llvm, 22);
        assert_eq!(os_release(BOOKWORM, "PRETTY_NAME"), Some("Debian GNU/Linux 12 (bookworm)"));
    }

    #[test]
    fn a_linker_reads_its_own_major_unless_it_is_older() {
        let linker = |major, minor, patch| Linker {
            path: "bpf-linker".into(),
            llvm: Version::new(major, minor, patch),
            own: false,
        };
        let rustc = Version::new(22, 1, 4);
        assert!(linker(22, 1, 4).reads(rustc));
        assert!(linker(22, 1, 8).reads(rustc));
        assert!(!linker(22, 1, 2).reads(rustc));
        assert!(!linker(21, 1, 8).reads(rustc));
        assert!(!linker(23, 1, 0).reads(rustc));
    }

    #[test]
    fn another_version_or_an_empty_file_is_no_known_distribution() {
        assert_eq!(distribution(&BOOKWORM.replace("12", "13")), None);
        assert_eq!(distribution(""), None);
    }
}
