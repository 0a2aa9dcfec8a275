//! Which CPUs the targets may use, and under which quota they are. They may bind themselves to CPUs, and
//! join a control group or leave one, while they run, so it is looked at again and again.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::Result;
use nix::sched::CpuSet;

use super::throttling::Throttled;
use crate::{
    kernel::{
        cgroup::Hierarchies,
        cpu_limit::{self, CpuLimit, Quota},
    },
    model::{Processes, Stretch},
    report::Throttling,
};

/// So many processes are asked at a look, each in its turn: their groups cost some microseconds each.
const AT_A_LOOK: usize = 8;

/// Who is on a CPU for less of the time than this, beside the busiest process, does none of the work.
const WORKS: f64 = 0.1;

/// Under what a process was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Under no quota.
    Free,
    /// There may be one, which cannot be seen from here.
    OutOfSight,
    /// Under that of the group with this directory.
    Under(PathBuf),
}

/// Where a process was found, and for how long.
#[derive(Debug, Default)]
struct Found {
    at_ns: u64,
    places: BTreeMap<Place, u64>,
    /// CPUs that it might use when it was looked at last.
    allowed: CpuSet,
}

/// A group whose quota counts.
#[derive(Debug)]
struct Group {
    cpus: f64,
    /// `None` if its counts cannot be read.
    throttled: Option<Throttled>,
}

/// What counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Ruling {
    /// How many CPUs the targets may use; `None` if that is unknown.
    pub(super) allowed: Option<u32>,
    /// The quota as a number of CPUs, if there is one.
    pub(super) cpus: Option<f64>,
    /// What it did; `None` without a quota, or if its group does not tell.
    pub(super) throttling: Option<Throttling>,
}

/// The quotas that targets were found under.
#[derive(Debug)]
pub(super) struct Limits {
    hierarchies: Hierarchies,
    /// Where the first target was in the beginning: it may not live to be seen again.
    first: Place,
    /// CPUs that it might use then.
    first_allowed: CpuSet,
    opened_ns: u64,
    found: BTreeMap<u64, Found>,
    groups: BTreeMap<PathBuf, Group>,
    /// The last process that was asked.
    asked: u64,
    /// Why the counts of a group are unknown.
    unread: Option<String>,
}

impl Limits {
    /// Begins with the first target.
    ///
    /// # Errors
    /// If it has gone.
    pub(super) fn begin(pid: i32, now_ns: u64) -> Result<Self> {
        let hierarchies = Hierarchies::mounted()?;
        let CpuLimit { allowed, quota, group } = CpuLimit::of(pid, &hierarchies)?;
        let mut limits = Self {
            hierarchies,
            first: Place::Free,
            first_allowed: allowed,
            opened_ns: now_ns,
            found: BTreeMap::new(),
            groups: BTreeMap::new(),
            asked: 0,
            unread: None,
        };
        limits.first = limits.place(quota, group);
        Ok(limits)
    }

    /// Looks where some of the targets are now.
    pub(super) fn look(&mut self, processes: &Processes, now_ns: u64) {
        let alive: BTreeMap<u64, i32> = processes
            .iter()
            .filter(|(_, process)| process.ended.is_none())
            .filter_map(|(cookie, process)| Some((cookie, process.pid.try_into().ok()?)))
            .collect();
        // Most of them are in the same groups.
        let mut known: BTreeMap<String, Place> = BTreeMap::new();
        let turn = alive.range(self.asked + 1..).chain(alive.range(..=self.asked));
        for (&cookie, &pid) in turn.take(AT_A_LOOK) {
            self.asked = cookie;
            // One that has just ended is nowhere.
            if let (Ok(groups), Ok(allowed)) =
                (cpu_limit::groups_of(pid), cpu_limit::affinity_of(pid))
            {
                let place = match known.get(&groups) {
                    Some(place) => place.clone(),
                    None => {
                        let Ok(place) = self.place_in(&groups) else { continue };
                        known.insert(groups, place.clone());
                        place
                    }
                };
                let found = self.found.entry(cookie).or_default();
                let since_ns = found.at_ns.max(self.opened_ns);
                *found.places.entry(place).or_default() += now_ns.saturating_sub(since_ns).max(1);
                found.at_ns = now_ns;
                found.allowed = allowed;
            }
        }
        let throttled = self.groups.values_mut().filter_map(|group| group.throttled.as_mut());
        throttled.for_each(Throttled::look);
    }

