//! `tracer doctor`.

use serde_json::Value;
use tests::{Terminal, run, tracer};

#[test]
fn the_list_says_that_tracing_works_here() {
    let finished = run(tracer().arg("doctor")).expect(0);
    assert!(finished.stdout.contains("Tracing works here"), "{finished}");
    let btf = finished.stdout.lines().find(|line| line.contains(" btf: ")).unwrap();
    assert!(btf.starts_with("ok "), "{btf}");
}

#[test]
fn the_json_has_the_same_checks_and_a_remedy_for_every_problem() {
    let text = run(tracer().arg("doctor")).expect(0).stdout;
    let json = run(tracer().args(["doctor", "--format", "json"])).expect(0).stdout;
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list["schema"], 1);
    let checks = list["checks"].as_array().unwrap();
    assert!(checks.len() > 5, "{json}");
    for check in checks {
        let name = check["name"].as_str().unwrap();
        assert!(text.contains(&format!(" {name}: ")), "{name} is not in:\n{text}");
        assert_eq!(check["state"] == "ok", check["remedy"].is_null(), "{check}");
    }
}

#[test]
fn a_user_without_rights_is_told_which_are_missing() {
    let (_dir, mut tracer) = crate::privileges::nobodys_tracer();
    let finished = run(tracer.arg("doctor")).expect(1);
    assert!(finished.stdout.contains("Tracing does not work here"), "{finished}");
    let mut lines = finished.stdout.lines();
    let missing = lines.find(|line| line.starts_with("missing   capabilities: ")).unwrap();
    assert!(missing.contains("CAP_BPF and CAP_PERFMON"), "{missing}");
    assert!(lines.next().unwrap().contains("to do: run it with sudo"), "{finished}");
}

#[test]
fn a_narrow_terminal_gets_narrow_lines() {
    let (code, screen) = Terminal::start(tracer().arg("doctor"), 60).finish();
    assert_eq!(code, 0);
    assert!(screen.lines().count() > 10, "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 60), "{screen}");
}
