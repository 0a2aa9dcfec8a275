//! What the place that text goes to can show.

use std::{env, ffi::OsString, io::IsTerminal, os::fd::AsFd};

use terminal_size::{Width, terminal_size_of};

/// How text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; `None` where there is none, and lines may be of any length.
    pub width: Option<usize>,
    /// The reader's locale has UTF-8; without it the text is ASCII alone.
    pub unicode: bool,
    /// Colours, bold and dim may be used.
    pub color: bool,
    /// The report is one of several: that of the whole window says so, as each interval does.
    pub series: bool,
}

impl Style {
    /// The style for what is written to `out`, of one report.
    pub fn detect(out: impl AsFd) -> Self {
        let out = out.as_fd();
        let width = terminal_size_of(out).map(|(Width(columns), _)| columns.into());
        Self::chosen(out.is_terminal(), width, |name| env::var_os(name))
    }

    fn chosen(
        terminal: bool,
        width: Option<usize>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        // An empty variable counts as unset: POSIX says so of the locale, no-color.org of its own.
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_string_lossy().to_lowercase();
        Self {
            // Terminals without a size, such as serial lines, report 0.
            width: width.filter(|&columns| terminal && columns > 0),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            color: terminal
                && set("NO_COLOR").is_none()
                && set("TERM").is_some_and(|term| term != "dumb"),
            series: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_terminal(variables: &[(&str, &str)]) -> Style {
        Style::chosen(true, Some(80), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn a_file_has_neither_width_nor_colour() {
        let style = Style::detect(tempfile::tempfile().unwrap());
        assert_eq!((style.width, style.color), (None, false));
    }

    #[test]
    fn a_terminal_without_a_size_is_as_wide_as_any_line() {
        assert_eq!(Style::chosen(true, Some(0), |_| None).width, None);
    }

    #[test]
    fn the_locale_is_that_of_the_first_variable_that_says_something() {
        assert!(on_terminal(&[("LANG", "de_DE.UTF-8")]).unicode);
        assert!(on_terminal(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).unicode);
        assert!(!on_terminal(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]).unicode);
        assert!(!on_terminal(&[]).unicode);
    }

    #[test]
    fn colour_needs_a_terminal_that_can_and_a_user_who_does_not_mind() {
        assert!(on_terminal(&[("TERM", "xterm")]).color);
        assert!(on_terminal(&[("TERM", "xterm"), ("NO_COLOR", "")]).color);
        assert!(!on_terminal(&[("TERM", "xterm"), ("NO_COLOR", "1")]).color);
        assert!(!on_terminal(&[("TERM", "dumb")]).color);
        assert!(!on_terminal(&[]).color);
    }
}
