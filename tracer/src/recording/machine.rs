//! The machine of a run, and how its first target was set up.

use std::{fs, io::Read as _};

use serde::{Deserialize, Serialize};

/// A machine. What could not be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Release of its kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Its architecture, as Rust names it.
    pub architecture: String,
    /// Model of its CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// Its memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Its NUMA nodes that are online, as a list: "0-3".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numa_nodes: Option<String>,
    /// Its setting of transparent huge pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transparent_huge_pages: Option<HugePages>,
}

/// The setting of transparent huge pages: the word chosen in each file of
/// `/sys/kernel/mm/transparent_hugepage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HugePages {
    /// Who gets them: "always", "madvise" or "never".
    pub enabled: String,
    /// What a fault does to get one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defrag: Option<String>,
}

/// How the first target was set up when the window opened. What could not be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstTarget {
    /// CPUs that it may run on, as a list: "0-7,16".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_cpus: Option<String>,
    /// NUMA nodes that it may have memory of, as a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_nodes: Option<String>,
    /// Its memory policy, as `/proc/PID/numa_maps` has it: "default", "interleave:0-1".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_policy: Option<String>,
    /// Whether it may have transparent huge pages at all (`prctl(PR_SET_THP_DISABLE)`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transparent_huge_pages: Option<bool>,
}

impl Machine {
    /// This one.
    pub(super) fn here() -> Self {
        let line = |path: &str| Some(fs::read_to_string(path).ok()?.trim_end().to_owned());
        let huge_pages = |file: &str| {
            chosen(&line(&format!("/sys/kernel/mm/transparent_hugepage/{file}"))?)
                .map(str::to_owned)
        };
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            host: line("/proc/sys/kernel/hostname"),
            kernel: line("/proc/sys/kernel/osrelease"),
            architecture: std::env::consts::ARCH.to_owned(),
            cpu_model: value_of(&cpus, "model name").map(str::to_owned),
            memory_bytes: value_of(&memory, "MemTotal")
                .and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)),
            numa_nodes: line("/sys/devices/system/node/online"),
            transparent_huge_pages: huge_pages("enabled")
                .map(|enabled| HugePages { enabled, defrag: huge_pages("defrag") }),
        }
    }
}

impl FirstTarget {
    /// That of a process that is there now.
    pub(super) fn of(pid: i32) -> Self {
        // Its name, in the first line, may be no UTF-8.
        let status = fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let list = |key| value_of(&status, key).map(str::to_owned);
        Self {
            allowed_cpus: list("Cpus_allowed_list"),
            allowed_nodes: list("Mems_allowed_list"),
            memory_policy: memory_policy(pid),
            transparent_huge_pages: value_of(&status, "THP_enabled").map(|value| value == "1"),
        }
    }
}

/// The policy of the first mapping, which is the process's own. No more is read than that: each line
/// is made by a walk through a mapping's pages, with the lock of the address space held.
fn memory_policy(pid: i32) -> Option<String> {
    let mut start = [0; 64];
    let length = fs::File::open(format!("/proc/{pid}/numa_maps")).ok()?.read(&mut start).ok()?;
    let text = std::str::from_utf8(&start[..length]).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// The word in brackets: `always [madvise] never`.
fn chosen(words: &str) -> Option<&str> {
    words.split_once('[')?.1.split_once(']').map(|(word, _)| word)
}

/// What stands after `key`, whitespace and a colon at the beginning of a line.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| Some(line.strip_prefix(key)?.trim_start().strip_prefix(':')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_word_is_the_one_in_brackets() {
        assert_eq!(chosen("always [madvise] never"), Some("madvise"));
        assert_eq!(chosen("always"), None);
    }

    #[test]
    fn values_are_those_of_whole_keys() {
        let text = "model\t\t: 85\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU @ 2 GHz"));
        assert_eq!(value_of(text, "model"), Some("85"));
        assert_eq!(value_of(text, "mode"), None);
    }

    #[test]
    fn a_process_tells_where_it_may_run() {
        let own = FirstTarget::of(i32::try_from(std::process::id()).unwrap());
        assert!(own.allowed_cpus.is_some_and(|cpus| !cpus.is_empty()));
    }
}
