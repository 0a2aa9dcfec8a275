use super::*;
use crate::found::{HostTools, LlvmFiles, Rust};

/// A machine with rustup's stable toolchain, and nothing else.
fn bare() -> Found {
    Found {
        distribution: None,
        system: "Slackware 15".to_owned(),
        apt: false,
        rustup: true,
        packaged: None,
        nightly: None,
        llvm: Vec::new(),
        linkers: Vec::new(),
        host: HostTools { rustfmt: true, clippy: true, rustup: true },
        missing_programs: Vec::new(),
        python: Python::Ready,
    }
}

/// Debian 12 with a Rust toolchain, and nothing else.
fn debian() -> Found {
    Found { distribution: versions::DISTRIBUTIONS.first(), apt: true, ..bare() }
}

fn rust(llvm: Version) -> Option<Rust> {
    Some(Rust { llvm, core: true, clippy: true })
}

fn linker(llvm: Version, own: bool) -> Linker {
    Linker { path: "/a/bpf-linker".into(), llvm, own }
}

fn packages(names: &[&str]) -> Step {
    Step::Packages(names.iter().map(ToString::to_string).collect())
}

const LLVM_22: Version = Version::new(22, 1, 4);

#[test]
fn a_fresh_debian_takes_its_packages_and_builds_the_linker() {
    let plan = make(&debian(), Need::Build).unwrap();
    assert_eq!(plan.compiler, Compiler::Packaged);
    assert_eq!(
        plan.steps(),
        [
            packages(&["rustc-web", "cargo-web", "libstd-rust-web-dev-bpf", "llvm-22-dev"]),
            Step::BpfLinker(22, "/usr/lib/llvm-22".into())
        ]
    );
}

#[test]
fn testing_on_a_fresh_debian_asks_for_packages_in_one_step() {
    let found = Found {
        host: HostTools { rustfmt: false, clippy: true, rustup: false },
        missing_programs: vec!["strace"],
        ..debian()
    };
    let steps = make(&found, Need::Test).unwrap().steps();
    let names = [
        "rustc-web",
        "cargo-web",
        "libstd-rust-web-dev-bpf",
        "llvm-22-dev",
        "rust-web-clippy",
        "rustfmt-web",
        "strace",
    ];
    assert_eq!(steps[0], packages(&names));
    assert_eq!(steps.len(), 2);
}

#[test]
fn the_tests_get_a_python_environment_and_the_build_gets_none() {
    let python: PathBuf = "/opt/bin/python3".into();
    let found = Found {
        packaged: rust(LLVM_22),
        linkers: vec![linker(LLVM_22, true)],
        python: Python::By(python.clone()),
        ..debian()
    };
    assert_eq!(make(&found, Need::Test).unwrap().steps(), [Step::Python(python)]);
    assert_eq!(make(&found, Need::Build).unwrap().steps(), []);
}

#[test]
fn where_python_makes_no_environments_the_package_comes_before_it() {
    let found = Found {
        packaged: rust(LLVM_22),
        linkers: vec![linker(LLVM_22, true)],
        python: Python::Missing,
        ..debian()
    };
    let steps = make(&found, Need::Test).unwrap().steps();
    let python = Step::Python("/usr/bin/python3".into());
    assert_eq!(steps, [packages(&["python3-venv"]), python]);
}

#[test]
fn without_a_package_manager_the_python_is_named() {
    let found = Found { nightly: rust(LLVM_22), linkers: vec![linker(LLVM_22, false)], ..bare() };
    let plan = make(&Found { python: Python::Missing, ..found }, Need::Test).unwrap();
    assert!(plan.unmet[0].starts_with("python3, in PATH, of a release from 3.11"), "{plan:?}");
    assert_eq!(plan.steps(), []);
}

#[test]
fn the_llvm_that_the_installed_compiler_reports_decides() {
    let found = Found { packaged: rust(Version::new(23, 1, 0)), ..debian() };
    assert_eq!(
        make(&found, Need::Build).unwrap().steps(),
        [packages(&["llvm-23-dev"]), Step::BpfLinker(23, "/usr/lib/llvm-23".into())]
    );
}

