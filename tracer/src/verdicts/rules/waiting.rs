//! Which user code is known to wait while it keeps its CPU.

use crate::report::{Function, Samples};

/// Parts of the names of functions in which threads of a pool wait without sleeping: those of
/// `OpenBLAS`, of the `OpenMP` runtimes of GNU and LLVM, of `MKL`, and words that such functions
/// are made of.
const FUNCTIONS: [&str; 14] = [
    "blas_thread_server",
    "inner_thread",
    "exec_blas",
    "gomp_barrier_wait",
    "gomp_team_barrier",
    "gomp_thread_start",
    "kmp_flag",
    "kmp_hyper_barrier",
    "kmp_wait",
    "kmp_fork_barrier",
    "spin_wait",
    "spin_until",
    "busy_wait",
    "spin_lock",
];
/// Libraries that do nothing but start, feed and hold threads.
const LIBRARIES: [&str; 5] = ["libgomp", "libiomp5", "libomp", "libtbb", "libkmp"];

/// Samples in user mode, by what is known of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    /// In functions, or libraries, that wait.
    pub(super) waits: u64,
    /// In other functions that have names.
    pub(super) works: u64,
    /// In code without a name.
    pub(super) unknown: u64,
}

impl Code {
    /// Sorts the samples of an account.
    pub(super) fn of(samples: &Samples) -> Self {
        let mut code = Self::default();
        for function in &samples.top_user {
            match () {
                () if is_waiting(function) => code.waits += function.count,
                () if function.function.is_some() => code.works += function.count,
                () => code.unknown += function.count,
            }
        }
        // Those that are not among the top ones.
        code.unknown += samples.user.saturating_sub(code.all());
        code
    }

    pub(super) fn all(self) -> u64 {
        self.waits + self.works + self.unknown
    }
}

impl std::iter::Sum for Code {
    fn sum<I: Iterator<Item = Self>>(codes: I) -> Self {
        codes.fold(Self::default(), |sum, it| Self {
            waits: sum.waits + it.waits,
            works: sum.works + it.works,
            unknown: sum.unknown + it.unknown,
        })
    }
}

pub(super) fn is_waiting(function: &Function) -> bool {
    let name = function.function.as_deref().unwrap_or_default();
    let library = function.library.as_deref().unwrap_or_default();
    FUNCTIONS.iter().any(|part| name.contains(part))
        || LIBRARIES.iter().any(|start| library.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_sorted_by_its_name_or_its_library() {
        let function = |name: Option<&str>, library: &str, count| Function {
            function: name.map(str::to_owned),
            library: Some(library.to_owned()),
            count,
        };
        let openblas = "libscipy_openblas64_-6bb31eeb.so";
        let samples = Samples {
            user: 110,
            top_user: vec![
                function(Some("blas_thread_server"), openblas, 38),
                function(Some("inner_thread"), openblas, 54),
                function(Some("dgemm_kernel_HASWELL"), openblas, 3),
                function(None, "libgomp-a34b3233.so.1.0.0", 2),
                function(None, "python3.11", 4),
            ],
            ..Samples::default()
        };
        assert_eq!(Code::of(&samples), Code { waits: 94, works: 3, unknown: 13 });
    }
}
