//! What was found, by what was there.

use std::{collections::BTreeMap, fmt};

/// A confusion table: a row for each cause, a column for each verdict.
#[derive(Debug, Default)]
pub(super) struct Table {
    cells: BTreeMap<(String, String), usize>,
}

impl Table {
    pub(super) fn add(&mut self, cause: Option<&str>, found: &str) {
        let cause = cause.unwrap_or("nothing").to_owned();
        *self.cells.entry((cause, found.to_owned())).or_default() += 1;
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&String> =
            self.cells.keys().flat_map(|(cause, found)| [cause, found]).collect();
        names.sort();
        names.dedup();
        let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
        write!(f, "{:width$}", "there \\ found")?;
        for column in 1..=names.len() {
            write!(f, "{column:>4}")?;
        }
        writeln!(f)?;
        for (n, cause) in names.iter().enumerate() {
            write!(f, "{cause:width$}")?;
            for found in &names {
                match self.cells.get(&((*cause).clone(), (*found).clone())) {
                    Some(count) => write!(f, "{count:>4}")?,
                    None => write!(f, "{:>4}", "·")?,
                }
            }
            writeln!(f, "   {}", n + 1)?;
        }
        Ok(())
    }
}
