//! Who the processes are, and when each of their threads was there.

use std::collections::{BTreeMap, BTreeSet};

use tracer_common::record::Life;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this status, as `wait` gives it.
    Exit(i32),
    /// It became another program.
    Exec,
    /// It is gone, but its end was not seen.
    Unseen,
}

/// When a thread was there to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The thread.
    pub tid: u32,
    /// The same, as the caller's pid namespace has it.
    pub shown_tid: u32,
    /// Birth, or adoption.
    pub from_ns: u64,
    /// Death; `None` while it lives.
    pub to_ns: Option<u64>,
}

impl Span {
    /// The part of it within a stretch of time; `None` if it lies outside.
    #[must_use]
    pub fn within(&self, from_ns: u64, to_ns: u64) -> Option<u64> {
        let to = self.to_ns.unwrap_or(to_ns).min(to_ns);
        let from = self.from_ns.max(from_ns);
        // A thread born and dead between two ticks of the clock was there all the same.
        (from <= to && self.from_ns < to_ns && self.to_ns.is_none_or(|end| end >= from_ns))
            .then(|| to - from)
    }
}

/// One process, running one program.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its pid, as the caller's pid namespace has it.
    pub pid: u32,
    /// Its parent's.
    pub ppid: u32,
    /// Nanoseconds since boot.
    pub start_ns: u64,
    /// Its name.
    pub comm: String,
    /// When it was born, or became this program, if it was seen.
    pub born_ns: Option<u64>,
    /// When it was adopted alive, if it was.
    pub joined_ns: Option<u64>,
    /// When it ended, and how.
    pub ended: Option<(u64, End)>,
    /// The cookie of the program that it became.
    pub became: Option<u64>,
    /// Its threads.
    pub threads: Vec<Span>,
}

impl Process {
    /// A thread's id as the caller's pid namespace has it.
    #[must_use]
    pub fn shown_tid(&self, tid: u32) -> u32 {
        self.threads.iter().find(|span| span.tid == tid).map_or(tid, |span| span.shown_tid)
    }

    /// Time in a stretch of time, summed over threads, and how many there were.
    #[must_use]
    pub fn thread_time(&self, from_ns: u64, to_ns: u64) -> (u64, u64) {
        self.threads
            .iter()
            .filter_map(|span| span.within(from_ns, to_ns))
            .fold((0, 0), |(time, n), part| (time + part, n + 1))
    }
}

/// All processes that are, or were, targets.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    by_cookie: BTreeMap<u64, Process>,
}

impl Processes {
    /// Takes in a turning point.
    pub fn update(&mut self, life: &Life) {
        match life.event {
            Life::SEEDED => {
                let process = self.enter(life);
                process.joined_ns.get_or_insert(life.ns);
                process.begin_thread(life);
            }
            Life::BORN => {
                let process = self.enter(life);
                process.born_ns = Some(life.ns);
                process.begin_thread(life);
            }
            Life::THREAD_BORN => self.enter(life).begin_thread(life),
            Life::EXEC => {
                if let Some(before) = self.by_cookie.get_mut(&life.origin) {
                    before.end(life.ns, End::Exec);
                    before.became = Some(life.cookie);
                }
                let process = self.enter(life);
                process.comm = name(&life.comm);
                process.born_ns = Some(life.ns);
                process.begin_thread(life);
            }
            Life::THREAD_EXIT => {
                let process = self.enter(life);
                process.end_thread(life);
                if life.last != 0 {
                    process.end(life.ns, End::Exit(life.exit_code));
                }
            }
            _ => {}
        }
    }

    /// The process of a turning point, made if it is new.
    fn enter(&mut self, life: &Life) -> &mut Process {
        self.by_cookie.entry(life.cookie).or_insert_with(|| Process {
            pid: life.shown_tgid,
            ppid: life.shown_ppid,
            start_ns: life.start_ns,
            comm: name(&life.comm),
            born_ns: None,
            joined_ns: None,
            ended: None,
            became: None,
            threads: Vec::new(),
        })
    }

    /// The process with a cookie.
    #[must_use]
    pub fn get(&self, cookie: u64) -> Option<&Process> {
        self.by_cookie.get(&cookie)
    }

    /// Every process, with its cookie.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Process)> {
        self.by_cookie.iter().map(|(cookie, process)| (*cookie, process))
    }

    /// Ends all that were there at `since_ns` and of which no thread is among `alive` (process and
    /// thread): their deaths were lost.
    pub(super) fn reap(&mut self, since_ns: u64, alive: &BTreeSet<(u64, u32)>, now_ns: u64) {
        for (cookie, process) in &mut self.by_cookie {
            let gone = |span: &Span| {
                span.to_ns.is_none()
                    && span.from_ns < since_ns
                    && !alive.contains(&(*cookie, span.tid))
            };
            for span in process.threads.iter_mut().filter(|span| gone(span)) {
                span.to_ns = Some(now_ns);
            }
            if process.ended.is_none() && process.threads.iter().all(|span| span.to_ns.is_some()) {
                process.ended = Some((now_ns, End::Unseen));
            }
        }
    }

    /// How many are alive.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.by_cookie.values().filter(|process| process.ended.is_none()).count()
    }
}

impl Process {
    fn begin_thread(&mut self, life: &Life) {
        // A walk may come by a thread that its fork has announced already.
        if !self.threads.iter().any(|span| span.tid == life.tid && span.to_ns.is_none()) {
            self.threads.push(Span {
                tid: life.tid,
                shown_tid: life.shown_tid,
                from_ns: life.ns,
                to_ns: None,
            });
        }
    }

    fn end_thread(&mut self, life: &Life) {
        if let Some(span) =
            self.threads.iter_mut().rfind(|span| span.tid == life.tid && span.to_ns.is_none())
        {
            span.to_ns = Some(life.ns);
        }
    }

    fn end(&mut self, ns: u64, how: End) {
        self.ended.get_or_insert((ns, how));
        for span in self.threads.iter_mut().filter(|span| span.to_ns.is_none()) {
            span.to_ns = Some(ns);
        }
    }
}

/// A name as the kernel keeps it: bytes up to the first 0.
fn name(comm: &[u8; 16]) -> String {
    let end = comm.iter().position(|&byte| byte == 0).unwrap_or(comm.len());
    String::from_utf8_lossy(&comm[..end]).into_owned()
}
