//! How busy others kept the CPUs of the first target: what two runs differ by most often.

use std::{collections::BTreeSet, time::Instant};

use procfs::{CpuTime, CurrentSI as _, KernelStats};

/// CPU time that has been used on some CPUs since a moment.
#[derive(Debug)]
pub(super) struct Load {
    /// The CPUs that count; all of them if there is none.
    cpus: BTreeSet<usize>,
    since: Instant,
    /// Seconds that they were busy before.
    before: Option<f64>,
    /// CPUs that were busy when it was looked last, as a mean.
    busy: Option<f64>,
}

impl Load {
    /// Begins now. `cpus` is a list as the kernel writes it.
    pub(super) fn begin(cpus: Option<&str>) -> Self {
        let cpus = cpus.and_then(listed).unwrap_or_default();
        Self { before: busy_seconds(&cpus), cpus, since: Instant::now(), busy: None }
    }

    /// Takes note of how busy they were up to now.
    pub(super) fn look(&mut self) {
        let (now, passed) = (busy_seconds(&self.cpus), self.since.elapsed().as_secs_f64());
        self.busy = now.zip(self.before).map(|(now, before)| (now - before) / passed.max(1e-9));
    }

    /// CPUs that were busy with others, where `own` were so with the targets.
    pub(super) fn of_others(&self, own: f64) -> Option<f64> {
        self.busy.map(|busy| (busy - own).max(0.0))
    }
}

fn busy_seconds(cpus: &BTreeSet<usize>) -> Option<f64> {
    let stats = KernelStats::current().ok()?;
    if cpus.is_empty() {
        return Some(busy(&stats.total));
    }
    // The kernel leaves offline CPUs out, and then the places are no numbers any more.
    let all = stats.cpu_time.len();
    if cpus.last().is_some_and(|&last| last >= all) {
        return Some(busy(&stats.total));
    }
    Some(cpus.iter().filter_map(|&cpu| stats.cpu_time.get(cpu)).map(busy).sum())
}

/// All but idle, and waiting for a disk. Guests are in user time already.
#[expect(clippy::cast_precision_loss, reason = "2^53 ms are long enough")]
fn busy(cpu: &CpuTime) -> f64 {
    let optional = [cpu.irq_ms(), cpu.softirq_ms(), cpu.steal_ms()];
    let ms =
        cpu.user_ms() + cpu.nice_ms() + cpu.system_ms() + optional.iter().flatten().sum::<u64>();
    ms as f64 / 1e3
}

/// `0-3,8` in numbers.
fn listed(list: &str) -> Option<BTreeSet<usize>> {
    let mut all = BTreeSet::new();
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        all.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_the_kernels() {
        assert_eq!(listed("0-2,5"), Some(BTreeSet::from([0, 1, 2, 5])));
        assert_eq!(listed(""), None);
    }

    #[test]
    fn no_more_cpus_are_busy_than_there_are() {
        let mut load = Load::begin(None);
        std::thread::sleep(std::time::Duration::from_millis(100));
        load.look();
        let busy = load.of_others(0.0).unwrap();
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap().matches("processor").count();
        // Ticks are 10 ms, of which each CPU may have one more.
        assert!((0.0..=cpus as f64 * 1.2).contains(&busy), "{busy} of {cpus}");
        assert!(load.of_others(1e6) == Some(0.0));
    }
}
