//! What has to be installed before the eBPF side can be built: a pure function of what was found.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use crate::{
    found::{Found, Linker},
    python::Python,
    version::Version,
    versions,
};

#[cfg(test)]
mod tests;

/// What shall be possible afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Building everything.
    Build,
    /// Building, linting and testing it.
    Test,
}

/// The two ways to compile the eBPF side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The distribution's, with its ready-built `core`.
    Packaged,
    /// rustup's nightly, which builds `core` from source.
    Nightly,
}

/// One thing to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Packages of the distribution; the one step that needs root.
    Packages(BTreeSet<String>),
    /// rustup's nightly with these components.
    Nightly(Vec<&'static str>),
    /// Components for a toolchain of rustup's that is there; `None` is the active one.
    Components(Option<&'static str>, Vec<&'static str>),
    /// bpf-linker, built against the LLVM of this major at this prefix.
    BpfLinker(u32, PathBuf),
    /// The Python environment of the tests, made by this interpreter.
    Python(PathBuf),
}

/// One way to build, and what it lacks here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) compiler: Compiler,
    /// The compiler's LLVM; none while it is not installed.
    pub(crate) llvm: Option<Version>,
    /// The linker to use; none while it is not installed.
    pub(crate) linker: Option<Linker>,
    /// What is missing and cannot be installed from here, each with what to do about it.
    pub(crate) unmet: Vec<String>,
    packages: BTreeSet<String>,
    rustup: Vec<Step>,
    build: Option<Step>,
    python: Option<Step>,
}

/// The way that needs the least; the distribution's compiler, where both need the same.
pub(crate) fn make(found: &Found, need: Need) -> Result<Plan> {
    let ways = [packaged(found, need), nightly(found, need)];
    let Some(plan) = ways.into_iter().flatten().min_by_key(Plan::cost) else {
        bail!(
            "no way is known to compile eBPF programs on {}: it is no distribution that packages \
             a Rust compiler for that, and rustup is not there. Install rustup, then run \
             `rustup toolchain install {} --component rust-src`, then try again",
            found.system,
            versions::NIGHTLY,
        );
    };
    Ok(plan)
}

/// The distribution's compiler: a way if it is there, or if packages can bring it.
fn packaged(found: &Found, need: Need) -> Option<Plan> {
    let mut plan = Plan::new(Compiler::Packaged);
    match (&found.packaged, found.distribution) {
        (Some(rust), _) if rust.core => {
            plan.llvm = Some(rust.llvm);
            plan.want_linker(found, rust.llvm);
        }
        (_, Some(distribution)) => {
            plan.packages.extend(distribution.rust.iter().map(ToString::to_string));
            plan.want_linker(found, Version::new(distribution.llvm, 0, 0));
        }
        _ => return None,
    }
    if need == Need::Test {
        if found.packaged.as_ref().is_none_or(|rust| !rust.clippy) {
            let package = found.distribution.map(|distribution| distribution.clippy);
            plan.want_package(package, "clippy for the Rust that the distribution packages");
        }
        plan.want_test_tools(found);
    }
    Some(plan)
}

/// rustup's nightly: a way wherever rustup is.
fn nightly(found: &Found, need: Need) -> Option<Plan> {
    if !found.rustup {
        return None;
    }
    let mut plan = Plan::new(Compiler::Nightly);
    let mut missing = vec!["rust-src"];
    if need == Need::Test {
        missing.push("clippy");
        plan.want_test_tools(found);
    }
    if let Some(rust) = &found.nightly {
        missing.retain(|component| !if *component == "clippy" { rust.clippy } else { rust.core });
        if !missing.is_empty() {
            plan.rustup.push(Step::Components(Some(versions::NIGHTLY), missing));
        }
        plan.llvm = Some(rust.llvm);
        plan.want_linker(found, rust.llvm);
    } else {
        // Which LLVM it brings, and so which linker it takes, shows once it is there.
        plan.rustup.push(Step::Nightly(missing));
    }
    Some(plan)
}

impl Plan {
    fn new(compiler: Compiler) -> Self {
        Self {
            compiler,
            llvm: None,
            linker: None,
            unmet: Vec::new(),
            packages: BTreeSet::new(),
            rustup: Vec::new(),
            build: None,
            python: None,
        }
    }

