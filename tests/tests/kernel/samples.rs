//! The samples of the CPUs find what the programs do, and share out their time.

use std::{fs, thread, time::Duration};

use serde_json::Value;
use tests::{Report, Tracing, Workload, report::number, tracing};

/// All that a process was found at.
fn samples(report: &Report, pid: i32) -> &Value {
    &report.process(pid)["samples"]
}

/// Its share of the samples, in percent.
fn percent(samples: &Value, count: u64) -> u64 {
    100 * count / number(samples, "count").max(1)
}

/// The functions found most often in programs, with their libraries.
fn functions(samples: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let top = samples["top_user"].as_array().expect("a list of functions");
    top.iter().map(|it| (text(&it["function"]), text(&it["library"]))).collect()
}

/// A process that spins in user mode for as long as it is traced.
fn spinner() -> Workload {
    let mut spinner = Workload::waiting("scene threads-spin --threads 2 --seconds 2");
    spinner.go();
    thread::sleep(Duration::from_millis(100)); // Its threads are past the call that held them.
    spinner
}

#[test]
fn a_spinner_is_found_in_user_mode_and_its_function_is_named() {
    let mut spinner = spinner();
    let tracing = Tracing::of(spinner.pid(), "");
    let _truth = spinner.truth();
    let report = tracing.finish();
    let samples = samples(&report, spinner.pid());
    assert!(number(samples, "count") >= 100, "{samples:#}");
    assert!(percent(samples, number(samples, "user")) >= 97, "{samples:#}");
    let spins = |(function, library): &(String, String)| {
        library == "workloads" && function.contains("Bench::perform")
    };
    // Between looks at the clock, which is read in the vDSO.
    assert!(functions(samples).iter().any(spins), "{samples:#}");
}

#[test]
fn functions_are_named_though_their_process_has_ended() {
    let (report, _) =
        tracing::trace("", &["sh", "-c", "i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done"]);
    let samples = &report.0["total"]["samples"];
    assert!(number(samples, "count") >= 50, "{samples:#}");
    let of_shell = |(_, library): &(String, String)| library != "[vdso]" && !library.is_empty();
    assert!(functions(samples).iter().any(of_shell), "{samples:#}");
}

#[test]
fn as_many_samples_are_taken_as_the_time_on_cpus_lets_expect() {
    let mut spinner = spinner();
    let tracing = Tracing::of(spinner.pid(), "--sample-hz 997");
    let _truth = spinner.truth();
    let report = tracing.finish();
    let process = report.process(spinner.pid());
    let on_cpu_ns = number(&process["sched"]["on_cpu_ns"], "total");
    let expected = on_cpu_ns * 997 / 1_000_000_000;
    let count = number(&process["samples"], "count");
    // A thread that comes and goes between two ticks is found by chance.
    assert!((expected * 9 / 10..=expected * 11 / 10).contains(&count), "{expected}: {process:#}");
    assert_eq!(number(&process["samples"], "hz"), 997);
}

#[test]
fn long_calls_are_found_by_samples_as_often_as_they_took() {
    // Long ones: about the edges of a call, where interrupts are off, a sample comes late.
    let steps = "populate=1 spin=1ms --repeat 700";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "-e mmap,munmap --sample-hz 997");
    let _truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let samples = &process["samples"];
    let sampled: u64 =
        ["mmap", "munmap"].iter().filter_map(|call| samples["syscalls"][call].as_u64()).sum();
    let sampled = percent(samples, sampled);
    // The time of the calls is measured by other means, and the two have to agree.
    let kernel_ns = &process["budget"]["kernel_ns"];
    let exact_ns = number(kernel_ns, "mmap") + number(kernel_ns, "munmap");
    let on_cpu_ns = number(&process["sched"]["on_cpu_ns"], "total");
    let exact = 100 * exact_ns / on_cpu_ns;
    assert!((10..=90).contains(&exact), "no test of anything: {process:#}");
    assert!(
        sampled.abs_diff(exact) <= 10,
        "{sampled} % of samples, {exact} % of time: {process:#}"
    );
}