    /// The quota that counts in a stretch of time, and what it did in the window.
    pub(super) fn whole(&self, stretch: &Stretch) -> Ruling {
        let group = self.group(stretch).map(|(_, group)| group);
        Ruling {
            allowed: self.allowed(stretch),
            cpus: group.map(|group| group.cpus),
            throttling: group.and_then(|group| Some(group.throttled.as_ref()?.whole())),
        }
    }

    /// The same for an interval, which ends now.
    pub(super) fn interval(&mut self, stretch: &Stretch) -> Ruling {
        let found = self.group(stretch).map(|(path, _)| path.to_owned());
        let mut ruling = Ruling { allowed: self.allowed(stretch), ..Ruling::default() };
        for (path, group) in &mut self.groups {
            let throttling = group.throttled.as_mut().map(Throttled::interval);
            if Some(path) == found.as_ref() {
                ruling = Ruling { cpus: Some(group.cpus), throttling, ..ruling };
            }
        }
        ruling
    }

    /// Whether a quota may count that cannot be seen.
    pub(super) fn is_out_of_sight(&self, stretch: &Stretch) -> bool {
        *self.prevailing(stretch) == Place::OutOfSight
    }

    /// What a reader of the report has to know.
    pub(super) fn notes(&self) -> Vec<String> {
        let places = self.found.values().flat_map(|found| found.places.keys());
        let places: BTreeSet<_> = places.chain([&self.first]).collect();
        let mut notes = Vec::new();
        if places.contains(&Place::OutOfSight) {
            notes.push("whether targets have a CPU quota cannot be seen from here".to_owned());
        }
        if self.groups.len() > 1 {
            let quotas = self.groups.values().map(|group| group.cpus.to_string());
            notes.push(format!(
                "targets are under different CPU quotas ({} CPUs): the one that is shown is that of \
                 those which used the CPUs most",
                quotas.collect::<Vec<_>>().join(", ")
            ));
        }
        let unread = self.unread.iter();
        notes.extend(unread.map(|why| format!("what the CPU quota did is unknown: {why}")));
        notes
    }

    fn group(&self, stretch: &Stretch) -> Option<(&Path, &Group)> {
        match self.prevailing(stretch) {
            Place::Under(path) => Some((path, self.groups.get(path)?)),
            Place::Free | Place::OutOfSight => None,
        }
    }

    fn prevailing(&self, stretch: &Stretch) -> &Place {
        let on_cpu_ns = |cookie| on_cpu_ns(stretch, cookie);
        prevailing(&self.found, on_cpu_ns).unwrap_or(&self.first)
    }

    fn allowed(&self, stretch: &Stretch) -> Option<u32> {
        let on_cpu_ns = |cookie| on_cpu_ns(stretch, cookie);
        let allowed = allowed(&self.found, on_cpu_ns).unwrap_or(self.first_allowed);
        cpu_limit::cpus(&allowed).count().try_into().ok()
    }

    fn place_in(&mut self, groups: &str) -> Result<Place> {
        let (quota, group) = cpu_limit::quota_in(groups, &self.hierarchies)?;
        Ok(self.place(quota, group))
    }

    fn place(&mut self, quota: Quota, group: Option<PathBuf>) -> Place {
        let (cpus, path) = match (quota, group) {
            (Quota::Cpus(cpus), Some(path)) => (cpus, path),
            (Quota::Unknown, _) => return Place::OutOfSight,
            _ => return Place::Free,
        };
        match self.groups.get_mut(&path) {
            // A quota can be set anew: the last one counts.
            Some(group) => group.cpus = cpus,
            None => {
                let throttled = Throttled::begin(&path)
                    .inspect_err(|e| self.unread = Some(format!("{e:#}")))
                    .ok();
                self.groups.insert(path.clone(), Group { cpus, throttled });
            }
        }
        Place::Under(path)
    }
}

