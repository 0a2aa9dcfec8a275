//! Recordings written and read back, whole and broken.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    fixture::{Worked, recording},
    write::Writer,
    *,
};
use crate::{
    config::Format,
    report::Fold,
    sinks::{self, Style},
};

const DISPLAY: Display = Display { fold: None, histograms: false, top: 5 };

fn sample() -> Recording {
    let worker = |pid| Worked {
        pid,
        calls: [("brk grow", vec![1_000, 2_000, 4_000]), ("futex", vec![u64::from(pid)])].into(),
        waits: vec![500, 60_000],
        user_ns: 1_000_000,
        ..Worked::default()
    };
    recording(&[worker(11), worker(12)])
}

fn interval() -> Interval {
    let Recording { report, folded, .. } = sample();
    Interval { report, folded }
}

/// A written recording, in a directory that goes with the first of these.
fn written(intervals: usize) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.zst");
    let mut writer = Writer::create(&path).unwrap();
    (0..intervals).for_each(|_| writer.interval(&interval()).unwrap());
    writer.write(&mut sample()).unwrap();
    (directory, path)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn a_recording_comes_back_as_it_was_written() {
    let (_directory, path) = written(3);
    assert_eq!(json(&read(&path).unwrap()), json(&sample()));
    let mut seen = 0;
    intervals(&path, |found| {
        assert_eq!(json(found), json(&interval()));
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn the_file_is_one_json_object_whose_report_is_that_of_format_json() {
    let (_directory, path) = written(2);
    let text = zstd::decode_all(fs::File::open(path).unwrap()).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(object["schema"], SCHEMA);
    assert_eq!(object["intervals"].as_array().map(Vec::len), Some(2));
    assert_eq!(object["report"]["processes"][0]["syscalls"][0]["calls"], 3);
}

#[test]
fn every_field_is_documented() {
    let text = include_str!("../../../../docs/recording.md");
    let mut recording = sample();
    let metadata = &mut recording.metadata;
    metadata.command = Some(vec!["python3".to_owned()]);
    metadata.machine = Machine::here();
    metadata.machine.cpu_model.get_or_insert_default();
    metadata.machine.numa_nodes.get_or_insert_default();
    metadata.machine.transparent_huge_pages =
        Some(HugePages { enabled: "never".to_owned(), defrag: Some("never".to_owned()) });
    let text_of = || Some("0".to_owned());
    metadata.first_target = FirstTarget {
        allowed_cpus: text_of(),
        allowed_nodes: text_of(),
        memory_policy: text_of(),
        transparent_huge_pages: Some(true),
    };
    metadata.options.interval_ns = Some(1);
    metadata.options.fold = Some(Fold::All);
    metadata.targets[0].born_ns = Some(1);
    metadata.targets[0].iterations = Some(1);
    recording.folded.fitting = Some(Fitting { processes: Vec::new(), notes: Vec::new() });
    let object = serde_json::to_value(&recording).unwrap();
    let mut missing = Vec::new();
    for part in [&object, &object["metadata"], &object["folded"], &object["folded"]["fitting"]] {
        missing.extend(part.as_object().unwrap().keys().cloned());
    }
    for part in ["machine", "first_target", "options"] {
        missing.extend(object["metadata"][part].as_object().unwrap().keys().cloned());
    }
    missing.extend(object["metadata"]["targets"][0].as_object().unwrap().keys().cloned());
    missing.retain(|name| !text.contains(&format!("| `{name}` |")));
    assert!(missing.is_empty(), "not in docs/recording.md: {missing:?}");
}

#[test]
fn one_that_was_cut_short_says_so_wherever_it_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.zst");
    let mut unfinished = Recording { complete: false, ..sample() };
    Writer::create(&path).unwrap().write(&mut unfinished).unwrap();
    let read = read(&path).unwrap();
    let notes = read.shown(&DISPLAY).trust.notes;
    assert!(notes.iter().any(|note| note.contains("cut short") && note.contains("1.0 s")));
}

#[test]
fn a_recording_replaces_the_one_before_only_when_it_is_whole() {
    let (directory, path) = written(0);
    let before = fs::read(&path).unwrap();
    let mut writer = Writer::create(&path).unwrap();
    writer.interval(&interval()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    writer.write(&mut sample()).unwrap();
    assert_ne!(fs::read(&path).unwrap(), before);
    drop(writer);
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
}

#[test]
fn what_leads_to_the_file_stays_and_what_is_no_file_is_refused() {
    let (directory, path) = written(0);
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    Writer::create(&link).unwrap().write(&mut sample()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    for (bad, why) in [
        (directory.path().to_owned(), "not a regular file"),
        (PathBuf::from("/dev/null"), "not a regular file"),
        (directory.path().join("no/such/run.zst"), "No such file"),
    ] {
        let error = format!("{:#}", Writer::create(&bad).unwrap_err());
        assert!(error.contains(why), "{error}");
    }
}

/// A file with these bytes.
fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn compressed(json: &str) -> Vec<u8> {
    zstd::encode_all(json.as_bytes(), 3).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    read(file(bytes).path()).unwrap_err().to_string()
}

/// The JSON of a recording, changed.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(sample()).unwrap();
    value["intervals"] = serde_json::json!([]);
    change(&mut value);
    compressed(&value.to_string())
}

#[test]
fn broken_files_are_told_apart() {
    let (_directory, path) = written(1);
    let whole = fs::read(path).unwrap();
    assert!(refused(b"").contains("is empty"));
    assert!(refused(b"#!").contains("not compressed"));
    assert!(refused(b"{\"schema\":1}").contains("--format json"));
    assert!(refused(&whole[..3]).contains("cut off"));
    for length in [10, whole.len() / 2, whole.len() - 1] {
        assert!(refused(&whole[..length]).contains("cut off"), "{length}");
    }
    assert!(refused(&compressed("[1]")).contains("damaged"));
    assert!(refused(&compressed("{}")).contains("schema"));
    let newer = compressed(r#"{"schema":2,"complete":{"now":"otherwise"}}"#);
    assert!(refused(&newer).contains("newer tracer"));
    assert!(refused(&[&whole[..], b"more"].concat()).contains("damaged"));
    let mut flipped = whole.clone();
    flipped[40] ^= 0xff;
    assert!(!refused(&flipped).is_empty());
    assert!(read(Path::new("/no/such/file")).unwrap_err().to_string().contains("cannot read"));
    assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("not a regular file"));
}

#[test]
fn hostile_files_are_refused() {
    assert!(refused(&compressed(&("[".repeat(100_000)))).contains("damaged"));
    let nested = format!("{{\"schema\":1,\"x\":{}", "{\"a\":".repeat(100_000));
    assert!(refused(&compressed(&nested)).contains("cut off"));
    let number = format!("{{\"schema\":1,\"complete\":{}}}", "9".repeat(5_000));
    assert!(refused(&compressed(&number)).contains("digits"));
    let exponent = changed(|json| {
        json["report"]["concurrency"]["busy_cpus"] = serde_json::json!("BUSY");
    });
    let text = String::from_utf8(zstd::decode_all(exponent.as_slice()).unwrap()).unwrap();
    assert!(refused(&compressed(&text.replace("\"BUSY\"", "1e999"))).contains("damaged"));
    assert!(refused(&compressed(&text.replace("\"BUSY\"", "NaN"))).contains("damaged"));
    // Ten thousand times as large as its file.
    let bomb = format!("{{\"schema\":1,{}", " ".repeat(200 << 20));
    assert!(refused(&compressed(&bomb)).contains("swells"));
    let sums = changed(|json| {
        let budget = &mut json["report"]["total"]["budget"]["blocked_ns"];
        for n in 0..40 {
            budget[n.to_string()] = serde_json::json!(900_000_000_000_000_000u64);
        }
    });
    assert!(refused(&sums).contains("do not add up"));
}

#[test]
fn a_hostile_histogram_is_an_error_where_it_is_looked_at() {
    let mut bad = sample();
    bad.report.processes[0].syscalls[0].wall_ns.hdr = Some("HISTFAAAA".to_owned());
    let compared = crate::compare::compare(("bad", &bad), ("good", &sample()), None);
    assert!(compared.unwrap_err().to_string().contains("histogram"));
}

#[test]
fn fields_that_a_later_version_may_add_are_passed_over() {
    let more = changed(|json| {
        json["later"] = serde_json::json!({"a": [1, 2]});
        json["metadata"]["later"] = serde_json::json!(1);
        json["report"]["total"]["later"] = serde_json::json!([]);
    });
    assert_eq!(json(&read(file(&more).path()).unwrap()), json(&sample()));
}

/// Does with a recording all that a user can.
fn exercise(path: &Path) {
    let Ok(recording) = read(path) else { return };
    let style = Style { width: Some(80), unicode: true, color: true, series: true };
    for fold in [None, Some(Fold::Comm), Some(Fold::All), Some(Fold::Process)] {
        let display = Display { fold, histograms: true, ..DISPLAY };
        for format in [Format::Text, Format::Json] {
            sinks::write(&recording.shown(&display), format, &style, &mut std::io::sink()).unwrap();
        }
    }
    drop(intervals(path, |_| Ok(())));
    if let Ok(comparison) = crate::compare::compare(("a", &recording), ("b", &sample()), None) {
        for format in [Format::Text, Format::Json] {
            sinks::write_comparison(&comparison, format, &style, &mut std::io::sink()).unwrap();
        }
    }
}

mod fuzz;
