//! What the sampling clock found, as it is shown.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::names::call_name;
use crate::{
    model::{self, Place},
    symbols::Names,
};

/// Where the threads of a group were when the sampling clock of their CPU ticked: shares of their
/// time on CPUs.
///
/// A share p of n samples has a standard error of √(p(1−p)/n), which [`Samples::error`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Samples {
    /// Ticks a second on each CPU.
    pub hz: u32,
    /// All samples: n.
    pub count: u64,
    /// In user mode.
    pub user: u64,
    /// Serving a page fault, outside of system calls. Null where the kernel hides its names; then
    /// these are in `other`.
    pub page_fault: Option<u64>,
    /// In system calls, by name, faults and interrupts within them included. "entry and exit" are
    /// the ways into and out of calls, which are no part of their times.
    pub syscalls: BTreeMap<String, u64>,
    /// Serving an interrupt, outside of system calls. Null as `page_fault`.
    pub interrupt: Option<u64>,
    /// Elsewhere in the kernel.
    pub other: u64,
    /// The files that the code found in user mode is of, most often found first: all of them.
    #[serde(default)]
    pub libraries: Vec<Library>,
    /// The functions most often found in user mode, at most `--top` of them.
    pub top_user: Vec<Function>,
    /// The functions most often found in the kernel, likewise.
    pub top_kernel: Vec<Function>,
}

/// A file of code, and how often threads were found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// Its name, as in [`Function::library`]; null where it is not known.
    pub library: Option<String>,
    /// Samples in it.
    pub count: u64,
}

/// A function, and how often it was found running: itself, not what it called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name. Null for code without symbols: all such code of one file together.
    pub function: Option<String>,
    /// The file that it is of, or `[vdso]`, or `[anon]` for code made at run time; absent for the
    /// kernel, and where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// Samples in it.
    pub count: u64,
}

impl Samples {
    /// The standard error of the share that `part` of the samples make: √(p(1−p)/n), 0 without a
    /// sample.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an error to two digits")]
    pub fn error(&self, part: u64) -> f64 {
        let n = self.count.max(1) as f64;
        let share = part as f64 / n;
        (share * (1.0 - share).max(0.0) / n).sqrt()
    }
}

/// How the kernel was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Fault,
    Interrupt,
    Call,
    Other,
}

/// What the outermost functions of a kernel stack say; the outermost that says something decides.
fn root<'a>(outermost_first: impl IntoIterator<Item = &'a str>) -> Root {
    let says = |function: &str| {
        let starts_with = |any: &[&str]| any.iter().any(|with| function.starts_with(with));
        // The first line of each is x86, the second arm64.
        if matches!(
            function,
            "asm_exc_page_fault"
                | "exc_page_fault"
                | "asm_exc_page_fault_user"
                | "el0_da"
                | "el0_ia"
        ) {
            Some(Root::Fault)
        } else if starts_with(&[
            "asm_sysvec_",
            "sysvec_",
            "asm_common_interrupt",
            "asm_spurious_interrupt",
            "el0t_64_irq",
            "el0t_64_fiq",
            "el0_interrupt",
        ]) {
            Some(Root::Interrupt)
        } else if starts_with(&[
            "entry_SYSCALL",
            "entry_SYSENTER",
            "entry_INT80",
            "do_syscall_64",
            "do_int80",
            "asm_int80",
            "do_fast_syscall_32",
            "el0_svc",
        ]) {
            Some(Root::Call)
        } else {
            None
        }
    };
    outermost_first.into_iter().find_map(says).unwrap_or(Root::Other)
}

/// The samples of an account, sorted by how its threads had come there.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    in_calls: BTreeMap<String, u64>,
    /// What lies outside of the calls.
    pub(super) outside: Outside,
    entry_and_exit: u64,
}

/// Samples outside of system calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outside {
    /// In user mode.
    pub(super) user: u64,
    /// In page faults; `None` where the kernel hides its names.
    pub(super) faults: Option<u64>,
    /// In interrupts; likewise.
    pub(super) interrupts: Option<u64>,
    /// Elsewhere in the kernel, on the way into and out of calls too.
    pub(super) other: u64,
}

impl Outside {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.user + self.faults.unwrap_or(0) + self.interrupts.unwrap_or(0) + self.other
    }
}

