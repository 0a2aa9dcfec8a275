//! The steps of the tests, as commands.

use std::{ffi::OsString, path::PathBuf, process::Command};

use crate::{
    bench, bpf, environment::Environment, root::Root, setup::Toolchain, versions,
    workspace::Workspace,
};

/// The steps, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Step {
    /// Formatting
    Fmt,
    /// Lints, on both sides
    Clippy,
    /// Documentation, on both sides
    Doc,
    /// Tests that trace nothing, as the user
    Unit,
    /// Tests that trace, as root
    Kernel,
    /// Tests of the command line, as root
    Cli,
    /// The short form of the measurements of cost, as root
    Bench,
    /// Tests on Debian 12's kernel, in an emulator
    Old,
}

/// What the commands depend on.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) toolchain: Toolchain,
    pub(super) root: Root,
    /// Where the programs under test were built.
    pub(super) binaries: PathBuf,
    /// The environment of the tests that trace.
    pub(super) environment: Environment,
    /// The old kernel, where it can be had.
    pub(super) old_kernel: Option<PathBuf>,
    /// Arguments for the test programs.
    pub(super) filter: &'a [OsString],
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Unit => "unit",
            Self::Kernel => "kernel",
            Self::Cli => "cli",
            Self::Bench => "bench",
            Self::Old => "old",
        }
    }

    /// Whether the step traces, and so runs as root.
    pub(super) fn traces(self) -> bool {
        matches!(self, Self::Kernel | Self::Cli | Self::Bench)
    }

    /// The commands of this step, in order; the first that fails ends it.
    pub(super) fn commands(self, setting: &Setting<'_>) -> Vec<Command> {
        let Setting { workspace, toolchain, filter, .. } = setting;
        match self {
            Self::Fmt => {
                let mut fmt = workspace.cargo("fmt");
                fmt.args(["--all", "--check"]);
                vec![fmt]
            }
            Self::Clippy => {
                let mut user = workspace.cargo("clippy");
                user.args(["--workspace", "--exclude", versions::BPF_PACKAGE, "--all-targets"]);
                let mut both = vec![user, bpf::cargo("clippy", workspace, toolchain)];
                for command in &mut both {
                    command.args(["--", "--deny", "warnings"]);
                }
                both
            }
            Self::Doc => {
                let mut user = workspace.cargo("doc");
                user.args(["--workspace", "--exclude", versions::BPF_PACKAGE]);
                let mut both = vec![user, bpf::cargo("doc", workspace, toolchain)];
                for command in &mut both {
                    command.arg("--no-deps").env("RUSTDOCFLAGS", "--deny warnings");
                }
                both
            }
            Self::Unit => {
                let mut unit = workspace.cargo("test");
                unit.arg("--").args(*filter);
                vec![unit]
            }
            Self::Kernel | Self::Cli => vec![setting.tracing_tests(self.name())],
            Self::Bench => {
                let mut quick = bench::command(workspace, setting.root, &setting.environment);
                quick.arg("--quick");
                vec![bench::build(workspace), quick]
            }
            Self::Old => {
                let on = |kernel| {
                    let mut tests = setting.tracing_tests(self.name());
                    tests.env("OLD_KERNEL", kernel);
                    tests
                };
                setting.old_kernel.iter().map(on).collect()
            }
        }
    }
}

impl Setting<'_> {
    /// One tier of the `tests` package: compiled by the user, run by root, one test at a time, for
    /// they measure.
    fn tracing_tests(&self, tier: &str) -> Command {
        let mut command = self.workspace.cargo("test");
        command
            .args(["--package", "tests", "--test", tier])
            .env("TRACER_BIN", self.binaries.join("tracer"))
            .env("WORKLOADS_BIN", self.binaries.join("workloads"))
            .env("PYTHON_ENVIRONMENT", self.workspace.python_environment());
        if self.root == Root::Sudo {
            let lost = self.environment.lost_in_sudo();
            let runner: Vec<_> = ["sudo", "-E", "env"]
                .into_iter()
                .map(str::to_owned)
                .chain(lost.map(|word| word.to_string_lossy().into_owned()))
                .collect();
            // Quoted as TOML wants it, which is as Rust does.
            command.arg("--config").arg(format!("target.'cfg(unix)'.runner={runner:?}"));
        }
        command.args(["--", "--test-threads=1"]).args(self.filter);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command::line, found::Linker, plan::Compiler, version::Version};

    fn lines(step: Step, root: Root, filter: &[OsString]) -> Vec<String> {
        let workspace = Workspace { root: "/w".into(), target: "/w/target".into() };
        let llvm = Version::new(22, 1, 8);
        let linker = Linker { path: "/t/bpf-linker".into(), llvm, own: true };
        let setting = Setting {
            workspace: &workspace,
            toolchain: Toolchain { compiler: Compiler::Packaged, llvm, linker },
            root,
            binaries: "/w/target/release".into(),
            environment: [("HOME", "/home/u"), ("PATH", "/a b:/bin")].into_iter().collect(),
            old_kernel: None,
            filter,
        };
        step.commands(&setting).iter().map(line).collect()
    }

    #[test]
    fn both_sides_are_linted_and_warnings_fail() {
        let lines = lines(Step::Clippy, Root::Sudo, &[]);
        assert!(lines[0].contains("--exclude tracer-ebpf --all-targets -- --deny warnings"));
        assert!(lines[1].contains("/usr/bin/cargo-clippy clippy"), "{lines:?}");
        assert!(lines[1].ends_with("-- --deny warnings"), "{lines:?}");
    }

    #[test]
    fn unit_tests_run_as_the_user() {
        let lines = lines(Step::Unit, Root::Sudo, &["histogram".into()]);
        assert!(lines[0].ends_with("test --target-dir /w/target -- histogram"), "{lines:?}");
    }

    #[test]
    fn costs_are_measured_as_root_by_what_the_user_built() {
        let lines = lines(Step::Bench, Root::Sudo, &[]);
        assert!(lines[0].ends_with("--release --package bench"), "{lines:?}");
        assert!(lines[1].contains("sudo -E env"), "{lines:?}");
        assert!(
            lines[1].ends_with(
                "/w/target/release/bench --floor-object /w/target/bpf/floor.bpf.o --quick"
            ),
            "{lines:?}"
        );
    }

    #[test]
    fn without_an_old_kernel_there_are_no_tests_on_one() {
        assert_eq!(lines(Step::Old, Root::Already, &[]), [""; 0]);
    }

    #[test]
    fn tests_that_trace_run_as_root_one_at_a_time() {
        let filter = ["fork".into()];
        let by_user = lines(Step::Kernel, Root::Sudo, &filter);
        let runner = r#"target.'cfg(unix)'.runner=["sudo", "-E", "env", "PATH=/a b:/bin"]"#;
        assert!(by_user[0].contains(&runner.replace('\'', r"'\''")), "{by_user:?}");
        assert!(by_user[0].contains("TRACER_BIN=/w/target/release/tracer"), "{by_user:?}");
        let by_root = lines(Step::Kernel, Root::Already, &filter);
        assert!(!by_root[0].contains("runner"), "{by_root:?}");
        assert!(by_root[0].ends_with("--test kernel -- --test-threads=1 fork"), "{by_root:?}");
    }
}
