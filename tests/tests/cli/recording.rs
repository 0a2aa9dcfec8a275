//! Recordings: shown as the run was shown live, by anyone, and written safely.

use std::{fs, path::Path, process::Command};

use nix::sys::signal::Signal;
use serde_json::Value;
use tests::{Running, programs, run, tracer, wait_until, workloads};

/// Options of a live run, and those of them that are for its looks.
const LOOKS: [(&str, &str); 6] = [
    ("", ""),
    ("--histograms --fold comm", "--histograms --fold comm"),
    ("--format json --fold all --top 2", "--format json --fold all --top 2"),
    ("--threads --format json --histograms", "--threads --format json --histograms"),
    ("-i 0.2 --top 1", "--top 1"),
    ("-i 0.2 --format json", "--format json"),
];

/// Two workers that do 30 units of work each.
fn work() -> Vec<std::ffi::OsString> {
    let program = workloads().get_program().to_owned();
    [program, "brk-loop".into(), "--iterations".into(), "30".into()].into()
}

/// Records two workers, and gives the live report.
fn recorded(file: &Path, options: &str) -> String {
    let live = file.with_extension("live");
    let mut command = tracer();
    command.arg("-o").arg(file).arg("--report").arg(&live);
    command.args(options.split_ascii_whitespace()).arg("--").args(work());
    run(command.env("NUM_PROCS", "2")).expect(0);
    fs::read_to_string(live).unwrap()
}

fn report(file: &Path, options: &str) -> String {
    let mut command = tracer();
    command.arg("report").args(options.split_ascii_whitespace()).arg(file);
    run(&mut command).expect(0).stdout
}

#[test]
fn a_recording_is_shown_byte_for_byte_as_the_run_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    for (tracing, looks) in LOOKS {
        let live = recorded(&file, tracing);
        assert!(live.len() > 500, "{live}");
        assert_eq!(report(&file, looks), live, "{tracing}");
    }
}

#[test]
fn what_the_live_run_did_not_show_can_be_shown_later() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    let live = recorded(&file, "");
    assert_eq!(report(&file, ""), live);
    let by_name: Value = serde_json::from_str(&report(&file, "--format json --fold comm")).unwrap();
    let by_process: Value = serde_json::from_str(&report(&file, "--format json")).unwrap();
    assert_eq!(by_name["processes"].as_array().map(Vec::len), Some(1));
    assert_eq!(by_process["processes"].as_array().map(Vec::len), Some(3));
    assert_eq!(by_name["total"], by_process["total"]);
    assert!(report(&file, "--histograms").contains('…'));
    let refused = run(tracer().args(["report", "--threads"]).arg(&file)).expect(1);
    assert!(refused.stderr.contains("recorded without --threads"), "{refused}");
}

#[test]
fn anyone_can_read_what_root_has_recorded() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let file = dir.path().join("run.zst");
    let live = recorded(&file, "");
    // The program itself may lie where nobody else may look.
    let program = dir.path().join("tracer");
    fs::copy(programs::tracer_file(), &program).unwrap();
    for path in [dir.path(), &program] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]);
    nobody.env("LC_ALL", "C.UTF-8").arg(&program).arg("report").arg(&file);
    assert_eq!(run(&mut nobody).expect(0).stdout, live);
}

#[test]
fn the_metadata_tell_what_ran_and_only_the_listed_variables() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    let mut command = tracer();
    command.arg("-o").arg(&file).args(["--", "sh", "-c", "sleep 0.2; :"]);
    run(command.env("OMP_NUM_THREADS", "3").env("SECRET_TOKEN", "hunter2")).expect(0);
    let text = zstd::decode_all(fs::File::open(&file).unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("SECRET_TOKEN"));
    let recording: Value = serde_json::from_str(&text).unwrap();
    let metadata = &recording["metadata"];
    let targets = metadata["targets"].as_array().unwrap();
    let shell = |target: &&Value| target["argv"] == serde_json::json!(["sh", "-c", "sleep 0.2; :"]);
    let shell = targets.iter().find(shell).unwrap_or_else(|| panic!("{metadata:#}"));
    assert_eq!(shell["environment"]["OMP_NUM_THREADS"], "3", "{shell}");
    let sleeper = targets.iter().find(|target| target["comm"] == "sleep").unwrap();
    assert_eq!(sleeper["argv"], serde_json::json!(["sleep", "0.2"]));
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(metadata["machine"]["kernel"], release.trim());
    assert_eq!(metadata["lost"], 0);
}