/// Sorts the samples of an account.
pub(super) fn sorted(samples: &model::Samples, names: &Names) -> Sorted {
    let mut sorted = Sorted::default();
    let (mut faults, mut interrupts) = (0, 0);
    for (place, count) in &samples.places {
        match place {
            Place::User => sorted.outside.user += count,
            Place::Call(kind) => *sorted.in_calls.entry(call_name(*kind)).or_default() += count,
            Place::Kernel(roots) => {
                match root(roots.iter().filter_map(|&address| names.kernel(address))) {
                    Root::Fault => faults += count,
                    Root::Interrupt => interrupts += count,
                    Root::Call => {
                        sorted.entry_and_exit += count;
                        sorted.outside.other += count;
                    }
                    Root::Other => sorted.outside.other += count,
                }
            }
        }
    }
    if !names.kernel_hides_names() {
        sorted.outside.faults = Some(faults);
        sorted.outside.interrupts = Some(interrupts);
    }
    sorted
}

/// What is shown of the samples of an account.
pub(super) fn samples(samples: &model::Samples, names: &Names, hz: u32, top: usize) -> Samples {
    let Sorted { in_calls: mut syscalls, outside, entry_and_exit } = sorted(samples, names);
    if entry_and_exit > 0 {
        syscalls.insert("entry and exit".to_owned(), entry_and_exit);
    }
    let user = samples.user.iter().map(|(code, count)| {
        let function = code.and_then(|code| names.function(code));
        ((function, code.and_then(|code| names.library(code))), *count)
    });
    let kernel = samples.kernel.iter().map(|(ip, count)| ((names.kernel(*ip), None), *count));
    Samples {
        hz,
        count: samples.places.values().sum(),
        user: outside.user,
        page_fault: outside.faults,
        syscalls,
        interrupt: outside.interrupts,
        other: outside.other - entry_and_exit,
        libraries: libraries(samples, names),
        top_user: hottest(user, top),
        top_kernel: hottest(kernel, top),
    }
}

/// The files of all code found in user mode.
fn libraries(samples: &model::Samples, names: &Names) -> Vec<Library> {
    let mut counts: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for (code, count) in &samples.user {
        *counts.entry(code.and_then(|code| names.library(code))).or_default() += count;
    }
    let mut libraries: Vec<Library> = counts
        .into_iter()
        .map(|(library, count)| Library { library: library.map(str::to_owned), count })
        .collect();
    libraries.sort_by_key(|library| Reverse(library.count));
    libraries
}