#[test]
fn nothing_is_installed_twice() {
    let found = Found { packaged: rust(LLVM_22), linkers: vec![linker(LLVM_22, true)], ..debian() };
    let plan = make(&found, Need::Test).unwrap();
    assert_eq!(plan.steps(), []);
    assert_eq!(plan.linker, Some(linker(LLVM_22, true)));
}

#[test]
fn a_complete_nightly_is_used_rather_than_packages_installed() {
    let found = Found { nightly: rust(LLVM_22), linkers: vec![linker(LLVM_22, false)], ..debian() };
    let plan = make(&found, Need::Test).unwrap();
    assert_eq!((plan.compiler, plan.steps()), (Compiler::Nightly, vec![]));
}

#[test]
fn a_nightly_without_sources_gets_the_component_and_is_not_updated() {
    let nightly = Some(Rust { llvm: LLVM_22, core: false, clippy: true });
    let llvm = LlvmFiles { version: LLVM_22, prefix: "/opt/llvm".into() };
    let found = Found { nightly, llvm: vec![llvm], ..bare() };
    assert_eq!(
        make(&found, Need::Test).unwrap().steps(),
        [
            Step::Components(Some("nightly"), vec!["rust-src"]),
            Step::BpfLinker(22, "/opt/llvm".into())
        ]
    );
}

#[test]
fn a_missing_nightly_is_installed_before_its_llvm_is_known() {
    let plan = make(&bare(), Need::Test).unwrap();
    assert_eq!(plan.steps(), [Step::Nightly(vec!["rust-src", "clippy"])]);
    assert_eq!(plan.llvm, None);
}

#[test]
fn a_linker_in_path_for_another_llvm_is_passed_over() {
    let found = Found {
        packaged: rust(LLVM_22),
        llvm: vec![LlvmFiles { version: LLVM_22, prefix: "/usr/lib/llvm-22".into() }],
        linkers: vec![linker(Version::new(23, 1, 0), false), linker(Version::new(22, 1, 2), false)],
        ..debian()
    };
    let plan = make(&found, Need::Build).unwrap();
    assert_eq!(plan.steps(), [Step::BpfLinker(22, "/usr/lib/llvm-22".into())]);
}

#[test]
fn our_own_linker_on_a_slightly_older_llvm_is_tried_and_not_built_again() {
    let older = linker(Version::new(22, 1, 2), true);
    let found = Found { nightly: rust(LLVM_22), linkers: vec![older.clone()], ..bare() };
    let plan = make(&found, Need::Build).unwrap();
    assert_eq!((plan.steps(), plan.linker), (vec![], Some(older)));
}

#[test]
fn components_of_rustups_toolchain_come_through_rustup() {
    let host = HostTools { rustfmt: false, clippy: false, rustup: true };
    let found =
        Found { host, packaged: rust(LLVM_22), linkers: vec![linker(LLVM_22, true)], ..debian() };
    let steps = make(&found, Need::Test).unwrap().steps();
    assert_eq!(steps, [Step::Components(None, vec!["rustfmt", "clippy"])]);
}

#[test]
fn without_a_package_manager_the_llvm_is_named() {
    let found = Found { nightly: rust(LLVM_22), missing_programs: vec!["strace"], ..bare() };
    let unmet = make(&found, Need::Test).unwrap().unmet;
    assert_eq!(unmet[0], "strace, in PATH");
    assert!(unmet[1].starts_with("the development files of LLVM 22"), "{unmet:?}");
}

#[test]
fn an_llvm_that_the_linker_does_not_know_is_named() {
    let found = Found { nightly: rust(Version::new(24, 0, 0)), ..bare() };
    let plan = make(&found, Need::Build).unwrap();
    assert!(plan.unmet[0].starts_with("a bpf-linker for LLVM 24"), "{:?}", plan.unmet);
    assert_eq!(plan.steps(), []);
}

#[test]
fn an_unknown_system_without_rustup_is_told_what_to_install() {
    let error = make(&Found { rustup: false, ..bare() }, Need::Build).unwrap_err().to_string();
    assert!(error.contains("Slackware 15"), "{error}");
    assert!(error.contains("rustup toolchain install nightly --component rust-src"), "{error}");
}
