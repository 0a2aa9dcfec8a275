//! An old kernel for the tests that boot one: that of Debian 12, where its packages can be had.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    command::{answer, find, run_aside},
    setup::{self, Install},
    versions,
    workspace::Workspace,
};

/// The kernel, fetched if it is not there; without it, says why and goes on.
pub(crate) fn offer(workspace: &Workspace, install: Install) -> Option<PathBuf> {
    let kernel =
        emulator(workspace, install).and_then(|()| kernel(&workspace.old_kernel(), install));
    if let Err(error) = &kernel {
        eprintln!("xtask: the tests on an old kernel are left out: {error:#}");
    }
    kernel.ok()
}

/// Has what boots it.
fn emulator(workspace: &Workspace, install: Install) -> Result<()> {
    ensure!(cfg!(target_arch = "x86_64"), "it is one for x86-64");
    let missing = versions::EMULATOR.iter().filter(|(program, _)| find(program).is_none());
    let packages: BTreeSet<_> = missing.map(|(_, package)| (*package).to_owned()).collect();
    setup::offer(packages, workspace, install);
    for (program, package) in versions::EMULATOR {
        ensure!(find(program).is_some(), "{program} (of {package}) is not in PATH");
    }
    Ok(())
}

/// The kernel below `dir`.
fn kernel(dir: &Path, install: Install) -> Result<PathBuf> {
    let kernel = dir.join("vmlinuz");
    if kernel.is_file() {
        return Ok(kernel);
    }
    ensure!(!install.is_forbidden(), "--no-install forbids to fetch it");
    let package = package()?;
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    run_aside(Command::new("apt-get").current_dir(dir).args(["download", &package]))?;
    let archive = only(dir, |name| name.ends_with(".deb"))?;
    run_aside(Command::new("dpkg-deb").arg("--extract").arg(&archive).arg(dir.join("all")))?;
    let boot = only(&dir.join("all/boot"), |name| name.starts_with("vmlinuz-"))?;
    fs::rename(&boot, &kernel).with_context(|| format!("move {}", boot.display()))?;
    // Its modules, and there are many, are of no use.
    fs::remove_dir_all(dir.join("all"))
        .and_then(|()| fs::remove_file(archive))
        .context("tidy up")?;
    Ok(kernel)
}

/// The package that it is in now.
fn package() -> Result<String> {
    let mut ask = Command::new("apt-cache");
    let depends = answer(ask.args(["depends", versions::OLD_KERNEL])).unwrap_or_default();
    let mut names = depends.split_ascii_whitespace();
    let package = names.find(|name| name.starts_with(versions::OLD_KERNEL_IMAGE));
    package
        .map(ToOwned::to_owned)
        .with_context(|| format!("no package {}… is known to apt here", versions::OLD_KERNEL_IMAGE))
}

fn only(dir: &Path, is: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))?;
    let mut files = entries.flatten().map(|entry| entry.path());
    let found = files.find(|path| path.file_name().is_some_and(|name| is(&name.to_string_lossy())));
    found.with_context(|| format!("what was looked for is not in {}", dir.display()))
}
