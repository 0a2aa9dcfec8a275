//! Cargo commands for the eBPF side, and the objects it leaves.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{command::run_aside, plan::Compiler, setup::Toolchain, versions, workspace::Workspace};

/// Builds the objects, and puts the tracer's where its build script looks for it.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    run_aside(&mut cargo("build", workspace, toolchain)).with_context(|| {
        let Toolchain { llvm, linker, .. } = toolchain;
        if linker.reads(*llvm) {
            "the eBPF programs could not be built".to_owned()
        } else {
            format!(
                "the eBPF programs could not be built. If the linker says `Invalid record`: its \
                 LLVM, {}, is older than the compiler's, {llvm}. Bring the LLVM packages up to \
                 date, or put a bpf-linker on a newer LLVM {} into PATH, remove {}, and try again",
                linker.llvm,
                llvm.major,
                linker.path.display(),
            )
        }
    })?;
    publish(&workspace.bpf_built(versions::BPF_PACKAGE), &workspace.bpf_object())?;
    publish(&workspace.bpf_built(versions::FLOOR), &workspace.floor_object())
}

/// One of cargo's subcommands on the eBPF crate, for its own target.
pub(crate) fn cargo(subcommand: &str, workspace: &Workspace, toolchain: &Toolchain) -> Command {
    let bin = Path::new(versions::SYSTEM_BIN);
    let mut command = match toolchain.compiler {
        Compiler::Packaged => {
            // Called by its path: this cargo would find the clippy of rustup in PATH first.
            let program = if subcommand == "clippy" { "cargo-clippy" } else { "cargo" };
            let mut command = Command::new(bin.join(program));
            command
                .env("CARGO", bin.join("cargo"))
                .env("RUSTC", bin.join("rustc"))
                .env("RUSTDOC", bin.join("rustdoc"))
                .env("RUSTC_BOOTSTRAP", versions::BPF_UNSTABLE)
                .arg(subcommand);
            command
        }
        Compiler::Nightly => {
            let mut command = Command::new("rustup");
            command
                .args(["run", versions::NIGHTLY, "cargo", subcommand, "-Zbuild-std=core"])
                .env_remove("CARGO")
                .env_remove("RUSTC")
                .env_remove("RUSTDOC")
                .env_remove("RUSTC_BOOTSTRAP");
            command
        }
    };
    command
        .args(["--release", "--package", versions::BPF_PACKAGE, "--target", versions::BPF_TARGET])
        .arg("--target-dir")
        .arg(workspace.bpf_target())
        .arg("--config")
        .arg(rustflags(&toolchain.linker.path))
        .current_dir(&workspace.root)
        // What the cargo that runs us has set, or the user for the other side, is not for this one.
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET");
    command
}

/// A setting of cargo's: the linker, the debug information that BTF is made of, and the machine
/// whose registers the programs read.
fn rustflags(linker: &Path) -> String {
    let flags = [
        format!("-Clinker={}", linker.display()),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        "-Clink-arg=--disable-expand-memcpy-in-order".to_owned(),
        format!("--cfg=bpf_target_arch=\"{}\"", env::consts::ARCH),
    ];
    // Quoted as TOML wants it, which is as Rust does.
    format!("target.{}.rustflags={flags:?}", versions::BPF_TARGET)
}

/// Copies the object only if it differs, lest cargo rebuild the tracer for nothing.
fn publish(built: &Path, object: &Path) -> Result<()> {
    let new = fs::read(built).with_context(|| format!("read {}", built.display()))?;
    if fs::read(object).is_ok_and(|old| old == new) {
        return Ok(());
    }
    fs::write(object, new).with_context(|| format!("write {}", object.display()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::{command::line, found::Linker, version::Version};

    fn toolchain(compiler: Compiler) -> Toolchain {
        let llvm = Version::new(22, 1, 8);
        let linker = Linker { path: "/t/bpf-linker".into(), llvm, own: true };
        Toolchain { compiler, llvm, linker }
    }

    fn workspace() -> Workspace {
        Workspace { root: "/w".into(), target: "/w/target".into() }
    }

    #[test]
    fn the_distributions_compiler_uses_its_ready_built_core() {
        let command = cargo("build", &workspace(), &toolchain(Compiler::Packaged));
        let line = line(&command);
        assert!(line.contains("RUSTC=/usr/bin/rustc"), "{line}");
        assert!(line.contains("RUSTC_BOOTSTRAP=aya_ebpf"), "{line}");
        assert!(line.contains("/usr/bin/cargo build --release"), "{line}");
        assert!(!line.contains("build-std"), "{line}");
    }

    #[test]
    fn the_flags_are_a_setting_that_cargo_can_read() {
        let flags = rustflags(Path::new("/a dir/bpf-linker"));
        assert!(
            flags.ends_with(&format!(
                r#".rustflags=["-Clinker=/a dir/bpf-linker", "-Cdebuginfo=2", "-Clink-arg=--btf", "--cfg=bpf_target_arch=\"{}\""]"#,
                env::consts::ARCH
            )),
            "{flags}"
        );
    }

    #[test]
    fn nightly_builds_core_from_source() {
        let command = cargo("clippy", &workspace(), &toolchain(Compiler::Nightly));
        let line = line(&command);
        assert!(line.contains("rustup run nightly cargo clippy -Zbuild-std=core"), "{line}");
        assert!(!line.contains("RUSTC_BOOTSTRAP"), "{line}");
    }

    #[test]
    fn the_outer_toolchain_does_not_reach_the_inner_cargo() {
        for compiler in [Compiler::Packaged, Compiler::Nightly] {
            let command = cargo("build", &workspace(), &toolchain(compiler));
            for name in ["RUSTUP_TOOLCHAIN", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"] {
                let cleared = (OsStr::new(name), None);
                assert!(command.get_envs().any(|variable| variable == cleared), "{name}");
            }
        }
    }

    #[test]
    fn the_object_is_replaced_only_when_it_differs() {
        let dir = tempfile::tempdir().unwrap();
        let (built, object) = (dir.path().join("built"), dir.path().join("object"));
        fs::write(&built, b"one").unwrap();
        publish(&built, &object).unwrap();
        let written = fs::metadata(&object).unwrap().modified().unwrap();
        publish(&built, &object).unwrap();
        assert_eq!(fs::metadata(&object).unwrap().modified().unwrap(), written);
        fs::write(&built, b"two").unwrap();
        publish(&built, &object).unwrap();
        assert_eq!(fs::read(&object).unwrap(), b"two");
    }
}
