//! Which values of which variables: the points of a sweep, and the order of its runs.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

/// More runs than this are hardly meant.
const MOST_RUNS: usize = 10_000;

/// A variable of the command's environment, and the values it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Name of the variable.
    pub name: String,
    /// Its values, in the order of the runs.
    pub values: Vec<String>,
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point(pub Vec<(String, String)>);

/// One run of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index of the point.
    pub point: usize,
    /// Which of its repeats, from 1; `None` for a run that only warms up.
    pub repeat: Option<u32>,
}

/// Reads `NAME=VALUE,VALUE…`; a value may be a range of integers, `1..8`, both ends included.
///
/// # Errors
/// With what to write instead.
pub fn setting(text: &str) -> Result<Setting, String> {
    let usage = "write a variable and its values, such as NUM_PROCS=1,2,4 or NUM_PROCS=1..8";
    let (name, values) = text.split_once('=').ok_or(usage)?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{name}` is no name of a variable: {usage}"));
    }
    let mut all = Vec::new();
    for value in values.split(',') {
        match value.split_once("..").map(|(from, to)| (from.parse(), to.parse())) {
            Some((Ok(from), Ok(to))) => all.extend(range(from, to, value)?),
            // Other values with dots, such as paths, are values.
            _ if value.is_empty() => return Err(format!("an empty value: {usage}")),
            _ => all.push(value.to_owned()),
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = all.iter().find(|value| !seen.insert(file_name(value))) {
        return Err(format!("`{twice}` is there twice, or cannot be told apart in a file name"));
    }
    Ok(Setting { name: name.to_owned(), values: all })
}

fn range(from: i64, to: i64, text: &str) -> Result<impl Iterator<Item = String> + use<>, String> {
    let count = i128::from(to) - i128::from(from) + 1;
    if (1..=10_000).contains(&count) {
        return Ok((from..=to).map(|value| value.to_string()));
    }
    let why = if count < 1 { "is empty" } else { "is too long" };
    Err(format!("the range `{text}` {why}: write the lower end first, such as 1..8"))
}

/// Every combination of the values, of which those of the last setting change fastest.
#[must_use]
pub fn points(settings: &[Setting]) -> Vec<Point> {
    settings.iter().fold(vec![Point(Vec::new())], |points, Setting { name, values }| {
        let with = |point: &Point, value: &String| {
            let mut pairs = point.0.clone();
            pairs.push((name.clone(), value.clone()));
            Point(pairs)
        };
        points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect()
    })
}

/// The runs in their order. Each round goes through all points, so that what drifts with time, such
/// as the temperature of the machine, is no difference between points.
///
/// # Errors
/// If they are too many to be meant.
pub fn turns(points: usize, warm_up: u32, repeat: u32) -> Result<Vec<Turn>, String> {
    let rounds = u64::from(warm_up) + u64::from(repeat);
    let runs = usize::try_from(rounds).ok().and_then(|rounds| rounds.checked_mul(points));
    if runs.is_none_or(|runs| runs > MOST_RUNS) {
        return Err(format!("more than {MOST_RUNS} runs: take fewer values or repeats"));
    }
    let rounds = (0..warm_up).map(|_| None).chain((1..=repeat).map(Some));
    let all = rounds.flat_map(|repeat| (0..points).map(move |point| Turn { point, repeat }));
    Ok(all.collect())
}

impl Point {
    /// What the files of a run are called, without an ending.
    #[must_use]
    pub fn file_stem(&self, repeat: u32, of: u32) -> String {
        let pairs: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{name}={}", file_name(value))).collect();
        let point = pairs.join(",");
        if of > 1 { format!("{point}.{repeat}") } else { point }
    }

    /// Its value of a setting as a number, if it is a positive one.
    #[must_use]
    pub fn number(&self, setting: &str) -> Option<f64> {
        let (_, value) = self.0.iter().find(|(name, _)| name == setting)?;
        value.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)
    }

    /// The values without that of a setting.
    #[must_use]
    pub fn without(&self, setting: &str) -> Self {
        Self(self.0.iter().filter(|(name, _)| name != setting).cloned().collect())
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&pairs.join(" "))
    }
}

/// A value as a part of a file name.
fn file_name(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    value.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        setting(text).unwrap_or_else(|error| panic!("{text}: {error}")).values
    }

    #[test]
    fn values_are_listed_or_a_range_with_both_ends() {
        assert_eq!(values("N=1,2,4"), ["1", "2", "4"]);
        assert_eq!(values("N=1..4,8"), ["1", "2", "3", "4", "8"]);
        assert_eq!(values("N=-1..1"), ["-1", "0", "1"]);
        assert_eq!(values("MODE=fast,../slow,a..b"), ["fast", "../slow", "a..b"]);
        assert_eq!(values("GLIBC_TUNABLES=a=1:b=2,c=3"), ["a=1:b=2", "c=3"]);
    }

    #[test]
    fn what_cannot_be_meant_is_told_what_to_write() {
        for text in ["", "N", "=1", "1N=1", "N-M=1", "N=", "N=1,,2"] {
            assert!(setting(text).unwrap_err().contains("NUM_PROCS=1,2,4"), "{text}");
        }
        for text in ["N=1,1", "N=1..3,2", "N=a/b,a:b"] {
            assert!(setting(text).unwrap_err().contains("twice"), "{text}");
        }
        for text in ["N=8..1", "N=1..9223372036854775807"] {
            assert!(setting(text).unwrap_err().contains("the lower end first"), "{text}");
        }
    }

    #[test]
    fn several_settings_give_their_product_and_the_last_changes_fastest() {
        let settings = [setting("N=1,2").unwrap(), setting("MODE=a,b").unwrap()];
        let points = points(&settings);
        let texts: Vec<_> = points.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["N=1 MODE=a", "N=1 MODE=b", "N=2 MODE=a", "N=2 MODE=b"]);
        assert_eq!(points[3].number("N"), Some(2.0));
        assert_eq!(points[3].number("MODE"), None);
        assert_eq!(points[3].without("N").to_string(), "MODE=b");
    }

    #[test]
    fn files_are_named_by_value_and_repeat() {
        let point = Point(vec![("N".into(), "16".into()), ("PATH_".into(), "a/b c".into())]);
        assert_eq!(point.file_stem(1, 1), "N=16,PATH_=a_b_c");
        assert_eq!(point.file_stem(2, 3), "N=16,PATH_=a_b_c.2");
    }

    #[test]
    fn each_round_goes_through_all_points_and_the_first_warm_up() {
        let order: Vec<_> =
            turns(2, 1, 2).unwrap().iter().map(|it| (it.point, it.repeat)).collect();
        let expected =
            [(0, None), (1, None), (0, Some(1)), (1, Some(1)), (0, Some(2)), (1, Some(2))];
        assert_eq!(order, expected);
        assert!(turns(101, 0, 100).is_err());
        assert!(turns(usize::MAX, u32::MAX, u32::MAX).is_err());
    }
}
