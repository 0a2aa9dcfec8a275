//! Who does the same work: processes of one name, started with arguments of one shape.

use std::{collections::BTreeMap, fmt};

use crate::{
    recording::{Recording, Target},
    report::Group,
};

/// So many arguments decide a shape.
const ARGUMENTS: usize = 6;
/// Characters of an argument that do.
const CHARACTERS: usize = 40;

/// What processes are for, as far as their name, their arguments and their children tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Role {
    comm: String,
    /// Arguments without what differs between workers and runs: directories and digits.
    shape: String,
    /// It started others of the same name and shape.
    is_parent: bool,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The kernel cuts names after 15 bytes.
        if self.shape.starts_with(&self.comm) {
            f.write_str(&self.shape)?;
        } else if self.shape.is_empty() {
            f.write_str(&self.comm)?;
        } else {
            write!(f, "{}: {}", self.comm, self.shape)?;
        }
        if self.is_parent { f.write_str(" (parent)") } else { Ok(()) }
    }
}

/// A process: its group, or with `--threads` those of its threads.
#[derive(Debug, Default)]
pub(super) struct Process<'a> {
    pub(super) groups: Vec<&'a Group>,
    pub(super) target: Option<&'a Target>,
}

/// All processes of a recording, by role.
pub(super) fn roles(recording: &Recording) -> BTreeMap<Role, Vec<Process<'_>>> {
    let targets: BTreeMap<_, _> = recording
        .metadata
        .targets
        .iter()
        .map(|target| ((target.pid, target.start_ns, target.born_ns), target))
        .collect();
    let mut processes = BTreeMap::<_, Process<'_>>::new();
    for (n, group) in recording.report.processes.iter().enumerate() {
        let identity =
            group.pid.zip(group.start_ns).map(|(pid, start)| (pid, start, group.born_ns));
        // Without an identity it is by itself: its birth was lost.
        let unknown = identity.is_none().then_some(n);
        let process = processes.entry((identity, unknown)).or_default();
        process.groups.push(group);
        process.target = identity.and_then(|identity| targets.get(&identity).copied());
    }
    let name = |process: &Process<'_>| {
        let comm = process.groups.iter().find_map(|group| group.comm.clone()).unwrap_or_default();
        let argv = process.target.and_then(|target| target.argv.as_deref());
        (comm, argv.map(shape).unwrap_or_default())
    };
    let parents: Vec<_> = processes
        .values()
        .filter_map(|process| Some((process.groups.first()?.ppid?, name(process))))
        .collect();
    let mut roles = BTreeMap::<Role, Vec<Process<'_>>>::new();
    for process in processes.into_values() {
        let (comm, shape) = name(&process);
        let pid = process.groups.first().and_then(|group| group.pid);
        let is_parent = parents
            .iter()
            .any(|(ppid, of)| Some(*ppid) == pid && *of == (comm.clone(), shape.clone()));
        roles.entry(Role { comm, shape, is_parent }).or_default().push(process);
    }
    roles
}

fn shape(argv: &[String]) -> String {
    let mut words: Vec<String> = argv.iter().take(ARGUMENTS).map(|word| part(word)).collect();
    // The program's digits are part of its name: python3.
    if let (Some(program), Some(word)) = (argv.first(), words.first_mut()) {
        *word = file(program).chars().take(CHARACTERS).collect();
    }
    if argv.len() > ARGUMENTS {
        words.push("…".to_owned());
    }
    words.join(" ")
}

/// An argument without directories, and with N for a number.
fn part(argument: &str) -> String {
    let mut part = String::new();
    for character in file(argument).chars().take(CHARACTERS) {
        if !character.is_ascii_digit() {
            part.push(if character.is_control() { ' ' } else { character });
        } else if !part.ends_with('N') {
            part.push('N');
        }
    }
    part
}

fn file(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_that_differ_in_numbers_and_directories_have_one_shape() {
        let shape = |argv: &[&str]| shape(&argv.iter().map(|&a| a.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            shape(&["/usr/bin/python3", "/a/job.py", "--rank", "3", "out7/x.npy"]),
            shape(&["python3", "/b/job.py", "--rank", "12", "/tmp/out31/x.npy"]),
        );
        assert_ne!(shape(&["python3", "a.py"]), shape(&["python3", "b.py"]));
        assert_eq!(shape(&["sh", "-c", "1", "2", "3", "4", "5"]), "sh -c N N N N …");
    }

    #[test]
    fn a_name_is_not_said_twice() {
        let role = |comm: &str, shape: &str, is_parent| {
            Role { comm: comm.to_owned(), shape: shape.to_owned(), is_parent }.to_string()
        };
        assert_eq!(role("python3", "python3 job.py", true), "python3 job.py (parent)");
        assert_eq!(role("worker", "python3 job.py", false), "worker: python3 job.py");
        assert_eq!(role("sh", "", false), "sh");
    }
}
