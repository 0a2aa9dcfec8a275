//! The grammar of conditions, without what the words mean.
//!
//! ```text
//! any        = all { "or" all }
//! all        = term { "and" term }
//! term       = "(" any ")" | "verdict" "(" argument ")" | comparison
//! comparison = figure [ "(" argument ")" ] relation number [ unit ]
//! ```

use std::ops::Range;

use winnow::{
    LocatingSlice, ModalResult, Parser,
    ascii::multispace0,
    combinator::{alt, cut_err, delimited, eof, opt, preceded, separated, terminated},
    error::{ContextError, StrContext, StrContextValue},
    token::{one_of, take_while},
};

use super::{error::ConditionError, tree::Tree, verdict::VERDICT};

/// Parentheses may be so deep in each other: nobody writes more, and the parser calls itself.
const DEEPEST: usize = 32;

type Input<'a> = LocatingSlice<&'a str>;

/// What a condition says, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    Compared(Compared),
    /// That this verdict was given.
    Verdict(Word),
}

/// A figure and its limit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compared {
    pub(super) figure: Word,
    pub(super) argument: Option<Word>,
    pub(super) relation: Relation,
    pub(super) number: f64,
    /// Empty where there is none, at the end of the number.
    pub(super) unit: Word,
}

/// A word, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

/// How a figure stands to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

/// Reads a condition.
pub(super) fn parse(text: &str) -> Result<Tree<Written>, ConditionError> {
    if let Some(at) = too_deep(text) {
        let what = format!("more than {DEEPEST} parentheses in each other");
        return Err(ConditionError::new(text, at..at + 1, what));
    }
    let end = (multispace0, eof).context(expected("`and`, `or` or the end here"));
    terminated(any, end).parse(LocatingSlice::new(text)).map_err(|error| {
        let at = error.offset();
        let length = text[at..].chars().next().map_or(0, char::len_utf8);
        ConditionError::new(text, at..at + length, message(error.inner()))
    })
}

fn any(input: &mut Input<'_>) -> ModalResult<Tree<Written>> {
    let several = separated(1.., all, keyword("or"));
    several.map(|trees| joined(trees, Tree::Any)).parse_next(input)
}

fn all(input: &mut Input<'_>) -> ModalResult<Tree<Written>> {
    let several = separated(1.., term, keyword("and"));
    several.map(|trees| joined(trees, Tree::All)).parse_next(input)
}

/// What follows a keyword, or begins the whole: there is no other way, so its errors are final.
fn term(input: &mut Input<'_>) -> ModalResult<Tree<Written>> {
    let group = delimited('(', any, cut_err((multispace0, ')')).context(expected("a `)` here")));
    preceded(
        multispace0,
        cut_err(alt((group, verdict.map(Tree::Leaf), comparison.map(Tree::Leaf)))),
    )
    .parse_next(input)
}

