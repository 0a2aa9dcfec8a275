//! The steps of a plan, as commands and as words.

use std::process::Command;

use crate::{plan::Step, root::Root, versions, workspace::Workspace};

impl Step {
    /// The commands that do this step, in order.
    pub(crate) fn commands(&self, workspace: &Workspace, root: Root) -> Vec<Command> {
        match self {
            Self::Packages(names) => {
                let mut update = root.command("apt-get");
                update.arg("update");
                let mut install = root.command("apt-get");
                install.args(["install", "--yes", "--no-install-recommends"]).args(names);
                vec![update, install]
            }
            Self::Nightly(components) => {
                let mut command = Command::new("rustup");
                command.args(["toolchain", "install", versions::NIGHTLY, "--profile", "minimal"]);
                // Left to itself, this would replace rustup as well.
                command.arg("--no-self-update");
                command.args(components.iter().flat_map(|name| ["--component", name]));
                vec![command]
            }
            Self::Components(toolchain, names) => {
                let mut command = Command::new("rustup");
                command.args(["component", "add"]);
                command.args(toolchain.iter().flat_map(|name| ["--toolchain", name])).args(names);
                vec![command]
            }
            Self::BpfLinker(llvm, prefix) => {
                let mut command = Command::new("cargo");
                command.env("LLVM_PREFIX", prefix);
                command.args(["install", "bpf-linker", "--locked", "--version"]);
                command.arg(format!("={}", versions::BPF_LINKER));
                command.args(["--no-default-features", "--features", &format!("llvm-{llvm}")]);
                // One that is there and was not taken does not start any more.
                command.arg("--force").arg("--root").arg(workspace.bpf_linker_root(*llvm));
                vec![command]
            }
            Self::Python(python) => {
                let mut make = Command::new(python);
                make.args(["-m", "venv", "--clear"]).arg(workspace.python_environment());
                let mut install = Command::new(workspace.python());
                install.args(["-m", "pip", "install", "--only-binary", ":all:", "--requirement"]);
                install.arg(workspace.requirements());
                let mut done = Command::new("cp");
                done.arg(workspace.requirements()).arg(workspace.installed());
                vec![make, install, done]
            }
        }
    }

    /// Whether the step goes on after this command has failed. Package lists are refreshed as far
    /// as can be: an archive out of reach may not be needed.
    pub(crate) fn may_fail(&self, command: usize) -> bool {
        matches!(self, Self::Packages(_)) && command == 0
    }

    /// What the step brings.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Packages(names) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                let plural = if names.len() == 1 { "" } else { "s" };
                format!("package{plural} {}", names.join(", "))
            }
            Self::Nightly(components) => {
                format!("Rust {} with {}", versions::NIGHTLY, components.join(" and "))
            }
            Self::Components(toolchain, names) => {
                format!(
                    "{} for Rust's {}",
                    names.join(" and "),
                    toolchain.unwrap_or("toolchain in use")
                )
            }
            Self::BpfLinker(llvm, _) => {
                format!("bpf-linker {} for LLVM {llvm}", versions::BPF_LINKER)
            }
            Self::Python(_) => "a Python environment with NumPy and SciPy".to_owned(),
        }
    }

    /// Where to, what for, and how long it takes if it is long.
    pub(crate) fn why(&self) -> &'static str {
        match self {
            Self::Packages(_) => "system-wide; to compile, link and test",
            Self::Nightly(_) => "through rustup; to compile the eBPF programs",
            Self::Components(..) => "through rustup; to compile, lint and format",
            Self::BpfLinker(..) => {
                "into the target directory; to link the eBPF programs; about a minute, once"
            }
            Self::Python(_) => "into the target directory; for the Python programs of the tests",
        }
    }

    /// What to do when the step fails.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Packages(_) => "If a package cannot be located, add the archive that has it \
                                  (Debian's security archive has the compiler, LLVM's own archive \
                                  every LLVM); instead of an LLVM, a ready-made bpf-linker for the \
                                  compiler's LLVM in PATH will do. If an archive cannot be \
                                  reached, check the network. Then try again"
                .to_owned(),
            Self::Nightly(_) | Self::Components(..) => {
                "Read rustup's message above, check the network, then try again".to_owned()
            }
            Self::BpfLinker(llvm, _) => format!(
                "Read cargo's message above, check the network, then try again; any bpf-linker in \
                 PATH that was built for LLVM {llvm} will do as well"
            ),
            Self::Python(_) => "Read the message above, check that pip reaches its package index, \
                                then try again"
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::command::line;

    fn lines(step: &Step) -> Vec<String> {
        let workspace = Workspace { root: "/w".into(), target: "/w/target".into() };
        step.commands(&workspace, Root::Sudo).iter().map(line).collect()
    }

    #[test]
    fn packages_are_installed_by_root() {
        let step = Step::Packages(["strace".to_owned(), "llvm-22-dev".to_owned()].into());
        assert_eq!(
            lines(&step),
            [
                "sudo apt-get update",
                "sudo apt-get install --yes --no-install-recommends llvm-22-dev strace"
            ]
        );
    }

    #[test]
    fn the_linker_is_built_for_the_llvm_found() {
        let step = Step::BpfLinker(22, PathBuf::from("/usr/lib/llvm-22"));
        assert_eq!(
            lines(&step),
            ["LLVM_PREFIX=/usr/lib/llvm-22 cargo install bpf-linker --locked \
              --version =0.13.0 --no-default-features --features llvm-22 --force \
              --root /w/target/bpf-linker/0.13.0-llvm-22"]
        );
    }

    #[test]
    fn pythons_packages_are_installed_by_their_exact_versions_and_then_noted() {
        let step = Step::Python("/usr/bin/python3".into());
        let requirements = "/w/tests/python/requirements.txt";
        assert_eq!(
            lines(&step),
            [
                "/usr/bin/python3 -m venv --clear /w/target/python".to_owned(),
                format!(
                    "/w/target/python/bin/python -m pip install --only-binary :all: \
                     --requirement {requirements}"
                ),
                format!("cp {requirements} /w/target/python/requirements.txt"),
            ]
        );
        assert!((0..3).all(|command| !step.may_fail(command)));
    }

    #[test]
    fn components_name_their_toolchain_unless_it_is_the_active_one() {
        assert_eq!(
            lines(&Step::Components(Some("nightly"), vec!["rust-src"])),
            ["rustup component add --toolchain nightly rust-src"]
        );
        assert_eq!(
            lines(&Step::Components(None, vec!["rustfmt", "clippy"])),
            ["rustup component add rustfmt clippy"]
        );
        assert_eq!(
            lines(&Step::Nightly(vec!["rust-src", "clippy"])),
            ["rustup toolchain install nightly --profile minimal --no-self-update \
              --component rust-src --component clippy"]
        );
    }
}
