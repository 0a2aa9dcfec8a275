//! Text on its way to the reader: wrapped, painted, and in ASCII where nothing else can be shown.

use anstyle::{AnsiColor, Style as Paint};
use textwrap::{Options, WordSeparator, WordSplitter, core::display_width};

use crate::sinks::Style;

/// What a part of the report is about.
pub(super) const HEADING: Paint = Paint::new().bold();
/// Figures, and what they mean.
pub(super) const PLAIN: Paint = Paint::new();
/// What is said beside the figures.
pub(super) const NOTE: Paint = Paint::new().dimmed();
/// What makes the figures wrong.
pub(super) const ALARM: Paint = AnsiColor::Red.on_default().bold();

/// Keeps the words of an item on one line; printed as a space.
const NO_BREAK_SPACE: &str = "\u{a0}";

/// The text so far.
pub(super) struct Page<'a> {
    style: &'a Style,
    text: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: &'a Style) -> Self {
        Self { style, text: String::new() }
    }

    /// Columns of the reader's terminal, if there is one.
    pub(super) fn width(&self) -> Option<usize> {
        self.style.width
    }

    /// Lines that are as wide as they have to be.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.line(PLAIN, &line);
        }
    }

    /// Sentences, wrapped at words with what follows indented.
    pub(super) fn prose(&mut self, paint: Paint, text: &str) {
        let Some(width) = self.style.width else { return self.line(paint, text) };
        let options = Options::new(width)
            .subsequent_indent("  ")
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        for line in textwrap::wrap(text, options) {
            self.line(paint, &line);
        }
    }

    /// Items on one line, wrapped between them, and inside one only if it is longer than a line.
    pub(super) fn items(&mut self, paint: Paint, items: &[String], separator: &str) {
        if items.is_empty() {
            return;
        }
        // The separator breaks after its mark, never before: a line does not begin with one.
        let separator = match separator.trim() {
            "" => separator.to_owned(),
            mark => format!("{NO_BREAK_SPACE}{mark} "),
        };
        let room = self.style.width.unwrap_or(usize::MAX).saturating_sub(separator.len());
        let items: Vec<String> = items
            .iter()
            .map(|item| match display_width(item) < room {
                true => item.replace(' ', NO_BREAK_SPACE),
                false => item.clone(),
            })
            .collect();
        self.prose(paint, &items.join(&separator));
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// The text, in what the reader can show.
    pub(super) fn finish(self) -> String {
        let text = self.text.replace(NO_BREAK_SPACE, " ");
        if self.style.unicode { text } else { text.chars().map(ascii).collect() }
    }

    fn line(&mut self, paint: Paint, line: &str) {
        let paint = if self.style.color { paint } else { PLAIN };
        self.text.push_str(&format!("{paint}{}{paint:#}\n", line.trim_end()));
    }
}

/// What stands for a character in ASCII: always one for one, so that columns stay columns.
fn ascii(character: char) -> char {
    match character {
        'µ' => 'u',
        '×' => 'x',
        '·' | '…' | '─' => '-',
        '│' => '|',
        '█'..='▏' => '#',
        _ if character.is_ascii() => character,
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Style = Style { width: Some(20), unicode: true, color: false, series: false };

    fn page(style: &Style, put: impl FnOnce(&mut Page<'_>)) -> String {
        let mut page = Page::new(style);
        put(&mut page);
        page.finish()
    }

    #[test]
    fn prose_wraps_at_words_and_never_inside_one() {
        let text =
            page(&NARROW, |page| page.prose(NOTE, "try again with a larger --ring-size=64M"));
        assert_eq!(text, "try again with a\n  larger\n  --ring-size=64M\n");
    }

    #[test]
    fn items_wrap_between_items() {
        let items = ["window 5.00 s", "0 lost", "2 in flight"].map(str::to_owned);
        let text = page(&NARROW, |page| page.items(NOTE, &items, " · "));
        assert_eq!(text, "window 5.00 s ·\n  0 lost ·\n  2 in flight\n");
    }

    #[test]
    fn an_item_longer_than_a_line_wraps_inside() {
        let items = ["ended by exit: futex ×2, read ×1".to_owned()];
        let text = page(&NARROW, |page| page.items(NOTE, &items, " · "));
        assert_eq!(text, "ended by exit: futex\n  ×2, read ×1\n");
    }

    #[test]
    fn every_wrapped_line_is_painted_by_itself() {
        let style = Style { color: true, ..NARROW };
        let text = page(&style, |page| page.prose(HEADING, "a heading of many words"));
        assert_eq!(text, "\u{1b}[1ma heading of many\u{1b}[0m\n\u{1b}[1m  words\u{1b}[0m\n");
    }

    #[test]
    fn without_unicode_nothing_but_ascii_is_left() {
        let style = Style { unicode: false, ..NARROW };
        let text = page(&style, |page| page.lines(["1.00 µs │▌ ×2 · é".to_owned()]));
        assert_eq!(text, "1.00 us |# x2 - ?\n");
    }
}
