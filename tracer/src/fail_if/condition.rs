//! Conditions whose words have a meaning: from what was written to what can be measured.

use super::{
    error::ConditionError,
    figures::{FIGURES, Figure, Of},
    grammar::{self, Compared, Relation, Word, Written},
    names,
    tree::Tree,
    units::{Kind, Unit},
    verdict::{Asked, VERDICT},
};
use crate::{kernel::selection::Selection, report::number_of_row, spelling::nearest};

/// What conditions are about, as far as it is known before anything runs.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The calls that will have rows; `None` where a recording will tell.
    pub selection: Option<&'a Selection>,
    /// There are two runs, so that figures have a ratio.
    pub comparison: bool,
}

/// One condition, as the user wrote it and as it is meant.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(super) text: String,
    pub(super) tree: Tree<Claim>,
}

/// What can be so, or not so, or unknown.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// A figure stands so to a limit.
    Compared(Comparison),
    /// A verdict was given.
    Given(Asked),
}

/// A figure, and the limit that it is held against.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) figure: &'static Figure,
    pub(super) argument: Option<String>,
    pub(super) relation: Relation,
    /// In the unit.
    pub(super) limit: f64,
    pub(super) unit: Unit,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// If it cannot be understood, or speaks of what cannot be known here.
    pub(super) fn parse(text: &str, about: About<'_>) -> Result<Self, ConditionError> {
        let check = |written: &Written| claim(written, about).map_err(|error| error.in_text(text));
        Ok(Self { text: text.trim().to_owned(), tree: grammar::parse(text)?.try_map(&check)? })
    }
}

/// What is wrong with a word.
struct Wrong<'a> {
    word: &'a Word,
    what: String,
}

impl Wrong<'_> {
    fn in_text(self, text: &str) -> ConditionError {
        ConditionError::new(text, self.word.at.clone(), self.what)
    }
}

fn claim<'a>(written: &'a Written, about: About<'_>) -> Result<Claim, Wrong<'a>> {
    match written {
        Written::Compared(compared) => comparison(compared, about).map(Claim::Compared),
        Written::Verdict(word) => {
            let asked = Asked::parse(&word.text, about);
            asked.map(Claim::Given).map_err(|what| Wrong { word, what })
        }
    }
}

fn comparison<'a>(written: &'a Compared, about: About<'_>) -> Result<Comparison, Wrong<'a>> {
    let Compared { figure: name, argument, relation, number, unit } = written;
    let wrong = |word, what| Err(Wrong { word, what });
    let Some(figure) = Figure::named(&name.text) else {
        return wrong(name, unknown_figure(&name.text));
    };
    match argument {
        Some(argument) => {
            if let Err(what) = names::check(&figure.of, &argument.text, about.selection) {
                return wrong(argument, what);
            }
        }
        None if matches!(figure.of, Of::Distribution(_)) => {
            let name = figure.name;
            return wrong(&written.figure, format!("`{name}` of what? Write `{name}(brk)`, say"));
        }
        None => {}
    }
    let Some(known) = Unit::named(&unit.text) else {
        let what =
            format!("unknown unit `{}`: {} is {}", unit.text, figure.name, figure.kind.wants());
        return wrong(unit, what);
    };
    if known == Unit::Times && !about.comparison {
        let what = "`x` is a ratio of two runs: only `tracer compare` has two".to_owned();
        return wrong(unit, what);
    }
    // A count in percent, say. 0 is nothing in every unit, but is written with one all the same.
    if !figure.kind.takes(known) {
        return wrong(unit, format!("`{}` is {}", figure.name, figure.kind.wants()));
    }
    Ok(Comparison {
        figure,
        argument: argument.as_ref().map(|argument| argument.text.clone()),
        relation: *relation,
        limit: *number,
        unit: known,
    })
}

fn unknown_figure(name: &str) -> String {
    // `brk > 3ms` has a name that is right, but of the wrong thing.
    if number_of_row(name).is_some() {
        return format!("which figure of `{name}`? Write `p99({name})` or `calls({name})`, say");
    }
    let known = FIGURES.iter().map(|figure| figure.name).chain([VERDICT]);
    match nearest(name, known) {
        Some(meant) => format!("unknown figure `{name}`: did you mean `{meant}`?"),
        None => {
            let all: Vec<_> = FIGURES.iter().map(|figure| figure.name).collect();
            format!("unknown figure `{name}`: there are {}, and `{VERDICT}`", all.join(", "))
        }
    }
}

impl Comparison {
    /// The figure's name, as in the condition.
    pub(super) fn name(&self) -> String {
        match &self.argument {
            Some(argument) => format!("{}({argument})", self.figure.name),
            None => self.figure.name.to_owned(),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.figure.kind
    }
}
