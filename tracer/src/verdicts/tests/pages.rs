//! The rules as a user reads of them.

use super::*;

/// Identifiers that scripts rely on.
const NAMES: [&str; 15] = [
    "heap-churn",
    "mapping-churn",
    "page-allocator",
    "mmap-lock",
    "oversubscribed-yield",
    "oversubscribed-spin",
    "cpu-quota",
    "interpreter-lock-fight",
    "interpreter-lock-wait",
    "spinning-pool",
    "serial-dispatch",
    "start-up-cost",
    "memory-bandwidth",
    "straggler",
    "io-wait",
];

#[test]
fn the_names_are_those_that_scripts_rely_on() {
    assert_eq!(RULES.iter().map(|rule| rule.name).collect::<Vec<_>>(), NAMES);
}

#[test]
fn each_page_has_its_name_and_says_what_it_goes_by_what_to_change_and_what_speaks_against_it() {
    for Rule { name, page, .. } in RULES {
        assert!(page.starts_with(&format!("# {name}\n")), "{name}");
        for part in
            ["\n## What it goes by\n", "\n## What to change\n", "\n## What speaks against it\n"]
        {
            assert!(page.contains(part), "{name} has no{part}");
        }
    }
}

#[test]
fn the_index_has_every_rule_with_its_summary() {
    let index = include_str!("../../../../docs/verdicts/README.md");
    for Rule { name, summary, .. } in RULES {
        let line = format!("| [`{name}`]({name}.md) | {summary} |");
        assert!(index.contains(&line), "{line}");
    }
}

#[test]
fn what_a_rule_explains_is_a_rule_and_never_itself() {
    for rule in RULES {
        assert!(rule.explains.iter().all(|it| NAMES.contains(it) && *it != rule.name), "{rule:?}");
    }
}

#[test]
fn a_page_is_found_by_its_name_and_the_nearest_name_is_suggested() {
    assert!(matches!(Topic::parse("io-wait"), Ok(Topic::Verdict(rule)) if rule.name == "io-wait"));
    assert!(matches!(Topic::parse("list"), Ok(Topic::List)));
    let suggestion = |name| Topic::parse(name).unwrap_err();
    assert_eq!(suggestion("heap_chrun"), "there is no such verdict; did you mean 'heap-churn'?");
    assert!(suggestion("xyz").contains("--explain list"), "{}", suggestion("xyz"));
}

#[test]
fn the_list_has_a_line_for_each() {
    let mut out = Vec::new();
    assert_eq!(explain(Topic::List, &mut out).unwrap(), 0);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), NAMES.len());
    assert!(text.starts_with("heap-churn              the heap is given back"), "{text}");
}
