//! The Python that the tests trace: an environment of its own, with the packages that it names.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command::{answer, find},
    versions,
    workspace::Workspace,
};

/// What is there of the environment, or to make it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Python {
    /// The environment is there, and has what is asked for.
    Ready,
    /// It is not, or has something else; this interpreter can make it.
    By(PathBuf),
    /// There is no interpreter that can make it.
    Missing,
}

impl Python {
    pub(crate) fn detect(workspace: &Workspace) -> Self {
        if is_ready(workspace) {
            return Self::Ready;
        }
        let system = Path::new(versions::SYSTEM_BIN).join("python3");
        let candidates = find("python3").into_iter().chain([system]);
        candidates
            .into_iter()
            .find(|python| makes_environments(python))
            .map_or(Self::Missing, Self::By)
    }
}

/// The list that was installed last is the list that is asked for, and what it brought is found: not
/// so if the interpreter has been upgraded since.
fn is_ready(workspace: &Workspace) -> bool {
    let (wanted, installed) = (fs::read(workspace.requirements()), fs::read(workspace.installed()));
    let is_the_same = wanted.is_ok_and(|wanted| installed.is_ok_and(|it| it == wanted));
    let mut import = Command::new(workspace.python());
    is_the_same && answer(import.args(["-c", "import threadpoolctl"])).is_some()
}

/// Whether it is a release that there are packages for, whose threads take turns, and can make an
/// environment with pip in it, which distributions put into a package of its own.
fn makes_environments(python: &Path) -> bool {
    let script = format!(
        "import ensurepip, sys, venv\n\
         oldest, newest = {:?}\n\
         sys.exit(not oldest <= sys.version_info[:2] <= newest \
         or not getattr(sys, '_is_gil_enabled', lambda: True)())",
        versions::PYTHON,
    );
    answer(Command::new(python).args(["-c", &script])).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_was_never_made_is_not_ready() {
        let workspace = Workspace { root: "/no/such".into(), target: "/no/such/target".into() };
        assert!(!is_ready(&workspace));
        assert!(!makes_environments(Path::new("/no/such/python3")));
        assert!(!makes_environments(Path::new("/bin/false")));
    }
}