#[test]
fn units_of_work_are_counted_from_any_language() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    let script = "for n in 1 2 3; do printf . >> \"$TRACER_PROGRESS/$$\"; done; cat /dev/null; :";
    run(tracer().arg("-o").arg(&file).args(["--", "sh", "-c", script])).expect(0);
    let mut compare = tracer();
    compare.args(["compare", "--format", "json", "--per", "iterations"]).arg(&file).arg(&file);
    let comparison: Value = serde_json::from_str(&run(&mut compare).expect(0).stdout).unwrap();
    assert_eq!(comparison["base"]["units"], 3.0, "{comparison:#}");
}

#[test]
fn a_program_that_runs_already_may_have_a_directory_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (file, progress) = (dir.path().join("run.zst"), dir.path().join("progress"));
    fs::create_dir(&progress).unwrap();
    let mut command = workloads();
    command.arg("brk-loop").env("NUM_PROCS", "1").env("TRACER_PROGRESS", &progress);
    let workers = Running::start(&mut command);
    let files = || fs::read_dir(&progress).unwrap().count();
    wait_until("a worker reports", || (files() > 0).then_some(()));
    let mut command = tracer();
    command.arg("-o").arg(&file).args(["-d", "1", "-p", &workers.pid().to_string()]);
    run(&mut command).expect(0);
    let reported: u64 = fs::read_dir(&progress)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let mut compare = tracer();
    compare.args(["compare", "--format", "json"]).args([&file; 2]);
    let comparison: Value = serde_json::from_str(&run(&mut compare).expect(0).stdout).unwrap();
    assert_eq!(comparison["per_from"], "reported");
    let units = comparison["base"]["units"].as_f64().unwrap();
    assert!(units >= 1.0 && units < reported as f64, "{units} of {reported}");
}

#[test]
fn a_killed_tracer_leaves_what_it_had_recorded_and_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    let mut command = tracer();
    command.args(["-i", "0.5", "-o"]).arg(&file).args(["--", "sleep", "60"]);
    let running = Running::start_tracing(&mut command);
    wait_until("the recording is there", || file.exists().then_some(()));
    running.signal(Signal::SIGKILL);
    drop(running);
    let text = report(&file, "");
    assert!(text.contains("cut short"), "{text}");
    assert!(text.matches("window").count() > 1, "an interval and the whole: {text}");
}

#[test]
fn a_full_disk_costs_the_recording_and_not_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.zst");
    // Files of more than some KiB cannot be written, and to try is an error and no signal. The
    // report on standard error is shorter than that.
    let line = "trap '' XFSZ; exec prlimit --fsize=6000 \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh"]).arg(programs::tracer_file()).arg("-o").arg(&file);
    command.env("LC_ALL", "C.UTF-8").env("NUM_PROCS", "2");
    command.args(["--fold", "all", "--"]).args(work());
    let finished = run(&mut command).expect(125);
    assert!(finished.stderr.contains("brk shrink"), "{finished}");
    assert!(finished.stderr.contains("cannot write the recording to"), "{finished}");
    assert!(!file.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left beside it");
}

#[test]
fn a_name_that_cannot_be_written_is_said_before_anything_is_started() {
    let dir = tempfile::tempdir().unwrap();
    let started = dir.path().join("started");
    for bad in ["/no/such/run.zst", "/dev/null", "/"] {
        let mut command = tracer();
        command.args(["-o", bad, "--", "touch"]).arg(&started);
        let finished = run(&mut command).expect(125);
        assert!(finished.stderr.contains("cannot write the recording"), "{finished}");
    }
    assert!(!started.exists());
}

#[test]
fn files_that_are_no_recordings_are_refused_with_a_reason() {
    for (bytes, why) in [
        (&b""[..], "is empty"),
        (b"{\"schema\":1}", "--format json"),
        (b"PK\x03\x04", "not compressed"),
        (b"\x28\xb5\x2f\xfd\x04\x58", "cut off"),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let finished = run(tracer().arg("report").arg(file.path())).expect(1);
        assert!(finished.stderr.contains(why), "{finished}");
        let finished = run(tracer().arg("compare").args([file.path(); 2])).expect(1);
        assert!(finished.stderr.contains(why), "{finished}");
    }
}
