//! The pages on verdicts, which are the rules' own documentation.

use std::io;

use super::{RULES, Rule};

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    /// Which verdicts there are.
    List,
    /// One of them.
    Verdict(&'static Rule),
}

impl Topic {
    /// Reads a name, or `list`.
    ///
    /// # Errors
    /// If there is no such verdict; says which one may be meant.
    pub fn parse(name: &str) -> Result<Self, String> {
        if name == "list" {
            return Ok(Self::List);
        }
        let found = RULES.iter().find(|rule| rule.name == name);
        found.map(Self::Verdict).ok_or_else(|| {
            let likeness = |rule: &Rule| strsim::jaro_winkler(&name.to_lowercase(), rule.name);
            let nearest = RULES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            match nearest.filter(|rule| likeness(rule) >= 0.7) {
                Some(rule) => format!("there is no such verdict; did you mean '{}'?", rule.name),
                None => "there is no such verdict: --explain list names all".to_owned(),
            }
        })
    }
}

/// Writes a page, or the list. Returns the exit status.
///
/// # Errors
/// If it cannot be written.
pub fn explain(topic: Topic, out: &mut impl io::Write) -> anyhow::Result<u8> {
    match topic {
        Topic::Verdict(rule) => out.write_all(rule.page.as_bytes())?,
        Topic::List => {
            let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
            for Rule { name, summary, .. } in RULES {
                writeln!(out, "{name:<width$}  {summary}")?;
            }
        }
    }
    Ok(0)
}
