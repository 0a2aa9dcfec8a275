//! Finds the eBPF object that `cargo xtask build` left, for the tracer to embed.
//!
//! `TRACER_BPF_OBJECT` names another one. Otherwise it is `bpf/tracer.bpf.o` in the target
//! directory, whichever that is.

use std::{
    env,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rerun-if-env-changed=TRACER_BPF_OBJECT");
    let Some(object) = find() else {
        println!("cargo::error=the eBPF object is not built: run `cargo xtask build` first");
        return;
    };
    println!("cargo::rerun-if-changed={}", object.display());
    println!("cargo::rustc-env=TRACER_BPF_OBJECT={}", object.display());
}

fn find() -> Option<PathBuf> {
    let candidates: Vec<PathBuf> = match env::var_os("TRACER_BPF_OBJECT") {
        Some(object) => vec![object.into()],
        None => {
            // Cargo does not tell where the target directory is, but OUT_DIR lies in it.
            let out = PathBuf::from(env::var_os("OUT_DIR")?);
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("target");
            let targets = out.ancestors().chain([workspace.as_path()]);
            targets.map(|target| target.join("bpf/tracer.bpf.o")).collect()
        }
    };
    candidates.iter().find(|object| object.is_file())?.canonicalize().ok()
}