/// The functions found most often, of addresses that were found so often.
fn hottest<'a>(
    found: impl Iterator<Item = ((Option<&'a str>, Option<&'a str>), u64)>,
    top: usize,
) -> Vec<Function> {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for (function, count) in found {
        *counts.entry(function).or_default() += count;
    }
    let mut functions: Vec<_> = counts.into_iter().collect();
    // Stable: those found equally often stay in the order of their names.
    functions.sort_by_key(|(_, count)| Reverse(*count));
    let owned = |text: Option<&str>| text.map(str::to_owned);
    functions
        .into_iter()
        .take(top)
        .map(|((function, library), count)| Function {
            function: owned(function),
            library: owned(library),
            count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallKind, Code};

    const USER: Place = Place::User;
    const BRK: Place = Place::Call(CallKind { nr: 12, brk: 0x82, compat: false });
    const FAULT: Place = Place::Kernel([0x10, 0x11, 0, 0]);
    const TIMER: Place = Place::Kernel([0x20, 0, 0, 0]);
    const ENTRY: Place = Place::Kernel([0x30, 0x31, 0, 0]);
    const FORKED: Place = Place::Kernel([0x40, 0, 0, 0]);

    fn names() -> Names {
        let mut names = Names::default();
        let functions = [
            (0x10, "asm_exc_page_fault"),
            (0x11, "exc_page_fault"),
            (0x20, "asm_sysvec_apic_timer_interrupt"),
            (0x30, "entry_SYSCALL_64_after_hwframe"),
            (0x31, "do_syscall_64"),
            (0x40, "ret_from_fork_asm"),
            (0x50, "clear_page_erms"),
            (0x51, "clear_page_erms"),
        ];
        names.learn_kernel(functions.map(|(address, name)| (address, Some(name.to_owned()))));
        names.learn_library(1, "libblas.so".to_owned());
        let code = |offset| Code { file: 1, offset };
        let named = |offset, name: &str| (code(offset), Some(name.to_owned()));
        names.learn([named(1, "dgemm"), named(2, "dgemm"), named(3, "spin"), (code(4), None)]);
        names
    }

    fn counted(places: &[(Place, u64)]) -> model::Samples {
        model::Samples { places: places.iter().copied().collect(), ..model::Samples::default() }
    }

    #[test]
    fn the_outermost_function_that_says_something_decides() {
        assert_eq!(root(["asm_exc_page_fault", "exc_page_fault"]), Root::Fault);
        assert_eq!(root(["asm_common_interrupt", "common_interrupt"]), Root::Interrupt);
        assert_eq!(root(["entry_SYSCALL_64_after_hwframe", "do_syscall_64"]), Root::Call);
        assert_eq!(root(["ret_from_fork_asm", "ret_from_fork"]), Root::Other);
        assert_eq!(root(["no_such", "asm_sysvec_reschedule_ipi"]), Root::Interrupt);
        // On arm64 the outermost is the same for calls and faults.
        assert_eq!(root(["el0t_64_sync", "el0t_64_sync_handler", "el0_da"]), Root::Fault);
        assert_eq!(root(["el0t_64_sync", "el0t_64_sync_handler", "el0_svc"]), Root::Call);
        assert_eq!(root([]), Root::Other);
    }

    #[test]
    fn a_fault_inside_a_call_belongs_to_the_call() {
        // The kernel stack of such a one has the call at its root, and the call is known besides.
        assert_eq!(
            root(["entry_SYSCALL_64_after_hwframe", "do_syscall_64", "asm_exc_page_fault"]),
            Root::Call
        );
        let shown = samples(&counted(&[(BRK, 7)]), &names(), 199, 5);
        assert_eq!(shown.syscalls, [("brk shrink".to_owned(), 7)].into());
        assert_eq!(shown.page_fault, Some(0));
    }

    #[test]
    fn every_sample_is_in_one_class() {
        let places = [(USER, 1), (BRK, 2), (FAULT, 4), (TIMER, 8), (ENTRY, 16), (FORKED, 32)];
        let shown = samples(&counted(&places), &names(), 199, 5);
        assert_eq!((shown.count, shown.user, shown.other), (63, 1, 32));
        assert_eq!((shown.page_fault, shown.interrupt), (Some(4), Some(8)));
        assert_eq!(shown.syscalls["entry and exit"], 16);
        let outside = sorted(&counted(&places), &names()).outside;
        assert_eq!((outside.count(), outside.other), (61, 48));
    }

    #[test]
    fn of_a_kernel_that_hides_its_names_faults_and_interrupts_are_unknown() {
        let mut names = Names::default();
        names.learn_kernel([(0x10, None), (0x20, None)]);
        let places = [(USER, 1), (BRK, 2), (FAULT, 4), (TIMER, 8)];
        let shown = samples(&counted(&places), &names, 199, 5);
        assert_eq!((shown.page_fault, shown.interrupt, shown.other), (None, None, 12));
        assert_eq!((shown.user, shown.syscalls["brk shrink"]), (1, 2));
    }

    #[test]
    fn the_addresses_of_one_function_are_one_function() {
        let code = |offset| Some(Code { file: 1, offset });
        let found = model::Samples {
            user: [(code(1), 5), (code(2), 5), (code(3), 7), (code(4), 2), (None, 1)].into(),
            kernel: [(0x50, 3), (0x51, 3), (0x99, 1)].into(),
            ..model::Samples::default()
        };
        let shown = samples(&found, &names(), 199, 9);
        let user: Vec<_> = shown
            .top_user
            .iter()
            .map(|f| (f.function.as_deref(), f.library.as_deref(), f.count))
            .collect();
        let blas = Some("libblas.so");
        let expected =
            [(Some("dgemm"), blas, 10), (Some("spin"), blas, 7), (None, blas, 2), (None, None, 1)];
        assert_eq!(user, expected);
        let kernel: Vec<_> =
            shown.top_kernel.iter().map(|f| (f.function.as_deref(), f.count)).collect();
        assert_eq!(kernel, [(Some("clear_page_erms"), 6), (None, 1)]);
        assert_eq!(samples(&found, &names(), 199, 1).top_user.len(), 1);
        let none = samples(&found, &names(), 199, 0);
        assert_eq!(none.top_kernel, []);
        let libraries: Vec<_> =
            none.libraries.iter().map(|l| (l.library.as_deref(), l.count)).collect();
        assert_eq!(libraries, [(blas, 19), (None, 1)], "all of them, whatever functions are named");
    }

    #[test]
    fn the_error_of_a_share_shrinks_with_the_root_of_the_samples() {
        let samples = Samples { count: 100, ..Samples::default() };
        assert!((samples.error(50) - 0.05).abs() < 1e-12);
        assert!((samples.error(20) - 0.04).abs() < 1e-12);
        assert!(samples.error(0).abs() < 1e-12 && samples.error(100).abs() < 1e-12);
        assert!(Samples::default().error(0).abs() < 1e-12);
    }
}