fn verdict(input: &mut Input<'_>) -> ModalResult<Written> {
    let word =
        (one_of('a'..='z'), take_while(0.., is_of_word)).take().verify(|it: &str| it == VERDICT);
    let open = cut_err((multispace0, '('))
        .context(expected("the name of a verdict in parentheses here, as in `verdict(any)`"));
    let name = take_while(1.., |c| !matches!(c, '(' | ')')).with_span();
    let name = cut_err(name).context(expected("the name of a verdict here, or `any`"));
    let close = cut_err(')').context(expected("a `)` here"));
    preceded(word, delimited(open, name, close))
        .map(|name: (&str, Range<usize>)| Written::Verdict(name.into()))
        .parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> ModalResult<Written> {
    let figure = (one_of('a'..='z'), take_while(0.., is_of_word)).take();
    let figure = figure
        .with_span()
        .context(expected("a figure here, such as `p99(brk)`, `runnable` or `lost`"));
    let argument = take_while(1.., |c| !matches!(c, '(' | ')'));
    let argument = argument.with_span().context(expected("a name here, such as `brk`"));
    let argument = delimited(
        (multispace0, '('),
        cut_err(argument),
        cut_err(')').context(expected("a `)` here")),
    );
    let relation = alt((
        ">=".value(Relation::AtLeast),
        '>'.value(Relation::More),
        "<=".value(Relation::AtMost),
        '<'.value(Relation::Less),
        "==".value(Relation::Equal),
        "!=".value(Relation::Unequal),
    ));
    let relation = cut_err(preceded(multispace0, relation))
        .context(expected("`>`, `>=`, `<`, `<=`, `==` or `!=` here"));
    let number = take_while(1.., |c: char| c.is_ascii_digit() || c == '.').parse_to();
    let number =
        cut_err(preceded(multispace0, number.with_span())).context(expected("a number here"));
    let unit = take_while(1.., |c: char| c.is_alphabetic() || matches!(c, '%' | '/'));
    let unit = unit.verify(|unit: &str| !matches!(unit, "and" | "or")).with_span();
    let unit = opt(preceded(multispace0, unit));
    (figure, opt(argument), relation, number, unit)
        .map(|(figure, argument, relation, (number, at), unit)| {
            Written::Compared(Compared {
                figure: figure.into(),
                argument: argument.map(Into::into),
                relation,
                number,
                unit: unit.unwrap_or(("", at)).into(),
            })
        })
        .parse_next(input)
}

/// A word that joins; also directly before a parenthesis.
fn keyword<'a>(
    word: &'static str,
) -> impl Parser<Input<'a>, (), winnow::error::ErrMode<ContextError>> {
    let whole = take_while(1.., is_of_word).verify(move |it: &str| it == word);
    preceded(multispace0, whole).void()
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

/// The innermost expectation.
fn message(error: &ContextError) -> String {
    let mut expected = error.context().filter_map(|context| match context {
        StrContext::Expected(what) => Some(what),
        _ => None,
    });
    expected
        .next()
        .map_or_else(|| "not understood here".to_owned(), |what| format!("expected {what}"))
}

/// One alone needs no joint.
fn joined(
    mut trees: Vec<Tree<Written>>,
    join: fn(Vec<Tree<Written>>) -> Tree<Written>,
) -> Tree<Written> {
    match (trees.len(), trees.pop()) {
        (1, Some(tree)) => tree,
        (_, last) => {
            trees.extend(last);
            join(trees)
        }
    }
}

/// Where parentheses become too deep.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > DEEPEST).then_some(at)
    })
}

impl From<(&str, Range<usize>)> for Word {
    /// Blanks around it, or more than one within, mean nothing.
    fn from((text, at): (&str, Range<usize>)) -> Self {
        let start = at.start + (text.len() - text.trim_start().len());
        let trimmed = text.trim();
        let words: Vec<_> = trimmed.split_whitespace().collect();
        Self { text: words.join(" "), at: start..start + trimmed.len() }
    }
}

