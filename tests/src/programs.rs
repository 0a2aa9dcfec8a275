//! The programs under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The tracer, in an environment that is the same whoever runs the tests.
#[must_use]
pub fn tracer() -> Command {
    started(&tracer_file())
}

/// The programs of known arithmetic.
#[must_use]
pub fn workloads() -> Command {
    started(&file("WORKLOADS_BIN"))
}

/// The file of the tracer.
#[must_use]
pub fn tracer_file() -> PathBuf {
    file("TRACER_BIN")
}

/// The directory with the Python that has what the programs in `tests/python` import.
#[must_use]
pub fn python_directory() -> PathBuf {
    file("PYTHON_ENVIRONMENT").join("bin")
}

/// The Python programs.
#[must_use]
pub fn python_programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

fn started(file: &Path) -> Command {
    let mut command = Command::new(file);
    command.env("LC_ALL", "C.UTF-8").env("TERM", "dumb").env_remove("RUST_LOG");
    // Tests may run under sudo; what they start is root's all the same.
    for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND"] {
        command.env_remove(name);
    }
    command
}

/// A file named by an environment variable, relative to the checkout.
fn file(variable: &str) -> PathBuf {
    let file = env::var_os(variable);
    let file = file.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test`"));
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    checkout.canonicalize().unwrap_or_else(|e| {
        panic!("{variable}: {}: {e}; run `cargo xtask test`", checkout.display())
    })
}
