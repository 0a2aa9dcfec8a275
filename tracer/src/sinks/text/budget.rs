//! Where all the time of a group's threads went: a stacked bar, and what its parts are.

use std::{cmp::Reverse, collections::BTreeMap};

use anstyle::{AnsiColor, Style as Paint};

use super::{
    page::{NOTE, PLAIN, Page},
    units::Percent,
};
use crate::report::Budget;

/// Columns of the bar between its ends, where there is room for it.
const LONGEST: usize = 60;
/// Columns of both ends of the bar.
const ENDS: usize = 2;
/// How many causes of one part are named.
const NAMED: usize = 4;
/// Threads wanted a CPU and had none.
const WANTING: Paint = AnsiColor::Yellow.on_default();

/// What a part is called, and how it looks in the bar.
struct Kind {
    name: &'static str,
    block: char,
    /// Stands for `block` in ASCII.
    letter: char,
    paint: Paint,
}

// Full blocks ran, half blocks wanted to, the faintest slept.
const USER: Kind = Kind::new("user", '█', 'u', PLAIN);
const KERNEL: Kind = Kind::new("kernel", '▓', 'k', PLAIN);
const FAULTS: Kind = Kind::new("page faults", '▒', 'f', PLAIN);
const INTERRUPTS: Kind = Kind::new("interrupts and the like", '▞', 'i', PLAIN);
/// Both, where samples do not tell them apart.
const OTHER_KERNEL: Kind = Kind::new("faults and interrupts", '▒', 'f', PLAIN);
/// User mode, faults and interrupts, where they cannot be told apart.
const OUTSIDE_CALLS: Kind = Kind::new("on CPU outside calls", '█', 'o', PLAIN);
const RUNNABLE: Kind = Kind::new("runnable", '▄', 'r', WANTING);
const THROTTLED: Kind = Kind::new("throttled", '▀', 't', WANTING);
const BLOCKED: Kind = Kind::new("blocked", '░', 'b', NOTE);
const UNACCOUNTED: Kind = Kind::new("unaccounted", '?', '?', NOTE);

impl Kind {
    const fn new(name: &'static str, block: char, letter: char, paint: Paint) -> Self {
        Self { name, block, letter, paint }
    }

    fn mark(&self, unicode: bool) -> char {
        if unicode { self.block } else { self.letter }
    }

    /// A part whose length is known exactly.
    fn exactly(self, ns: u64) -> Part {
        Part { kind: self, ns, sampled: false, causes: String::new() }
    }

    /// A part whose length is estimated from what clock ticks met.
    fn about(self, ns: u64) -> Part {
        Part { sampled: true, ..self.exactly(ns) }
    }

    /// A part that is the sum of its causes.
    fn of(self, causes: &BTreeMap<String, u64>, thread_ns: u64) -> Part {
        let ns = causes.values().copied().fold(0, u64::saturating_add);
        Part { causes: longest(causes, thread_ns), ..self.exactly(ns) }
    }
}

struct Part {
    kind: Kind,
    ns: u64,
    sampled: bool,
    /// In parentheses, or empty.
    causes: String,
}

/// Puts the budget of threads that had this much time together.
pub(super) fn put(budget: &Budget, thread_ns: u64, page: &mut Page<'_>) {
    let parts = parts(budget, thread_ns);
    if thread_ns == 0 || parts.is_empty() {
        return;
    }
    let unicode = page.unicode();
    let room = page.width().map_or(LONGEST, |width| width.saturating_sub(ENDS).min(LONGEST));
    let (left, right) = if unicode { ("▕", "▏") } else { ("[", "]") };
    let bar = bar(&parts, thread_ns, room, unicode);
    let ends = |end: &str| [(PLAIN, end.to_owned())];
    page.painted(ends(left).into_iter().chain(bar).chain(ends(right)));
    let legend: Vec<String> = parts.iter().map(|part| item(part, thread_ns, unicode)).collect();
    page.items(PLAIN, &legend, " · ");
}

/// What there is any of, in the order of the bar.
fn parts(budget: &Budget, thread_ns: u64) -> Vec<Part> {
    let kernel = KERNEL.of(&budget.kernel_ns, thread_ns);
    let on_cpu = match (budget.user_ns, budget.other_kernel_ns) {
        (Some(user), Some(other)) => match budget.faults_ns {
            Some(faults) => {
                let interrupts = budget.irq_ns.unwrap_or(0) + other;
                let (faults, interrupts) = (FAULTS.about(faults), INTERRUPTS.about(interrupts));
                vec![USER.about(user), kernel, faults, interrupts]
            }
            None => vec![USER.about(user), kernel, OTHER_KERNEL.about(other)],
        },
        _ => vec![OUTSIDE_CALLS.exactly(budget.outside_calls_ns), kernel],
    };
    let off_cpu = [
        RUNNABLE.exactly(budget.runnable_ns),
        THROTTLED.exactly(budget.throttled_ns.unwrap_or(0)),
        BLOCKED.of(&budget.blocked_ns, thread_ns),
    ];
    let unaccounted =
        Some(UNACCOUNTED.exactly(budget.unaccounted_ns)).filter(|part| is_seen(part.ns, thread_ns));
    let all = on_cpu.into_iter().chain(off_cpu).chain(unaccounted);
    all.filter(|part| part.ns > 0).collect()
}

