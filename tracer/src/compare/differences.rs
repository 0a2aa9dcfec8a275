//! What else differs between two runs, and may be the reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::recording::{Metadata, Recording, Target};

/// Something that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub name: String,
    /// How it was.
    pub base: String,
    /// How it is.
    pub new: String,
}

/// Everything in the metadata that differs and could matter.
pub(super) fn differences(base: &Recording, new: &Recording) -> Vec<Difference> {
    let (before, after) = (facts(&base.metadata), facts(&new.metadata));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let of = |facts: &BTreeMap<_, String>| {
                facts.get(name).cloned().unwrap_or_else(|| "-".to_owned())
            };
            let (base, new) = (of(&before), of(&after));
            (base != new).then(|| Difference { name: name.1.clone(), base, new })
        })
        .collect()
}

/// What may matter, most likely first: by rank and name.
fn facts(metadata: &Metadata) -> BTreeMap<(u32, String), String> {
    let Metadata { machine, cpus, first_target, options, targets, .. } = metadata;
    let text = |value: &Option<String>| value.clone();
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    let huge_pages = machine.transparent_huge_pages.as_ref();
    let facts = [
        ("command", metadata.command.as_ref().map(|command| command.join(" "))),
        ("CPUs online", number(cpus.online.map(u64::from))),
        ("CPUs allowed", number(cpus.allowed.map(u64::from))),
        ("CPU quota", cpus.quota.map(|quota| quota.to_string())),
        ("CPU list", text(&first_target.allowed_cpus)),
        ("memory nodes", text(&first_target.allowed_nodes)),
        ("memory policy", text(&first_target.memory_policy)),
        ("transparent huge pages", huge_pages.map(|pages| pages.enabled.clone())),
        ("defragmentation for huge pages", huge_pages.and_then(|pages| pages.defrag.clone())),
        (
            "huge pages allowed to the process",
            first_target.transparent_huge_pages.map(|allowed| allowed.to_string()),
        ),
        // To half a CPU: it is never quite the same.
        (
            "CPUs busy with others",
            metadata.other_cpus.map(|n| format!("{:.1}", (2.0 * n).round() / 2.0)),
        ),
        ("kernel", text(&machine.kernel)),
        ("host", text(&machine.host)),
        ("architecture", Some(machine.architecture.clone())),
        ("CPU model", text(&machine.cpu_model)),
        ("memory", number(machine.memory_bytes)),
        ("NUMA nodes", text(&machine.numa_nodes)),
        ("calls with rows", Some(options.calls.join(","))),
        ("descendants followed", Some(options.follow.to_string())),
        ("samples a second", Some(options.sample_hz.to_string())),
        ("calls lost", Some(metadata.lost.to_string())),
        ("tracer", Some(metadata.tracer.clone())),
    ];
    let known = (10..)
        .zip(facts)
        .filter_map(|(rank, (name, value))| Some(((rank, name.to_owned()), value?)));
    environment(targets).into_iter().map(|(name, value)| ((0, name), value)).chain(known).collect()
}

/// Each variable with the values that targets had for it.
fn environment(targets: &[Target]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (name, value) in targets.iter().filter_map(|target| target.environment.as_ref()).flatten() {
        values.entry(name).or_default().insert(value);
    }
    let joined = |values: BTreeSet<&str>| values.into_iter().collect::<Vec<_>>().join(" and ");
    values.into_iter().map(|(name, values)| (name.to_owned(), joined(values))).collect()
}
