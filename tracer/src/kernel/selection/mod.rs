//! Which system calls are asked for: the expressions of `-e`, read as strace reads them.
//!
//! An expression is a list of names, numbers, classes and regular expressions, separated by commas:
//! `brk,%memory,/^sched_`. `trace=` may stand before it. A leading `!` turns the whole list round.
//! `all`, `none` and `default` are understood, and `?name` is no error if there is no such call.

mod classes;
mod error;

use regex::Regex;

use super::syscalls;
use classes::{CLASSES, DEFAULT};
use error::nearest;

pub use error::SelectionError;

/// Numbers a selection can hold. Linux has given out fewer than this on every architecture.
pub const LIMIT: u32 = 512;

const WORDS: usize = LIMIT as usize / 64;

/// A set of system calls. [`Default`] is the set that is traced when nothing is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    words: [u64; WORDS],
}

impl Default for Selection {
    fn default() -> Self {
        Self::of_names(DEFAULT)
    }
}

impl Selection {
    /// No call.
    #[must_use]
    pub const fn none() -> Self {
        Self { words: [0; WORDS] }
    }

    /// Every call, those without a name included.
    #[must_use]
    pub const fn all() -> Self {
        Self { words: [u64::MAX; WORDS] }
    }

    /// The union of several `-e` expressions; of none, the default set.
    ///
    /// # Errors
    /// On the first expression that cannot be understood, and if two of them are negated.
    pub fn parse<S: AsRef<str>>(expressions: &[S]) -> Result<Self, SelectionError> {
        if expressions.is_empty() {
            return Ok(Self::default());
        }
        let mut joined = Self::none();
        let mut negations = 0;
        for expression in expressions {
            let (set, negated) = Self::parse_one(expression.as_ref())?;
            joined.add(set);
            negations += usize::from(negated);
        }
        if negations > 1 { Err(SelectionError::TwoNegations) } else { Ok(joined) }
    }

    /// The set of one expression, and whether it is a negated one.
    fn parse_one(expression: &str) -> Result<(Self, bool), SelectionError> {
        let list = without_qualifier(expression.trim())?;
        let names = list.trim_start_matches('!');
        // As in strace, each `!` turns the list round once more.
        let negated = (list.len() - names.len()) % 2 == 1;
        let mut set = Self::none();
        let mut tokens = names.split(',').map(str::trim).filter(|t| !t.is_empty()).peekable();
        if tokens.peek().is_none() {
            return Err(SelectionError::Empty(expression.to_owned()));
        }
        for token in tokens {
            set.add(Self::of_token(token)?);
        }
        Ok((if negated { set.inverted() } else { set }, negated))
    }

    fn of_token(token: &str) -> Result<Self, SelectionError> {
        if let Some(optional) = token.strip_prefix('?') {
            return Ok(Self::of_token(optional).unwrap_or(Self::none()));
        }
        if let Some(pattern) = token.strip_prefix('/') {
            return Self::of_pattern(pattern);
        }
        if let Some(class) = token.strip_prefix('%') {
            return Self::of_class(class).ok_or_else(|| SelectionError::UnknownClass {
                name: token.to_owned(),
                suggestion: nearest(token),
            });
        }
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            let number = token.parse().ok().filter(|&n| n < LIMIT);
            return number
                .map(Self::of_number)
                .ok_or_else(|| SelectionError::UnknownNumber(token.to_owned()));
        }
        match token {
            "all" => Ok(Self::all()),
            "none" => Ok(Self::none()),
            "default" => Ok(Self::default()),
            name => syscalls::number(name).map(Self::of_number).ok_or_else(|| {
                SelectionError::UnknownCall { name: name.to_owned(), suggestion: nearest(name) }
            }),
        }
    }

    fn of_pattern(pattern: &str) -> Result<Self, SelectionError> {
        let regex = Regex::new(pattern).map_err(|error| SelectionError::BadPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })?;
        let mut set = Self::none();
        for (number, _) in syscalls::all().filter(|(_, name)| regex.is_match(name)) {
            set.insert(number);
        }
        if set == Self::none() {
            return Err(SelectionError::NothingMatches(pattern.to_owned()));
        }
        Ok(set)
    }

    fn of_class(class: &str) -> Option<Self> {
        let (_, members) = CLASSES.iter().find(|(name, _)| *name == class)?;
        Some(Self::of_names(members))
    }

    /// Names that this architecture does not have are left out.
    fn of_names(names: &str) -> Self {
        let mut set = Self::none();
        for number in names.split_whitespace().filter_map(syscalls::number) {
            set.insert(number);
        }
        set
    }

    fn of_number(number: u32) -> Self {
        let mut set = Self::none();
        set.insert(number);
        set
    }

    /// Whether the call is asked for. Numbers from [`LIMIT`] on never are.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The numbers asked for, in rising order; with `all`, those without a name too.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..LIMIT).filter(|&number| self.contains(number))
    }

    /// The set as bits: call N is bit N % 64 of word N / 64.
    #[must_use]
    pub const fn words(&self) -> &[u64; WORDS] {
        &self.words
    }

    fn insert(&mut self, number: u32) {
        if let Some(word) = self.words.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn add(&mut self, other: Self) {
        for (word, more) in self.words.iter_mut().zip(other.words) {
            *word |= more;
        }
    }

    fn inverted(self) -> Self {
        Self { words: self.words.map(|word| !word) }
    }
}