impl Relation {
    /// Whether a figure stands so to a limit.
    pub(super) fn holds(self, figure: f64, limit: f64) -> bool {
        match self {
            Self::More => figure > limit,
            Self::AtLeast => figure >= limit,
            Self::Less => figure < limit,
            Self::AtMost => figure <= limit,
            #[expect(clippy::float_cmp, reason = "the user asks for it, and counts are integers")]
            Self::Equal => figure == limit,
            #[expect(clippy::float_cmp, reason = "the user asks for it, and counts are integers")]
            Self::Unequal => figure != limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in parentheses, with the words of each comparison.
    fn shape(text: &str) -> String {
        fn of(tree: &Tree<Written>) -> String {
            let joined = |trees: &[Tree<Written>], by| {
                format!("({})", trees.iter().map(of).collect::<Vec<_>>().join(by))
            };
            match tree {
                Tree::Any(trees) => joined(trees, " or "),
                Tree::All(trees) => joined(trees, " and "),
                Tree::Leaf(Written::Verdict(name)) => format!("verdict[{}]", name.text),
                Tree::Leaf(Written::Compared(it)) => {
                    let argument = it.argument.as_ref().map(|it| format!("[{}]", it.text));
                    let (figure, unit) = (&it.figure.text, &it.unit.text);
                    let argument = argument.unwrap_or_default();
                    format!("{figure}{argument} {:?} {}{unit}", it.relation, it.number)
                }
            }
        }
        of(&parse(text).unwrap_or_else(|error| panic!("{error}")))
    }

    fn mark(text: &str) -> (usize, String) {
        let error = parse(text).unwrap_err().to_string();
        let (first, rest) = error.split_once('\n').unwrap();
        (rest.lines().last().unwrap().find('^').unwrap() - 2, first.to_owned())
    }

    #[test]
    fn a_comparison_is_a_figure_a_relation_and_a_number_with_its_unit() {
        assert_eq!(shape("p99(brk) > 3ms"), "p99[brk] More 3ms");
        assert_eq!(shape(" p99 ( brk  shrink )>=1.5 µs "), "p99[brk shrink] AtLeast 1.5µs");
        assert_eq!(shape("lost!=0"), "lost Unequal 0");
        assert_eq!(shape("runnable<20%"), "runnable Less 20%");
        assert_eq!(shape("calls(futex) <= 1000/s"), "calls[futex] AtMost 1000/s");
        assert_eq!(shape("busy_cpus == 2"), "busy_cpus Equal 2");
    }

    #[test]
    fn a_verdict_is_no_comparison_and_is_joined_as_one_is() {
        assert_eq!(shape("verdict(io-wait)"), "verdict[io-wait]");
        assert_eq!(shape("verdict ( any ) and lost < 1"), "(verdict[any] and lost Less 1)");
        assert_eq!(shape("verdicts > 1"), "verdicts More 1");
    }

    #[test]
    fn and_binds_closer_than_or_and_parentheses_closest() {
        assert_eq!(
            shape("a > 1 or b > 2 and c > 3x or d > 4"),
            "(a More 1 or (b More 2 and c More 3x) or d More 4)"
        );
        assert_eq!(shape("(a > 1 or b > 2)and(c > 3)"), "((a More 1 or b More 2) and c More 3)");
        assert_eq!(shape("((a > 1))"), "a More 1");
    }

    #[test]
    fn what_is_wrong_is_marked_where_it_is() {
        let cases = [
            ("", 0, "a figure here"),
            ("  ", 2, "a figure here"),
            ("> 3", 0, "a figure here"),
            ("lost", 4, "`>`, `>="),
            ("lost = 3", 5, "`>`, `>="),
            ("lost >", 6, "a number here"),
            ("lost > many", 7, "a number here"),
            ("lost > -1", 7, "a number here"),
            ("lost > 1.2.3", 7, "a number here"),
            ("p99() > 3ms", 4, "a name here"),
            ("p99(brk > 3ms", 13, "a `)` here"),
            ("p99((brk) > 3ms", 4, "a name here"),
            ("lost > 0 and", 12, "a figure here"),
            ("lost > 0 or or", 14, "`>`, `>="),
            ("lost > 0 && lost < 5", 9, "`and`, `or` or the end"),
            ("(lost > 0", 9, "a `)` here"),
            ("verdict", 7, "the name of a verdict in parentheses"),
            ("verdict > 3", 8, "the name of a verdict in parentheses"),
            ("verdict()", 8, "the name of a verdict here"),
            ("verdict(io-wait", 15, "a `)` here"),
            ("verdict(io-wait) > 0", 17, "`and`, `or` or the end"),
            ("lost > 0)", 8, "`and`, `or` or the end"),
        ];
        for (text, at, what) in cases {
            let (place, message) = mark(text);
            assert!(message.contains(what), "{text}: {message}");
            assert_eq!(place, at, "{text}: {message}");
        }
    }

    #[test]
    fn parentheses_without_end_are_an_error_and_no_overflow() {
        let (place, message) = mark(&"(".repeat(100_000));
        assert_eq!(place, DEEPEST);
        assert!(message.contains("parentheses"), "{message}");
    }
}
