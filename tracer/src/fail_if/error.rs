//! What is wrong with a condition, and where.

use std::{fmt, ops::Range};

use textwrap::core::display_width;

/// A condition that cannot be understood, or makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    text: String,
    /// Bytes of the text; empty at its end.
    at: Range<usize>,
    what: String,
}

impl ConditionError {
    pub(super) fn new(text: &str, at: Range<usize>, what: impl Into<String>) -> Self {
        Self { text: text.to_owned(), at, what: what.into() }
    }
}

impl fmt::Display for ConditionError {
    /// What is wrong, then the condition, with the place marked beneath it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A tab or a line break would move the mark from its place.
        let plain = |text: &str| text.replace(char::is_control, " ");
        let part = |range: Range<usize>| plain(self.text.get(range).unwrap_or_default());
        let before = display_width(&part(0..self.at.start));
        let marked = display_width(&part(self.at.clone())).max(1);
        write!(f, "{}\n\n  {}\n  ", self.what, plain(&self.text))?;
        write!(f, "{:before$}{}", "", "^".repeat(marked))
    }
}

impl std::error::Error for ConditionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_under_the_text() {
        let error = ConditionError::new("p99(bkr) > 3ms", 4..7, "what?");
        assert_eq!(error.to_string(), "what?\n\n  p99(bkr) > 3ms\n      ^^^");
    }

    #[test]
    fn the_end_and_wide_or_invisible_characters_are_places_too() {
        let at = |text: &str, range| ConditionError::new(text, range, "").to_string();
        assert_eq!(at("lost >", 6..6), "\n\n  lost >\n        ^");
        assert_eq!(at("日本\tx", 7..8), "\n\n  日本 x\n       ^");
    }
}