impl FromIterator<u32> for Selection {
    /// The set of these numbers. Those from [`LIMIT`] on are in no set.
    fn from_iter<T: IntoIterator<Item = u32>>(numbers: T) -> Self {
        let mut set = Self::none();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

/// Takes `trace=` (or `t=`) off. A `=` within a regular expression is no qualifier's.
fn without_qualifier(expression: &str) -> Result<&str, SelectionError> {
    match expression.split_once('=') {
        Some(("trace" | "t", list)) => Ok(list),
        Some((word, _)) if word.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
            Err(SelectionError::Qualifier(word.to_owned()))
        }
        _ => Ok(expression),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(expression: &str) -> Vec<&'static str> {
        let set = Selection::parse(&[expression]).unwrap();
        set.iter().filter_map(syscalls::name).collect()
    }

    fn error(expression: &str) -> String {
        Selection::parse(&[expression]).unwrap_err().to_string()
    }

    fn set(expression: &str) -> Selection {
        Selection::parse(&[expression]).unwrap()
    }

    #[test]
    fn names_are_selected_and_nothing_else_is() {
        let selection = set("brk,futex");
        assert!(selection.contains(syscalls::number("brk").unwrap()));
        assert!(selection.contains(syscalls::number("futex").unwrap()));
        assert_eq!(selection.iter().count(), 2);
        assert!(!selection.contains(LIMIT));
        assert!(!selection.contains(u32::MAX));
    }

    #[test]
    fn straces_qualifier_may_stand_before_the_list() {
        assert_eq!(set("trace=brk"), set("brk"));
        assert_eq!(set("t=brk"), set("brk"));
        assert_eq!(set("trace=!brk"), set("!brk"));
        assert!(error("signal=none").starts_with("`signal=` is not understood"));
    }

    #[test]
    fn a_leading_exclamation_mark_negates_the_whole_list() {
        let selection = set("!brk,futex");
        assert!(!selection.contains(syscalls::number("brk").unwrap()));
        assert!(!selection.contains(syscalls::number("futex").unwrap()));
        assert_eq!(selection.iter().count(), LIMIT as usize - 2);
        assert_eq!(set("!!brk"), set("brk"));
        assert_eq!(set("!none"), set("all"));
        assert_eq!(set("!all"), set("none"));
    }

    #[test]
    fn all_has_calls_that_are_too_new_to_have_a_name() {
        assert!(set("all").contains(LIMIT - 1));
        assert_eq!(syscalls::name(LIMIT - 1), None);
        assert_eq!(set("none").iter().count(), 0);
    }

    #[test]
    fn without_an_expression_it_is_the_default_set() {
        let default = Selection::parse::<&str>(&[]).unwrap();
        assert_eq!(default, Selection::default());
        assert_eq!(default, set("default"));
        for name in DEFAULT.split_whitespace() {
            assert!(default.contains(syscalls::number(name).unwrap()), "{name}");
        }
        assert_eq!(default.iter().count(), DEFAULT.split_whitespace().count());
    }

    #[test]
    fn several_expressions_are_joined() {
        let joined = Selection::parse(&["brk", "trace=futex", "%clock"]).unwrap();
        assert_eq!(joined, set("brk,futex,%clock"));
    }

    #[test]
    fn two_negated_expressions_are_refused_because_they_leave_out_next_to_nothing() {
        let error = Selection::parse(&["!brk", "!futex"]).unwrap_err();
        assert_eq!(error, SelectionError::TwoNegations);
        assert!(Selection::parse(&["!brk", "brk"]).is_ok());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_member_of_every_class_is_a_call_and_named_once() {
        for (class, members) in CLASSES.iter().chain(&[("default", DEFAULT)]) {
            let count = members.split_whitespace().count();
            for name in members.split_whitespace() {
                assert!(syscalls::number(name).is_some(), "%{class} has {name}");
            }
            assert_eq!(Selection::of_names(members).iter().count(), count, "%{class}");
        }
    }

    #[test]
    fn classes_have_the_members_that_strace_gives_them() {
        assert_eq!(set("%net"), set("%network"));
        assert_eq!(names("%clock").len(), if cfg!(target_arch = "x86_64") { 8 } else { 7 });
        for (class, member) in [
            ("%memory", "brk"),
            ("%memory", "mmap"),
            ("%desc", "mmap"),
            ("%process", "execve"),
            ("%signal", "tgkill"),
            ("%network", "recvmsg"),
            ("%ipc", "semop"),
            ("%file", "newfstatat"),
            ("%%stat", "statx"),
            ("%futex", "futex_waitv"),
            ("%sched", "sched_yield"),
        ] {
            assert!(names(class).contains(&member), "{class} has {member}");
        }
        assert!(!names("%memory").contains(&"futex"));
    }

    #[test]
    fn a_slash_begins_a_regular_expression() {
        assert_eq!(set("/^futex"), set("%futex"));
        assert_eq!(names("/^(brk|sched_yield)$"), ["brk", "sched_yield"]);
        assert!(error("/(").starts_with("`/(` is no regular expression"));
        assert_eq!(error("/nothing"), "no system call matches `/nothing`");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one_suggested() {
        assert_eq!(error("mmpa"), "unknown system call `mmpa`: did you mean `mmap`?");
        assert_eq!(error("mumap"), "unknown system call `mumap`: did you mean `munmap`?");
        assert_eq!(error("BRK"), "unknown system call `BRK`: did you mean `brk`?");
        assert_eq!(error("memory"), "unknown system call `memory`: did you mean `%memory`?");
        let class = error("%memry");
        assert_eq!(class, "unknown class of system calls `%memry`: did you mean `%memory`?");
        assert_eq!(error("qqqqqq"), "unknown system call `qqqqqq`: `-e all` traces every call");
    }

    #[test]
    fn a_question_mark_forgives_a_call_that_is_not_there() {
        assert_eq!(set("brk,?tomorrow"), set("brk"));
        assert_eq!(set("?brk"), set("brk"));
    }

    #[test]
    fn numbers_are_understood_up_to_the_limit() {
        let brk = syscalls::number("brk").unwrap();
        assert_eq!(set(&brk.to_string()), set("brk"));
        assert!(set("511").contains(511));
        assert_eq!(error("512"), "there is no system call with the number 512");
        assert_eq!(error("1x"), "there is no system call with the number 1x");
    }

    #[test]
    fn an_expression_that_names_nothing_is_an_error() {
        for empty in ["", "  ", "!", ",", "trace="] {
            assert!(error(empty).contains("names no system call"), "`{empty}`");
        }
        assert_eq!(set("brk,,futex, "), set("brk,futex"));
    }
}