    /// What to install, in order: packages first, for the rest may depend on them.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let packages = (!self.packages.is_empty()).then(|| Step::Packages(self.packages.clone()));
        let built = self.build.clone().into_iter().chain(self.python.clone());
        packages.into_iter().chain(self.rustup.clone()).chain(built).collect()
    }

    /// How far this way is from ready: what cannot be had first, then what is to be installed. A
    /// nightly still to come takes LLVM's packages and a linker after it.
    fn cost(&self) -> (usize, usize) {
        let to_come =
            if self.rustup.iter().any(|step| matches!(step, Step::Nightly(_))) { 2 } else { 0 };
        (self.unmet.len(), self.steps().len() + to_come)
    }

    /// Asks for a package, or for `what` by hand where none is known.
    fn want_package(&mut self, package: Option<&str>, what: &str) {
        match package {
            Some(package) => _ = self.packages.insert(package.to_owned()),
            None => self.unmet.push(what.to_owned()),
        }
    }

    /// Takes a linker that fits the compiler's LLVM, or asks for what it takes to build one.
    fn want_linker(&mut self, found: &Found, llvm: Version) {
        // One of our own on an older release of the same LLVM was built for want of a newer.
        let near = |linker: &&Linker| linker.own && linker.llvm.major == llvm.major;
        let fits = found.linkers.iter().find(|linker| linker.reads(llvm));
        self.linker = fits.or_else(|| found.linkers.iter().find(near)).cloned();
        if self.linker.is_some() {
            return;
        }
        let major = llvm.major;
        if !versions::BPF_LINKER_LLVM.contains(&major) {
            let (oldest, newest) = versions::BPF_LINKER_LLVM.into_inner();
            self.unmet.push(format!(
                "a bpf-linker for LLVM {major}, the Rust compiler's: release {} can be built for \
                 LLVM {oldest} to {newest} alone, so put one that fits into PATH",
                versions::BPF_LINKER,
            ));
            return;
        }
        let files = found.llvm.iter().filter(|files| files.version.major == major);
        let prefix = match files.max_by_key(|files| files.version) {
            Some(files) => files.prefix.clone(),
            None => {
                let package = versions::llvm_package(major);
                self.want_package(
                    found.apt.then_some(&package),
                    &format!(
                        "the development files of LLVM {major} (llvm-config and libLLVM.so), \
                         which bpf-linker is built on, or a bpf-linker for LLVM {major} in PATH"
                    ),
                );
                versions::llvm_prefix(major)
            }
        };
        self.build = Some(Step::BpfLinker(major, prefix));
    }

    /// Asks for an environment with the packages that the Python programs of the tests import.
    fn want_python(&mut self, found: &Found) {
        let python = match &found.python {
            Python::Ready => return,
            Python::By(python) => python.clone(),
            Python::Missing => {
                let [oldest, newest] =
                    versions::PYTHON.map(|(major, minor)| format!("{major}.{minor}"));
                self.want_package(
                    found.apt.then_some(versions::PYTHON_VENV),
                    &format!(
                        "python3, in PATH, of a release from {oldest} to {newest}, with the modules \
                         venv and ensurepip"
                    ),
                );
                if !found.apt {
                    return;
                }
                Path::new(versions::SYSTEM_BIN).join("python3")
            }
        };
        self.python = Some(Step::Python(python));
    }

    /// Asks for what the tests need beside the eBPF side: rustfmt and clippy for the user's own
    /// toolchain, the programs that they compare with, and Python's packages.
    fn want_test_tools(&mut self, found: &Found) {
        self.want_python(found);
        for program in &found.missing_programs {
            let package = versions::package_of(program);
            self.want_package(found.apt.then_some(package), &format!("{program}, in PATH"));
        }
        let tools = [("rustfmt", found.host.rustfmt), ("clippy", found.host.clippy)];
        let missing: Vec<_> =
            tools.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect();
        if missing.is_empty() {
            return;
        }
        if found.host.rustup {
            self.rustup.push(Step::Components(None, missing));
            return;
        }
        for tool in missing {
            let package = found.distribution.map(|distribution| match tool {
                "rustfmt" => distribution.rustfmt,
                _ => distribution.clippy,
            });
            self.want_package(package, &format!("{tool}, for the Rust toolchain in use"));
        }
    }
}