/// Whether a part is more than 0.0 % of the whole.
fn is_seen(ns: u64, whole: u64) -> bool {
    u128::from(ns) * 2_000 >= u128::from(whole)
}

/// The longest of the causes, and what the others come to.
fn longest(causes: &BTreeMap<String, u64>, thread_ns: u64) -> String {
    let mut causes: Vec<(&str, u64)> =
        causes.iter().map(|(name, &ns)| (name.as_str(), ns)).filter(|&(_, ns)| ns > 0).collect();
    causes.sort_by_key(|&(name, ns)| (Reverse(ns), name));
    let seen = causes.iter().take_while(|(_, ns)| is_seen(*ns, thread_ns)).count();
    let others = causes.split_off(seen.min(NAMED));
    let share = |ns| format!("{:.1}", Percent { part: ns, whole: thread_ns });
    let mut texts: Vec<String> =
        causes.iter().map(|&(name, ns)| format!("{name} {}", share(ns))).collect();
    let rest = others.iter().map(|&(_, ns)| ns).fold(0, u64::saturating_add);
    if is_seen(rest, thread_ns) {
        texts.push(format!("{} more {}", others.len(), share(rest)));
    }
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}

/// What a part of the bar is. A sampled share has no decimals: it is not that sure.
fn item(part: &Part, thread_ns: u64, unicode: bool) -> String {
    let Part { kind, ns, sampled, causes } = part;
    let share = Percent { part: *ns, whole: thread_ns };
    let share =
        if *sampled { format!("~{share:.0}").replace("~<", "<") } else { format!("{share:.1}") };
    format!("{} {} {share} %{causes}", kind.mark(unicode), kind.name)
}

