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

/// Columns that indents and separators take beside an item.
const MARGIN: usize = 4;
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

    /// Whether the reader can see more than ASCII.
    pub(super) fn unicode(&self) -> bool {
        self.style.unicode
    }

    /// Lines that are as wide as they have to be.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            self.line(PLAIN, &line);
        }
    }

    /// Sentences, wrapped at words with what follows indented.
    pub(super) fn prose(&mut self, paint: Paint, text: &str) {
        self.wrapped(paint, text, ["", "  "]);
    }

    /// One of several entries beneath a title, wrapped between items.
    pub(super) fn entry(&mut self, items: &[String]) {
        self.wrapped(PLAIN, &self.joined(items, "  "), ["  ", "    "]);
    }

    /// Text behind these indents of its first line and of those that follow.
    fn wrapped(&mut self, paint: Paint, text: &str, [first, next]: [&str; 2]) {
        let Some(width) = self.style.width else {
            return self.line(paint, &format!("{first}{text}"));
        };
        let options = Options::new(width)
            .initial_indent(first)
            .subsequent_indent(next)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        for line in textwrap::wrap(text, options) {
            self.line(paint, &line);
        }
    }

    /// Items on one line, wrapped between them; inside one only if it is longer than a line, and
    /// then at its commas if that helps.
    pub(super) fn items(&mut self, paint: Paint, items: &[String], separator: &str) {
        if !items.is_empty() {
            self.prose(paint, &self.joined(items, separator));
        }
    }

    fn joined(&self, items: &[String], separator: &str) -> String {
        // The separator breaks after its mark, never before: a line does not begin with one.
        let separator = match separator.trim() {
            "" => separator.to_owned(),
            mark => format!("{NO_BREAK_SPACE}{mark} "),
        };
        let room = self.style.width.unwrap_or(usize::MAX).saturating_sub(MARGIN);
        let fits = |text: &str| display_width(text) <= room;
        let kept = |text: &str| match fits(text) {
            true => text.replace(' ', NO_BREAK_SPACE),
            false => text.to_owned(),
        };
        let in_parts = |item: &str| item.split(", ").map(kept).collect::<Vec<_>>().join(", ");
        let items: Vec<String> =
            items.iter().map(|item| if fits(item) { kept(item) } else { in_parts(item) }).collect();
        items.join(&separator)
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

    /// One line in several paints.
    pub(super) fn painted(&mut self, pieces: impl IntoIterator<Item = (Paint, String)>) {
        for (paint, piece) in pieces {
            let paint = if self.style.color { paint } else { PLAIN };
            self.text.push_str(&format!("{paint}{piece}{paint:#}"));
        }
        self.text.push('\n');
    }

    fn line(&mut self, paint: Paint, line: &str) {
        self.painted([(paint, line.trim_end().to_owned())]);
    }
}

/// What stands for a character in ASCII: always one for one, so that columns stay columns.
fn ascii(character: char) -> char {
    match character {
        'µ' => 'u',
        '×' => 'x',
        '²' => '2',
        '±' => '~',
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
    fn an_item_of_parts_wraps_between_them() {
        let items = ["run queue p50 1.00 ms, p99 4.00 ms".to_owned()];
        let text =
            page(&Style { width: Some(28), ..NARROW }, |page| page.items(NOTE, &items, "  "));
        assert_eq!(text, "run queue p50 1.00 ms,\n  p99 4.00 ms\n");
    }

    #[test]
    fn an_entry_stands_in_from_its_title_and_its_wrapped_lines_from_it() {
        let items = ["2.47 s", "at 3.21 s", "python3 pid 7"].map(str::to_owned);
        let text = page(&NARROW, |page| page.entry(&items));
        assert_eq!(text, "  2.47 s  at 3.21 s\n    python3 pid 7\n");
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
