//! What the targets were started with, read while they live.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use procfs::process::Process;
use tracer_common::record::Life;

use super::{
    metadata::{Target, is_recorded},
    progress::{Progress, VARIABLE},
};
use crate::{kernel::proc, model::Processes};

/// Bytes of arguments, and of an environment, that are read at most: the kernel's usual limit is
/// 2 MiB for both.
const LONGEST: usize = 4 << 20;
/// Bytes of arguments that are kept of one process.
const KEPT: usize = 4 << 10;

/// What a process was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Started {
    argv: Vec<String>,
    environment: BTreeMap<String, String>,
}

/// What each target was started with, by its cookie.
#[derive(Debug, Default)]
pub(super) struct Targets {
    by_cookie: HashMap<u64, Started>,
    /// What they report, where they were told to.
    pub(super) progress: Progress,
}

impl Targets {
    /// Looks at a process that has just appeared, or become another program.
    pub(super) fn life(&mut self, life: &Life) {
        let started = match life.event {
            Life::SEEDED if !self.by_cookie.contains_key(&life.cookie) => self.read(life),
            Life::EXEC => self.read(life),
            // It has its parent's until it execs, which it may have done by now.
            Life::BORN => match self.by_cookie.get(&life.origin) {
                Some(parents) => Some(parents.clone()),
                None => self.read(life),
            },
            _ => return,
        };
        if let Some(started) = started {
            self.by_cookie.insert(life.cookie, started);
        }
    }

    /// `None` if it has gone already, or if its pid is another's by now.
    fn read(&mut self, life: &Life) -> Option<Started> {
        let pid = i32::try_from(life.shown_tgid).ok().filter(|&pid| pid > 0)?;
        let argv = strings(&read_some(&format!("/proc/{pid}/cmdline"))?);
        let environment = strings(&read_some(&format!("/proc/{pid}/environ"))?);
        let now = Process::new(pid).and_then(|process| process.stat()).ok()?;
        if now.starttime != life.start_ns / (1_000_000_000 / proc::ticks_per_second().max(1)) {
            return None;
        }
        let mut recorded = BTreeMap::new();
        for (name, value) in environment.iter().filter_map(|variable| variable.split_once('=')) {
            if is_recorded(name) {
                recorded.insert(name.to_owned(), value.to_owned());
            } else if name == VARIABLE {
                self.progress.watch(Path::new(value));
            }
        }
        Some(Started { argv: kept(argv), environment: recorded })
    }

    /// All of them, as far as they lived in the window that opened at `start_ns`, with the units of
    /// work that each pid reported.
    pub(super) fn all(&self, processes: &Processes, start_ns: u64) -> Vec<Target> {
        let mut targets: Vec<Target> = processes
            .iter()
            .filter(|(_, process)| process.ended.is_none_or(|(ns, _)| ns >= start_ns))
            .map(|(cookie, process)| {
                let started = self.by_cookie.get(&cookie);
                Target {
                    pid: process.pid,
                    start_ns: process.start_ns,
                    born_ns: process.born_ns.filter(|&ns| ns >= start_ns).map(|ns| ns - start_ns),
                    comm: process.comm.clone(),
                    argv: started.map(|started| started.argv.clone()),
                    environment: started.map(|started| started.environment.clone()),
                    iterations: None,
                }
            })
            .collect();
        // A pid may have been several programs; the last one of them did the work.
        targets.sort_by_key(|target| (target.pid, target.start_ns, target.born_ns));
        for n in 0..targets.len() {
            let is_last = targets.get(n + 1).is_none_or(|next| next.pid != targets[n].pid);
            if is_last {
                targets[n].iterations = self.progress.units().get(&targets[n].pid).copied();
            }
        }
        targets
    }
}

fn read_some(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, LONGEST as u64), &mut bytes).ok()?;
    Some(bytes)
}

/// Bytes between zeros, as texts.
fn strings(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|&byte| byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

/// The first arguments; a `…` stands for the rest of very long ones.
fn kept(argv: Vec<String>) -> Vec<String> {
    let mut room = KEPT;
    let mut kept = Vec::new();
    for argument in argv {
        if argument.len() > room {
            let cut = (0..=room).rev().find(|&n| argument.is_char_boundary(n)).unwrap_or(0);
            kept.push(format!("{}…", &argument[..cut]));
            break;
        }
        room -= argument.len();
        kept.push(argument);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_what_stands_between_zeros() {
        assert_eq!(strings(b"python3\0\0job.py\0"), ["python3", "", "job.py"]);
        assert_eq!(strings(b""), Vec::<String>::new());
    }

    #[test]
    fn long_arguments_are_cut_between_characters() {
        let kept = kept(vec!["a".to_owned(), "ä".repeat(KEPT), "b".to_owned()]);
        assert_eq!(kept.len(), 2);
        assert!(kept[1].ends_with("ä…") && kept[1].len() <= KEPT + 3);
    }

    fn life(event: u32, cookie: u64, origin: u64, start_ns: u64) -> Life {
        let tgid = std::process::id();
        Life {
            event,
            cookie,
            origin,
            shown_tgid: tgid,
            shown_tid: tgid,
            start_ns,
            ..Life::default()
        }
    }

    /// Our own start, as the kernel would tell it.
    fn started_ns() -> u64 {
        let stat = Process::myself().unwrap().stat().unwrap();
        stat.starttime * (1_000_000_000 / proc::ticks_per_second()) + 1
    }

    #[test]
    fn a_child_has_what_its_parent_was_started_with() {
        let mut targets = Targets::default();
        targets.life(&life(Life::SEEDED, 1, 0, started_ns()));
        targets.life(&life(Life::BORN, 2, 1, 0));
        let own: Vec<String> = std::env::args().collect();
        assert_eq!(targets.by_cookie[&1].argv, kept(own));
        assert_eq!(targets.by_cookie[&1], targets.by_cookie[&2]);
    }

    #[test]
    fn a_pid_that_is_used_again_is_not_taken_for_the_one_before() {
        let mut targets = Targets::default();
        targets.life(&life(Life::EXEC, 1, 0, started_ns() + 1_000_000_000));
        assert!(targets.by_cookie.is_empty());
    }
}
