//! The functions that a group's threads were found in most often.

use super::{heading::printable, units::Percent};
use crate::report::{Function, Samples};

/// Shares of fewer samples are off by ten percent and more.
const ENOUGH: u64 = 30;
/// Longer names are cut: the beginning tells most functions apart.
const LONGEST: usize = 48;

/// The hottest functions of programs, then of the kernel, with their shares of the time on CPUs. No
/// item without samples enough to tell.
pub(super) fn items(samples: &Samples) -> Vec<String> {
    if samples.count < ENOUGH {
        return Vec::new();
    }
    let mut user = functions(samples, &samples.top_user, "hottest: ");
    user.extend(functions(samples, &samples.top_kernel, "kernel: "));
    user
}

/// One item for each function, the first of them with what they are and how sure that is.
fn functions(samples: &Samples, functions: &[Function], what: &str) -> Vec<String> {
    let shown = |(n, function): (usize, &Function)| {
        let share = Percent { part: function.count, whole: samples.count };
        let name = name(function);
        match n {
            0 => {
                let error = 100.0 * samples.error(function.count);
                format!("{what}{name} {share:.1} % ±{error:.1}")
            }
            _ => format!("{name} {share:.1} %"),
        }
    };
    functions.iter().enumerate().map(shown).collect()
}

/// `dgemm_kernel (libopenblas)`; the kernel's functions are without a library.
fn name(function: &Function) -> String {
    let name = function.function.as_deref().map(|name| shortened(&printable(name)));
    match (name, function.library.as_deref()) {
        (Some(name), None) => name,
        (None, None) => "unknown".to_owned(),
        (Some(name), Some(library)) => format!("{name} ({})", without_version(&printable(library))),
        (None, Some(library)) => format!("{} (no symbols)", without_version(&printable(library))),
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// `libc.so.6` as `libc`, `libopenblas-6bb31eeb.3.so` (as Python's wheels have it) as `libopenblas`.
fn without_version(library: &str) -> &str {
    let Some((name, _)) = library.split_once(".so") else { return library };
    match name.rsplit_once('-') {
        Some((before, hash)) if is_hash(hash.split('.').next().unwrap_or(hash)) => before,
        _ => name,
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn function(name: Option<&str>, library: Option<&str>, count: u64) -> Function {
        Function { function: name.map(Into::into), library: library.map(Into::into), count }
    }

    fn blas() -> Samples {
        let library = Some("libscipy_openblas64_-6bb31eeb.so");
        Samples {
            hz: 199,
            count: 1_592,
            user: 1_400,
            top_user: vec![
                function(Some("blas_thread_server"), library, 616),
                function(Some("dgemm_kernel_HASWELL"), library, 53),
                function(None, Some("python3.11"), 1),
            ],
            top_kernel: vec![function(Some("clear_page_erms"), None, 99), function(None, None, 2)],
            ..Samples::default()
        }
    }

    #[test]
    fn the_hottest_functions_have_their_library_and_share_and_the_first_its_error() {
        assert_snapshot!(items(&blas()).join(" · "), @"hottest: blas_thread_server (libscipy_openblas64_) 38.7 % ±1.2 · dgemm_kernel_HASWELL (libscipy_openblas64_) 3.3 % · python3.11 (no symbols) 0.1 % · kernel: clear_page_erms 6.2 % ±0.6 · unknown 0.1 %");
    }

    #[test]
    fn a_handful_of_samples_names_nobody() {
        assert_eq!(items(&Samples { count: ENOUGH - 1, ..blas() }), Vec::<String>::new());
        let none = Samples { top_user: Vec::new(), top_kernel: Vec::new(), ..blas() };
        assert_eq!(items(&none), Vec::<String>::new());
    }

    #[test]
    fn a_program_that_is_all_kernel_has_no_hottest_function_of_its_own() {
        let samples = Samples { top_user: Vec::new(), ..blas() };
        assert_snapshot!(items(&samples).join(" · "), @"kernel: clear_page_erms 6.2 % ±0.6 · unknown 0.1 %");
    }

    #[test]
    fn libraries_go_by_their_names_without_versions() {
        let names =
            ["libc.so.6", "libopenblas-6bb31eeb.3.so", "libfoo-2.so", "python3.11", "[vdso]"];
        let short = names.map(without_version);
        assert_eq!(short, ["libc", "libopenblas", "libfoo-2", "python3.11", "[vdso]"]);
    }

    #[test]
    fn a_long_name_is_cut_and_none_can_steer_the_terminal() {
        let long = function(Some(&"a".repeat(200)), None, 1);
        assert_eq!(name(&long).chars().count(), LONGEST);
        assert_eq!(name(&function(Some("a\u{1b}[2J"), None, 1)), "a\\u{1b}[2J");
    }
}
