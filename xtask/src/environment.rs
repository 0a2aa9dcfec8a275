//! The environment that the tracer, and so a traced command, is to see: the user's own.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::command;

/// Variables by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// This process's environment without what `cargo run` and rustup added to it.
    pub(crate) fn of_user(target: &Path) -> Self {
        Self(env::vars_os().collect()).without_cargos(target)
    }

    /// A traced program is to load the libraries, and a traced cargo to choose the toolchain, that
    /// it would without us.
    fn without_cargos(mut self, target: &Path) -> Self {
        let var = |name: &str| self.0.get(OsStr::new(name));
        let toolchain: Option<PathBuf> = var("RUSTUP_HOME")
            .zip(var("RUSTUP_TOOLCHAIN"))
            .map(|(home, name)| Path::new(home).join("toolchains").join(name));
        // rustup tells where it took its choice from.
        let users_choice = var("RUSTUP_TOOLCHAIN_SOURCE").is_some_and(|source| source == "env");
        let libraries = var("LD_LIBRARY_PATH").and_then(|list| {
            let users = env::split_paths(list).filter(|dir| {
                let cargos = dir.starts_with(target)
                    || dir.iter().any(|part| part == "rustlib")
                    || toolchain.as_ref().is_some_and(|toolchain| dir.starts_with(toolchain));
                !cargos && !dir.as_os_str().is_empty()
            });
            env::join_paths(users).ok().filter(|list| !list.is_empty())
        });
        self.0.retain(|name, _| match name.to_str() {
            Some("CARGO" | "LD_LIBRARY_PATH" | "RUST_RECURSION_COUNT") => false,
            Some("RUSTUP_TOOLCHAIN" | "RUSTUP_TOOLCHAIN_SOURCE") => users_choice,
            Some(name) => !name.starts_with("CARGO_PKG_") && !name.starts_with("CARGO_MANIFEST_"),
            None => true,
        });
        if let Some(libraries) = libraries {
            self.0.insert("LD_LIBRARY_PATH".into(), libraries);
        }
        self
    }

    /// Has programs looked for in this directory first.
    pub(crate) fn search_first(&mut self, dir: &Path) -> Result<()> {
        let path = command::prepend(dir, self.0.get(OsStr::new("PATH")).map(OsString::as_os_str))?;
        self.0.insert("PATH".into(), path);
        Ok(())
    }

    /// The variables that sudo drops even with `-E`, as words for env(1): those on its own list of
    /// dangerous ones, and those that the dynamic loader wipes for any setuid program (ld.so(8)).
    /// A traced program must see them: an allocator's setting is often the very thing under test.
    pub(crate) fn lost_in_sudo(&self) -> impl Iterator<Item = OsString> {
        let lost = |name: &OsStr| {
            name.to_str().is_some_and(|name| {
                ["LD_", "MALLOC_", "PYTHON"].iter().any(|prefix| name.starts_with(prefix))
                    || ["GLIBC_TUNABLES", "LOCPATH", "PATH", "TMPDIR", "TZDIR"].contains(&name)
            })
        };
        self.0.iter().filter(move |(name, _)| lost(name)).map(|(name, value)| {
            let mut word = name.clone();
            word.push("=");
            word.push(value);
            word
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get<'a>(environment: &'a Environment, name: &str) -> Option<&'a OsStr> {
        environment.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    #[test]
    fn what_cargo_and_rustup_added_is_taken_out() {
        let environment: Environment = [
            ("CARGO", "/h/toolchains/s/bin/cargo"),
            ("CARGO_PKG_NAME", "xtask"),
            ("CARGO_HOME", "/home/u/.cargo"),
            ("RUSTUP_HOME", "/h"),
            ("RUSTUP_TOOLCHAIN", "s"),
            ("RUSTUP_TOOLCHAIN_SOURCE", "default"),
            (
                "LD_LIBRARY_PATH",
                "/w/target/debug:/h/toolchains/s/lib/rustlib/x/lib:/h/toolchains/s/lib:/opt/mkl",
            ),
        ]
        .into_iter()
        .collect();
        let users = environment.without_cargos(Path::new("/w/target"));
        let names: Vec<_> = users.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(names, ["CARGO_HOME", "LD_LIBRARY_PATH", "RUSTUP_HOME"]);
        assert_eq!(get(&users, "LD_LIBRARY_PATH").unwrap(), "/opt/mkl");
    }

    #[test]
    fn a_library_path_of_cargos_alone_goes_altogether() {
        let environment: Environment =
            [("LD_LIBRARY_PATH", "/w/target/debug:/usr/lib/rustlib/x/lib")].into_iter().collect();
        assert_eq!(environment.without_cargos(Path::new("/w/target")), Environment::default());
    }

    #[test]
    fn a_toolchain_chosen_by_the_user_stays() {
        let environment: Environment =
            [("RUSTUP_TOOLCHAIN", "nightly"), ("RUSTUP_TOOLCHAIN_SOURCE", "env")]
                .into_iter()
                .collect();
        let users = environment.without_cargos(Path::new("/w/target"));
        assert_eq!(get(&users, "RUSTUP_TOOLCHAIN").unwrap(), "nightly");
    }

    #[test]
    fn settings_of_allocators_loaders_and_python_are_lost_in_sudo() {
        let environment: Environment = [
            ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
            ("HOME", "/home/u"),
            ("LD_PRELOAD", "libjemalloc.so"),
            ("MALLOC_TOP_PAD_", "134217728"),
            ("OMP_NUM_THREADS", "1"),
            ("PYTHONPATH", "/src"),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            environment.lost_in_sudo().collect::<Vec<_>>(),
            [
                "GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
                "LD_PRELOAD=libjemalloc.so",
                "MALLOC_TOP_PAD_=134217728",
                "PYTHONPATH=/src"
            ]
        );
    }

    #[test]
    fn our_programs_are_found_first() {
        let mut environment: Environment = [("PATH", "/bin")].into_iter().collect();
        environment.search_first(Path::new("/w/target/release")).unwrap();
        assert_eq!(get(&environment, "PATH").unwrap(), "/w/target/release:/bin");
    }
}