/// Time that a process was on a CPU.
fn on_cpu_ns(stretch: &Stretch, cookie: u64) -> u64 {
    let owners = stretch.accounts.owners(cookie);
    let accounts = owners.filter_map(|owner| stretch.accounts.get(owner));
    accounts.map(|account| account.stays.on_cpu_ns).sum()
}

/// The CPUs that those may use who do the work, together; `None` if nobody was found who does any.
fn allowed(found: &BTreeMap<u64, Found>, on_cpu_ns: impl Fn(u64) -> u64) -> Option<CpuSet> {
    let times = found.iter().map(|(cookie, found)| (on_cpu_ns(*cookie), found));
    let times: Vec<_> = times.filter(|(ns, _)| *ns > 0).collect();
    let most = times.iter().map(|(ns, _)| *ns).max()?;
    let mut all = CpuSet::new();
    for (_, found) in times.iter().filter(|(ns, _)| *ns as f64 >= WORKS * most as f64) {
        cpu_limit::add(&mut all, &found.allowed);
    }
    Some(all)
}

/// Where most of the time on CPUs was spent, of those whose time is known: each process counts where it
/// was found for longest.
fn prevailing(found: &BTreeMap<u64, Found>, on_cpu_ns: impl Fn(u64) -> u64) -> Option<&Place> {
    let mut spent_ns: BTreeMap<&Place, u64> = BTreeMap::new();
    for (cookie, found) in found {
        if let Some((place, _)) = found.places.iter().max_by_key(|(_, ns)| **ns) {
            *spent_ns.entry(place).or_default() += on_cpu_ns(*cookie);
        }
    }
    let most = spent_ns.into_iter().filter(|(_, ns)| *ns > 0).max_by_key(|(_, ns)| *ns);
    most.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(places: &[(Place, u64)]) -> Found {
        Found { places: places.iter().cloned().collect(), ..Found::default() }
    }

    fn bound_to(cpus: &[usize]) -> Found {
        let mut found = Found::default();
        cpus.iter().for_each(|&cpu| found.allowed.set(cpu).unwrap());
        found
    }

    fn under(name: &str) -> Place {
        Place::Under(PathBuf::from(name))
    }

    #[test]
    fn a_process_that_moved_counts_where_it_was_for_longest() {
        let moved = found(&[(Place::Free, 900), (under("a"), 300)]);
        assert_eq!(prevailing(&[(1, moved)].into(), |_| 5), Some(&Place::Free));
        let stayed = found(&[(Place::Free, 50), (under("a"), 300)]);
        assert_eq!(prevailing(&[(1, stayed)].into(), |_| 5), Some(&under("a")));
    }

    #[test]
    fn workers_may_use_their_cpus_together_and_who_starts_them_does_not_count() {
        let found = [
            (1, bound_to(&[0, 1, 2, 3, 4, 5, 6, 7])),
            (2, bound_to(&[0, 1])),
            (3, bound_to(&[1, 2])),
        ]
        .into();
        let on_cpu =
            |times: [u64; 3]| move |cookie: u64| times[usize::try_from(cookie).unwrap() - 1];
        let count = |times| allowed(&found, on_cpu(times)).map(|set| cpu_limit::cpus(&set).count());
        assert_eq!(count([9, 100, 200]), Some(3));
        assert_eq!(count([20, 100, 200]), Some(8));
        assert_eq!(count([0, 100, 5]), Some(2));
        assert_eq!(count([0, 0, 0]), None);
    }

    #[test]
    fn those_who_use_the_cpus_decide_whoever_else_there_is() {
        let found = [
            (1, found(&[(Place::Free, 1_000)])),
            (2, found(&[(under("a"), 10)])),
            (3, found(&[(under("b"), 900)])),
        ]
        .into();
        let on_cpu =
            |times: [u64; 3]| move |cookie: u64| times[usize::try_from(cookie).unwrap() - 1];
        assert_eq!(prevailing(&found, on_cpu([3, 9, 8])), Some(&under("a")));
        assert_eq!(prevailing(&found, on_cpu([10, 9, 8])), Some(&Place::Free));
        assert_eq!(prevailing(&found, on_cpu([0, 0, 0])), None);
    }
}
