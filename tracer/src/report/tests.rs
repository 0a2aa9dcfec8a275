//! From accounts to rows, groups and shares.

use tracer_common::record::{Call, Life};

use super::*;
use crate::model::{Keep, Model, Stretch, UnderWay};
use crate::symbols::Names;

const KEEP: Keep = Keep { by_thread: false, pauses_over_ns: 1_000_000 };

pub(super) const OPTIONS: Options = Options {
    fold: None,
    histograms: false,
    hdr: false,
    throttling: true,
    locks: true,
    window_start_ns: 1_000,
    sample_hz: None,
    top: 5,
};

/// A model with `count` processes, each of which has made one futex call of 100 ns.
fn model(count: u32) -> (Model, Stretch) {
    let mut model = Model::new(KEEP);
    for n in 1..=count {
        let mut comm = *b"worker\0\0\0\0\0\0\0\0\0\0";
        if n == 1 {
            comm[..6].copy_from_slice(b"parent");
        }
        let life = Life {
            event: Life::SEEDED,
            cookie: n.into(),
            tid: n,
            shown_tgid: n,
            ..Life::default()
        };
        model.life(&Life { comm, shown_tid: n, ns: 1_000, ..life });
    }
    model.open(1_000);
    for n in 1..=count {
        model.call(&futex(n, 100));
    }
    model.edge(2_000);
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[], last: true });
    (model, stretch)
}

fn futex(process: u32, ns: u64) -> Call {
    let nr = crate::kernel::syscalls::number("futex").and_then(|nr| nr.try_into().ok());
    Call {
        cookie: process.into(),
        tid: process,
        nr: nr.unwrap(),
        end_ns: 1_500,
        blocked_ns: ns,
        ..Call::default()
    }
}

#[test]
fn a_few_processes_are_shown_each_by_itself() {
    let (model, stretch) = model(3);
    let Shown { groups, total, .. } =
        groups(&stretch, model.processes(), &OPTIONS, &Names::default());
    assert_eq!(groups.iter().map(|g| g.pid).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!((total.processes, total.threads, total.thread_ns), (3, 3, 3_000));
    assert_eq!(total.syscalls.len(), 1);
    assert_eq!((total.syscalls[0].calls, total.syscalls[0].wall_ns.total), (3, 300));
}

#[test]
fn more_than_a_screenful_are_folded_by_name() {
    let (model, stretch) = model(17);
    let Shown { groups, too_many, .. } =
        groups(&stretch, model.processes(), &OPTIONS, &Names::default());
    assert!(too_many);
    let shown: Vec<_> = groups.iter().map(|g| (g.comm.as_deref(), g.processes, g.pid)).collect();
    assert_eq!(shown, [(Some("worker"), 16, None), (Some("parent"), 1, None)]);
}

#[test]
fn all_in_one_has_no_name_unless_all_share_it() {
    let (model, stretch) = model(3);
    let options = Options { fold: Some(Fold::All), ..OPTIONS };
    let Shown { groups, total, .. } =
        groups(&stretch, model.processes(), &options, &Names::default());
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].comm.as_deref(), groups[0].processes), (None, 3));
    assert_eq!(groups[0].syscalls[0].calls, total.syscalls[0].calls);
}

#[test]
fn the_split_of_a_row_sums_to_its_wall_time() {
    let mut model = Model::new(KEEP);
    model.open(1_000);
    model.call(&Call { on_cpu_ns: 1, runnable_ns: 20, ..futex(1, 300) });
    model.life(&Life { event: Life::SEEDED, cookie: 1, tid: 1, ns: 1_000, ..Life::default() });
    model.edge(2_000);
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[], last: true });
    let Shown { groups, .. } = groups(&stretch, model.processes(), &OPTIONS, &Names::default());
    let row = &groups[0].syscalls[0];
    assert_eq!(row.wall_ns.total, 321);
    assert_eq!((row.on_cpu_ns.total, row.runnable_ns.total, row.blocked_ns.total), (1, 20, 300));
}

#[test]
fn what_is_not_known_is_null_in_json_and_not_0() {
    let json = serde_json::to_value(Figures::default()).unwrap();
    assert_eq!(json["total"], 0);
    for field in ["mean", "p50", "p90", "p99", "p999", "max"] {
        assert!(json[field].is_null(), "{field}");
    }
}

/// A process that execs at 1,100 and again at 1,200, calls being made before each exec or not.
fn execs(calls_by: &[u32]) -> Shown {
    let mut model = Model::new(KEEP);
    model.life(&Life { event: Life::SEEDED, cookie: 9, tid: 1, ns: 1_000, ..Life::default() });
    model.open(1_000);
    let exec = Life { event: Life::EXEC, tid: 1, ..Life::default() };
    // The cookies of processes are in no order.
    model.life(&Life { cookie: 2, origin: 9, ns: 1_100, ..exec });
    model.life(&Life { cookie: 5, origin: 2, ns: 1_200, ..exec });
    for cookie in calls_by {
        model.call(&futex(*cookie, 100));
    }
    model.edge(2_000);
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[], last: true });
    groups(&stretch, model.processes(), &OPTIONS, &Names::default())
}

#[test]
fn the_way_to_an_exec_is_shown_with_what_it_led_to_if_it_made_no_call() {
    let Shown { groups, total, .. } = execs(&[5]);
    assert_eq!((groups.len(), total.processes, total.threads), (1, 1, 1));
    assert_eq!((groups[0].born_ns, groups[0].thread_ns), (Some(200), 1_000));
    assert_eq!(total.thread_ns, 1_000);
}

#[test]
fn a_program_that_made_a_call_before_it_became_another_has_a_group_of_its_own() {
    let Shown { groups, total, .. } = execs(&[2, 5]);
    let shown: Vec<_> = groups.iter().map(|g| (g.born_ns, g.end, g.thread_ns)).collect();
    assert_eq!(shown, [(Some(100), Some(End::Exec), 200), (Some(200), None, 800)]);
    assert_eq!((total.processes, total.thread_ns), (2, 1_000));
}

#[test]
fn an_end_behind_the_report_is_not_in_it() {
    let mut model = Model::new(KEEP);
    model.life(&Life { event: Life::SEEDED, cookie: 1, tid: 1, ns: 1_000, ..Life::default() });
    model.open(1_000);
    model.edge(2_000);
    let death = Life { event: Life::THREAD_EXIT, last: 1, exit_code: 9, ..Life::default() };
    model.life(&Life { cookie: 1, tid: 1, ns: 2_001, ..death });
    let stretch = model.cut(&UnderWay { calls: &[], threads: &[], last: true });
    let Shown { groups, .. } = groups(&stretch, model.processes(), &OPTIONS, &Names::default());
    assert_eq!((groups[0].end, groups[0].exited_ns, groups[0].thread_ns), (None, None, 1_000));
}

#[test]
fn a_kernel_that_does_not_tell_of_locks_has_no_figure_for_them() {
    let (model, stretch) = model(1);
    let of = |locks| {
        groups(&stretch, model.processes(), &Options { locks, ..OPTIONS }, &Names::default())
    };
    let (told, untold) = (of(true), of(false));
    assert!(told.groups[0].locks.as_ref().is_some_and(Vec::is_empty) && told.total.locks.is_some());
    assert!(untold.groups[0].locks.is_none() && untold.total.locks.is_none());
}