/// The parts side by side in as many columns. Each edge is where it belongs, to half a column.
fn bar(parts: &[Part], thread_ns: u64, columns: usize, unicode: bool) -> Vec<(Paint, String)> {
    let sum = parts.iter().map(|part| u128::from(part.ns)).sum::<u128>();
    let whole = sum.max(u128::from(thread_ns)).max(1);
    let width = u128::try_from(columns).unwrap_or(0);
    let edge = |ns: u128| usize::try_from((2 * ns * width + whole) / (2 * whole)).unwrap_or(0);
    let mut ns = 0;
    let mut pieces = Vec::new();
    for part in parts {
        let from = edge(ns);
        ns += u128::from(part.ns);
        let mark = part.kind.mark(unicode).to_string();
        pieces.push((part.kind.paint, mark.repeat(edge(ns) - from)));
    }
    pieces.push((PLAIN, " ".repeat(columns.saturating_sub(edge(ns)))));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::Style;

    const STYLE: Style = Style { width: None, unicode: true, color: false, series: false };

    fn causes(causes: &[(&str, u64)]) -> BTreeMap<String, u64> {
        causes.iter().map(|&(name, ns)| (name.to_owned(), ns)).collect()
    }

    /// All of 10,000 ns, so that a hundredth of a percent is a nanosecond.
    fn budget() -> Budget {
        Budget {
            user_ns: Some(4_520),
            kernel_ns: causes(&[("brk shrink", 1_010), ("futex", 190)]),
            other_kernel_ns: Some(800),
            outside_calls_ns: 5_320,
            runnable_ns: 3_010,
            throttled_ns: Some(200),
            blocked_ns: causes(&[("futex", 240), ("read", 10)]),
            unaccounted_ns: 20,
            ..Budget::default()
        }
    }

    fn shown(budget: &Budget, style: &Style) -> String {
        let mut page = Page::new(style);
        put(budget, 10_000, &mut page);
        page.finish()
    }

    /// What each part of the legend says after its name.
    fn legend(budget: &Budget) -> Vec<String> {
        parts(budget, 10_000).iter().map(|part| item(part, 10_000, true)).collect()
    }

    #[test]
    fn samples_tell_page_faults_from_interrupts() {
        let sampled = Budget {
            faults_ns: Some(600),
            irq_ns: Some(150),
            other_kernel_ns: Some(50),
            ..budget()
        };
        let legend = legend(&sampled);
        assert_eq!(legend[2..4], ["▒ page faults ~6 %", "▞ interrupts and the like ~2 %"]);
    }

    #[test]
    fn the_whole_is_a_bar_and_every_part_has_its_share() {
        insta::assert_snapshot!(shown(&budget(), &STYLE), @r"
        ▕███████████████████████████▓▓▓▓▓▓▓▒▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▀░░▏
        █ user ~45 % · ▓ kernel 12.0 % (brk shrink 10.1, futex 1.9) · ▒ faults and interrupts ~8 % · ▄ runnable 30.1 % · ▀ throttled 2.0 % · ░ blocked 2.5 % (futex 2.4, read 0.1) · ? unaccounted 0.2 %
        ");
    }

    #[test]
    fn in_ascii_each_part_has_its_letter() {
        let style = Style { unicode: false, ..STYLE };
        insta::assert_snapshot!(shown(&budget(), &style), @r"
        [uuuuuuuuuuuuuuuuuuuuuuuuuuukkkkkkkfffffrrrrrrrrrrrrrrrrrrtbb]
        u user ~45 % - k kernel 12.0 % (brk shrink 10.1, futex 1.9) - f faults and interrupts ~8 % - r runnable 30.1 % - t throttled 2.0 % - b blocked 2.5 % (futex 2.4, read 0.1) - ? unaccounted 0.2 %
        ");
    }

    #[test]
    fn the_bar_has_the_room_that_there_is_and_no_more() {
        let ends = |width| {
            let text = shown(&budget(), &Style { width: Some(width), ..STYLE });
            text.lines().next().map(|bar| bar.chars().count())
        };
        assert_eq!([ends(40), ends(62), ends(200)], [Some(40), Some(62), Some(62)]);
        let (ascii, no_room) = (Style { unicode: false, ..STYLE }, Some(1));
        assert!(shown(&budget(), &Style { width: no_room, ..ascii }).starts_with("[]\n"));
    }

    #[test]
    fn what_ticks_could_not_split_is_one_part_and_exact() {
        let budget = Budget { user_ns: None, other_kernel_ns: None, ..budget() };
        let legend = legend(&budget);
        assert_eq!(legend[0], "█ on CPU outside calls 53.2 %");
        assert!(legend.iter().all(|item| !item.contains('~') && !item.contains("faults")));
    }

    #[test]
    fn parts_that_there_are_none_of_are_not_shown() {
        let asleep = Budget { blocked_ns: causes(&[("futex", 10_000)]), ..Budget::default() };
        assert_eq!(legend(&asleep), ["░ blocked 100.0 % (futex 100.0)"]);
        let unknown = Budget { throttled_ns: None, ..budget() };
        assert!(!legend(&unknown).concat().contains("throttled"));
        assert_eq!(shown(&Budget::default(), &STYLE), "");
    }

    #[test]
    fn the_unaccounted_is_shown_from_half_a_thousandth() {
        let last = |unaccounted_ns| {
            legend(&Budget { unaccounted_ns, ..budget() }).pop().unwrap_or_default()
        };
        assert_eq!(last(5), "? unaccounted 0.1 %");
        assert_eq!(last(4), "░ blocked 2.5 % (futex 2.4, read 0.1)");
    }

    #[test]
    fn many_causes_are_summed_but_for_the_longest() {
        let many = [("a", 100), ("b", 300), ("c", 200), ("d", 50), ("e", 40), ("f", 1), ("g", 0)];
        assert_eq!(longest(&causes(&many), 10_000), " (b 3.0, c 2.0, a 1.0, d 0.5, 2 more 0.4)");
        assert_eq!(longest(&causes(&[("a", 100), ("b", 4)]), 10_000), " (a 1.0)");
        assert_eq!(longest(&causes(&[("a", 1)]), 10_000), "");
    }

    #[test]
    fn a_sampled_share_that_is_little_is_not_none() {
        let budget = Budget { user_ns: Some(5_319), other_kernel_ns: Some(1), ..budget() };
        assert_eq!(legend(&budget)[2], "▒ faults and interrupts <1 %");
    }

    #[test]
    fn parts_of_more_than_the_whole_share_the_bar() {
        let budget =
            Budget { outside_calls_ns: u64::MAX, runnable_ns: u64::MAX, ..Budget::default() };
        let bar = bar(&parts(&budget, 1), 1, 4, true);
        let bar: String = bar.into_iter().map(|(_, piece)| piece).collect();
        assert_eq!(bar, "██▄▄");
    }

    #[test]
    fn colour_is_for_what_wanted_a_cpu_and_had_none() {
        let painted = shown(&budget(), &Style { color: true, ..STYLE });
        assert!(painted.contains("\u{1b}[33m▄▄"), "{painted:?}");
        assert!(!painted.contains("\u{1b}[33m█"), "{painted:?}");
    }
}
