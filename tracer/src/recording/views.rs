//! Everything that a report may be asked for later, taken while the accounts are there.

use serde::{Deserialize, Serialize};

use crate::report::{Fold, Group, Report, Sched};

/// So many of the hottest functions are kept, if there are any.
const FUNCTIONS: usize = 50;

/// How a report is to be made of the accounts.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How processes are put together; `None` leaves it to their number.
    pub fold: Option<Fold>,
    /// Rows carry the bars of their histograms.
    pub histograms: bool,
    /// Rows carry their distributions in full.
    pub hdr: bool,
    /// So many of the hottest functions are named.
    pub top: usize,
}

/// How a recorded report is to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Display {
    /// How processes are put together; `None` leaves it to their number.
    pub fold: Option<Fold>,
    /// Rows carry the bars of their histograms.
    pub histograms: bool,
    /// So many of the hottest functions are named.
    pub top: usize,
}

/// The groups of a report, put together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folded {
    /// Those of one name together.
    pub comm: Vec<Group>,
    /// All together.
    pub all: Vec<Group>,
    /// What a page has room for; absent where it has room for every process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitting: Option<Fitting>,
}

/// A page's worth of groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fitting {
    /// The groups.
    pub processes: Vec<Group>,
    /// The notes under them, in place of the report's own.
    pub notes: Vec<String>,
}

/// What is kept of an interval.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// A group for each process or thread.
    pub report: Report,
    /// The same groups, put together.
    pub folded: Folded,
}

impl Interval {
    /// Takes all that may be asked for from `make`, which makes a report in a given shape. With
    /// `hdr` the report keeps its distributions in full; `top` is what the live report names.
    pub fn take(hdr: bool, top: usize, make: impl Fn(Shape) -> Report) -> Self {
        // Without a name for the live report no code was looked up, so there is none to keep.
        let top = if top == 0 { 0 } else { top.max(FUNCTIONS) };
        let with = |fold, hdr| make(Shape { fold, histograms: true, hdr, top });
        let report = with(Some(Fold::Process), hdr);
        let fitting = with(None, false);
        // Whoever puts processes together unasked says so.
        let is_fitted = fitting.trust.notes != report.trust.notes;
        let folded = Folded {
            comm: with(Some(Fold::Comm), false).processes,
            all: with(Some(Fold::All), false).processes,
            fitting: is_fitted
                .then_some(Fitting { processes: fitting.processes, notes: fitting.trust.notes }),
        };
        Self { report, folded }
    }

    /// The report as a live run with this display shows it.
    #[must_use]
    pub fn shown(&self, display: &Display) -> Report {
        shown(&self.report, &self.folded, display)
    }
}

/// One of the views of a report.
pub(super) fn shown(report: &Report, folded: &Folded, display: &Display) -> Report {
    let mut shown = report.clone();
    match (display.fold, &folded.fitting) {
        (Some(Fold::Process), _) | (None, None) => {}
        (Some(Fold::Comm), _) => shown.processes.clone_from(&folded.comm),
        (Some(Fold::All), _) => shown.processes.clone_from(&folded.all),
        (None, Some(Fitting { processes, notes })) => {
            shown.processes.clone_from(processes);
            shown.trust.notes.clone_from(notes);
        }
    }
    shown.processes.iter_mut().chain([&mut shown.total]).for_each(|group| trim(group, display));
    shown
}

/// Leaves out what a live report does not have.
fn trim(group: &mut Group, display: &Display) {
    let of_rows = group.syscalls.iter_mut().flat_map(|row| {
        [&mut row.wall_ns, &mut row.on_cpu_ns, &mut row.runnable_ns, &mut row.blocked_ns]
    });
    let Sched { on_cpu_ns, run_queue_ns, off_cpu_ns, off_cpu, .. } = &mut group.sched;
    let of_sched = [on_cpu_ns, run_queue_ns, off_cpu_ns].into_iter();
    let of_sleeps = off_cpu.iter_mut().map(|sleep| &mut sleep.ns);
    for figures in of_rows.chain(of_sched).chain(of_sleeps) {
        figures.hdr = None;
        if !display.histograms {
            figures.histogram.clear();
        }
    }
    if let Some(samples) = &mut group.samples {
        samples.top_user.truncate(display.top);
        samples.top_kernel.truncate(display.top);
    }
}
