//! The longest stretches in which a thread did not get on.

use super::{
    heading::printable,
    page::{HEADING, NOTE, Page},
    units::{Count, Time, seconds},
};
use crate::report::Pause;

/// How many are listed.
const LISTED: usize = 10;

/// Puts the longest pauses, if there were any.
pub(super) fn put(pauses: &[Pause], page: &mut Page<'_>) {
    if pauses.is_empty() {
        return;
    }
    page.prose(HEADING, "long pauses");
    let (listed, others) = pauses.split_at(pauses.len().min(LISTED));
    let lengths = column(listed, |pause| Time(pause.ns).to_string());
    // Two decimals wherever it lies: 120.10 s is not 120.20 s.
    let moments = column(listed, |pause| format!("{:.2} s", seconds(pause.start_ns)));
    for ((pause, length), moment) in listed.iter().zip(lengths).zip(moments) {
        page.entry(&[length, format!("at {moment}"), who(pause), printable(&pause.cause)]);
    }
    if !others.is_empty() {
        let others = u64::try_from(others.len()).unwrap_or(u64::MAX);
        page.prose(NOTE, &format!("and {} more", Count(others)));
    }
    page.gap();
}

/// One text for each pause, all right-aligned to one width.
fn column(pauses: &[Pause], text: impl Fn(&Pause) -> String) -> Vec<String> {
    let texts: Vec<String> = pauses.iter().map(text).collect();
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

fn who(pause: &Pause) -> String {
    let comm = pause.comm.as_deref().map(|comm| printable(comm) + " ").unwrap_or_default();
    let pid = pause.pid.map(|pid| format!("pid {pid} ")).unwrap_or_default();
    format!("{comm}{pid}tid {}", pause.tid)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::sinks::{Style, text::sample};

    const STYLE: Style = Style { width: None, unicode: true, color: false, series: false };

    fn shown(pauses: &[Pause], width: Option<usize>) -> String {
        let style = Style { width, ..STYLE };
        let mut page = Page::new(&style);
        put(pauses, &mut page);
        page.finish()
    }

    #[test]
    fn each_pause_has_its_length_place_thread_and_cause() {
        assert_snapshot!(shown(&sample::pauses(4), None), @r"
        long pauses
          2.47 s  at  3.21 s  python3 pid 4242 tid 4250  waiting for a CPU
          1.23 s  at  6.42 s  python3 pid 4242 tid 4250  in futex
          823 ms  at  9.63 s  python3 pid 4242 tid 4250  waiting for a CPU
          617 ms  at 12.84 s  python3 pid 4242 tid 4250  waiting for a CPU
        ");
    }

    #[test]
    fn on_forty_columns_what_is_long_goes_beneath() {
        let text = shown(&sample::pauses(2), Some(40));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_snapshot!(text, @r"
        long pauses
          2.47 s  at 3.21 s
            python3 pid 4242 tid 4250
            waiting for a CPU
          1.23 s  at 6.42 s
            python3 pid 4242 tid 4250  in futex
        ");
    }

    #[test]
    fn of_many_pauses_the_longest_are_listed() {
        let text = shown(&sample::pauses(22), None);
        assert_eq!(text.lines().filter(|line| line.contains("tid 4250")).count(), LISTED);
        assert!(text.ends_with("\nand 12 more\n\n"), "{text}");
        assert!(!shown(&sample::pauses(10), None).contains("more"));
    }

    #[test]
    fn without_a_pause_nothing_is_shown() {
        assert_eq!(shown(&[], None), "");
    }

    #[test]
    fn a_name_is_left_out_where_it_is_not_known_and_cannot_steer_the_terminal() {
        let pause = sample::pauses(1).remove(0);
        assert_eq!(who(&Pause { comm: None, ..pause.clone() }), "pid 4242 tid 4250");
        let evil = Pause { comm: Some("a\u{1b}[2J".to_owned()), ..pause };
        assert_eq!(who(&evil), "a\\u{1b}[2J pid 4242 tid 4250");
    }
}
