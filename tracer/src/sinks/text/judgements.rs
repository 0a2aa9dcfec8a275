//! What came of the conditions of `--fail-if`.

use super::{
    page::{ALARM, Page},
    units::{Count, Significant, Time},
};
use crate::{
    fail_if::{Judgement, Kind, Measured, Value},
    sinks::Style,
};

/// What came of conditions as text, ending with a newline if there is any.
pub(in crate::sinks) fn render(judgements: &[Judgement], style: &Style) -> String {
    let mut page = Page::new(style);
    put(judgements, &mut page);
    page.finish()
}

/// Puts the conditions that hold or cannot be decided, and their figures.
fn put(judgements: &[Judgement], page: &mut Page<'_>) {
    for judgement in judgements {
        let verdict = match judgement.holds {
            Some(true) => "holds",
            None => "cannot be decided",
            Some(false) => continue,
        };
        page.prose(ALARM, &format!("--fail-if {verdict}: {}", judgement.condition));
        for figure in &judgement.figures {
            page.entry(&[format!("{} {}", figure.name, is(figure))]);
        }
    }
}

fn is(figure: &Measured) -> String {
    let value = match &figure.value {
        Ok(value) => value,
        Err(why) => return format!("is unknown: {why}"),
    };
    match value {
        Value::Latency(ns, None) => format!("is {}", time(*ns)),
        Value::Latency(ns, Some(row)) => format!("is {}, of {row}", time(*ns)),
        Value::ThreadTime(ns, Some(share)) => format!("is {:.1} % ({})", share * 100.0, time(*ns)),
        Value::ThreadTime(ns, None) => format!("is {}", time(*ns)),
        Value::Count(count, Some(rate)) => format!("is {} ({}/s)", number(*count), number(*rate)),
        Value::Count(count, None) => format!("is {}", number(*count)),
        Value::Number(number) => format!("is {number:.2}"),
        Value::Ratio(kind, base, new, ratio) => {
            let of = |value| match kind {
                Kind::Latency | Kind::ThreadTime => time(value),
                Kind::Count | Kind::Number => number(value),
            };
            // What comes after nothing is no multiple of it.
            let ratio = if ratio.is_finite() { format!("{ratio:.2}x: ") } else { String::new() };
            format!("is {ratio}{} after {}", of(*new), of(*base))
        }
        Value::Verdicts(given) if given.is_empty() => "was not given".to_owned(),
        Value::Verdicts(given) => format!("was given: {}", given.join(", ")),
    }
}

fn time(ns: f64) -> String {
    Time(rounded(ns)).to_string()
}

/// A whole number as it is, any other to three digits.
fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        Count(rounded(value)).to_string()
    } else {
        Significant(value).to_string()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are not negative, and a cast of what is too large gives the largest"
)]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(name: &str, value: Value, holds: bool) -> Measured {
        Measured { name: name.to_owned(), value: Ok(value), holds: Some(holds) }
    }

    fn text(judgements: &[Judgement]) -> String {
        let style = Style { width: None, unicode: true, color: false, series: false };
        render(judgements, &style)
    }

    #[test]
    fn what_holds_is_said_with_every_figure_in_it() {
        let row = Some("brk shrink".to_owned());
        let figures = vec![
            measured("p99(brk)", Value::Latency(4_880_000.0, row), true),
            measured("runnable", Value::ThreadTime(9.94e9, Some(0.497)), true),
            measured("calls(futex)", Value::Count(12_345.0, Some(2_469.0)), true),
            measured("busy_cpus", Value::Number(1.966), false),
            measured("p50(brk)", Value::Ratio(Kind::Latency, 16_000.0, 879_000.0, 54.9), true),
            measured("errors", Value::Ratio(Kind::Count, 0.0, 2.5, f64::INFINITY), true),
        ];
        let holds =
            Judgement { condition: "p99(brk) > 3ms".to_owned(), holds: Some(true), figures };
        let no = Judgement { holds: Some(false), ..holds.clone() };
        insta::assert_snapshot!(text(&[no, holds]), @"
        --fail-if holds: p99(brk) > 3ms
          p99(brk) is 4.88 ms, of brk shrink
          runnable is 49.7 % (9.94 s)
          calls(futex) is 12,345 (2,469/s)
          busy_cpus is 1.97
          p50(brk) is 54.90x: 879 µs after 16.0 µs
          errors is 2.50 after 0
        ");
    }

    #[test]
    fn a_verdict_is_said_with_its_strength_or_not_to_have_been_given() {
        let given =
            |names: &[&str]| Value::Verdicts(names.iter().map(|&name| name.to_owned()).collect());
        let figures = vec![
            measured("verdict(any)", given(&["heap-churn (strong)", "io-wait (clear)"]), true),
            measured("verdict(mmap-lock)", given(&[]), false),
        ];
        let condition = "verdict(any) or verdict(mmap-lock)".to_owned();
        insta::assert_snapshot!(text(&[Judgement { condition, holds: Some(true), figures }]), @"
        --fail-if holds: verdict(any) or verdict(mmap-lock)
          verdict(any) was given: heap-churn (strong), io-wait (clear)
          verdict(mmap-lock) was not given
        ");
    }

    #[test]
    fn what_is_unknown_is_said_with_the_reason() {
        let value = Err("no call of `futex` was completed".to_owned());
        let name = "p99(futex)".to_owned();
        let figures = vec![Measured { name, value, holds: None }];
        let unknown = Judgement { condition: "p99(futex) > 3ms".to_owned(), holds: None, figures };
        insta::assert_snapshot!(text(&[unknown]), @"
        --fail-if cannot be decided: p99(futex) > 3ms
          p99(futex) is unknown: no call of `futex` was completed
        ");
    }
}