#[test]
fn page_faults_are_the_largest_part_of_the_kernels_time_in_the_brk_loop() {
    let (report, _) = tracing::trace(
        "--sample-hz 997",
        &[
            tests::workloads().get_program().to_str().expect("a path of UTF-8"),
            "brk-loop",
            "--procs",
            "1",
            "--seconds",
            "3",
        ],
    );
    let busiest = |process: &&Value| number(&process["samples"], "count");
    let worker = report.processes().iter().max_by_key(busiest).expect("a worker");
    let samples = &worker["samples"];
    let faults = number(samples, "page_fault");
    let calls: u64 =
        samples["syscalls"].as_object().expect("calls").values().filter_map(Value::as_u64).sum();
    assert!(percent(samples, faults) >= 25, "{samples:#}");
    assert!(faults > calls && faults > number(samples, "interrupt"), "{samples:#}");
    let budget = &worker["budget"];
    assert_eq!(budget["sampled"]["method"], "samples", "{budget:#}");
    let of_calls: u64 =
        budget["kernel_ns"].as_object().expect("calls").values().filter_map(Value::as_u64).sum();
    assert!(number(budget, "faults_ns") > of_calls, "{budget:#}");
    assert_is_split(budget);
}

/// Fails the test unless the parts outside of calls are the whole, to the nanosecond.
#[track_caller]
fn assert_is_split(budget: &Value) {
    let parts = ["user_ns", "faults_ns", "irq_ns", "other_kernel_ns"];
    let sum: u64 = parts.iter().filter_map(|part| budget[part].as_u64()).sum();
    assert_eq!(sum, number(budget, "outside_calls_ns"), "{budget:#}");
}

#[test]
fn without_samples_the_ticks_divide_the_time_and_page_faults_are_unknown() {
    let mut spinner = spinner();
    let tracing = Tracing::of(spinner.pid(), "--sample-hz 0");
    let _truth = spinner.truth();
    let report = tracing.finish();
    let process = report.process(spinner.pid());
    assert!(process.get("samples").is_none(), "{process:#}");
    let budget = &process["budget"];
    assert!(budget["faults_ns"].is_null() && budget["irq_ns"].is_null(), "{budget:#}");
    assert_eq!(budget["sampled"]["method"], "ticks", "{budget:#}");
    assert_is_split(budget);
}

#[test]
fn no_name_is_looked_for_with_top_0() {
    let mut spinner = spinner();
    let tracing = Tracing::of(spinner.pid(), "--top 0");
    let _truth = spinner.truth();
    let report = tracing.finish();
    let samples = samples(&report, spinner.pid());
    assert!(number(samples, "user") > 0, "{samples:#}");
    assert_eq!(
        (&samples["top_user"], &samples["top_kernel"]),
        (&Value::from([(); 0]), &Value::from([(); 0]))
    );
}

#[test]
fn a_kernel_that_hides_its_names_costs_faults_and_a_note_but_not_the_run() {
    const HIDES: &str = "/proc/sys/kernel/kptr_restrict";
    struct Restore(String);
    impl Drop for Restore {
        fn drop(&mut self) {
            fs::write(HIDES, &self.0).ok();
        }
    }
    let restore = Restore(fs::read_to_string(HIDES).expect("a sysctl"));
    fs::write(HIDES, "2").expect("root may set it");
    let steps = ["syscalls", "getppid=300000"];
    let program = tests::workloads();
    let program = program.get_program().to_str().expect("a path of UTF-8");
    let (report, _) = tracing::trace("", &[program, steps[0], steps[1]]);
    drop(restore);
    let samples = &report.0["total"]["samples"];
    assert!(samples["page_fault"].is_null() && samples["interrupt"].is_null(), "{samples:#}");
    assert!(number(&samples["syscalls"], "getppid") > 0, "{samples:#}");
    assert!(report.0["trust"]["notes"].to_string().contains("kptr_restrict"), "{report}");
}

#[test]
fn the_samples_of_all_processes_are_those_of_each() {
    let (report, _) = tracing::trace(
        "",
        &["sh", "-c", "for i in 1 2 3; do (seq 400000 | wc -l) > /dev/null; done"],
    );
    let sum: u64 = report.processes().iter().map(|it| number(&it["samples"], "count")).sum();
    let total = &report.0["total"]["samples"];
    assert_eq!(number(total, "count"), sum, "{report}");
    assert!(sum > 0, "{report}");
}
