//! Where things lie: the checkout, its target directory and what is built into it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::versions;

/// The checkout and its target directory, both absolute.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

/// How the programs for the user's side are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Optimised, the default.
    Release,
    /// Unoptimised.
    Debug,
}

impl Workspace {
    /// The workspace that xtask was compiled in; `CARGO_TARGET_DIR` is respected.
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("the directory of xtask has no parent")?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => env::current_dir().context("find the working directory")?.join(dir),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The target directory of the eBPF build. Its own, because another compiler fills it.
    pub(crate) fn bpf_target(&self) -> PathBuf {
        self.target.join("bpf")
    }

    /// Where the old kernel is that tests boot.
    pub(crate) fn old_kernel(&self) -> PathBuf {
        self.target.join("old-kernel")
    }

    /// An object as cargo leaves it.
    pub(crate) fn bpf_built(&self, name: &str) -> PathBuf {
        self.bpf_target().join(versions::BPF_TARGET).join("release").join(name)
    }

    /// The object with the empty programs that costs are measured against.
    pub(crate) fn floor_object(&self) -> PathBuf {
        self.bpf_target().join("floor.bpf.o")
    }

    /// The object as the tracer's build script looks for it.
    pub(crate) fn bpf_object(&self) -> PathBuf {
        self.bpf_target().join("tracer.bpf.o")
    }

    /// Where the bpf-linker for one LLVM major is installed; version and major are in the name, so
    /// that what is there is what is needed.
    pub(crate) fn bpf_linker_root(&self, llvm: u32) -> PathBuf {
        self.target.join("bpf-linker").join(format!("{}-llvm-{llvm}", versions::BPF_LINKER))
    }

    /// The Python environment of the tests.
    pub(crate) fn python_environment(&self) -> PathBuf {
        self.target.join("python")
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.python_environment().join("bin/python")
    }

    /// What has to be installed in it.
    pub(crate) fn requirements(&self) -> PathBuf {
        self.root.join("tests/python/requirements.txt")
    }

    /// What has been installed in it: a copy of that list, made last.
    pub(crate) fn installed(&self) -> PathBuf {
        self.python_environment().join("requirements.txt")
    }

    /// The directory of the binaries of one profile.
    pub(crate) fn binaries(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Release => "release",
            Profile::Debug => "debug",
        })
    }

    /// One of cargo's subcommands on the user's side, which the user's own toolchain builds: that
    /// of the cargo that started us.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(cargo());
        command.arg(subcommand).current_dir(&self.root);
        if subcommand != "fmt" {
            command.arg("--target-dir").arg(&self.target);
        }
        command
    }
}

/// The cargo that started us.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
