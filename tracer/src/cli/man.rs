//! The man page.

use std::io::{Result, Write};

use clap::Command;
use clap_mangen::Man;

use super::args;

/// Writes the page, as roff. Subcommands are described in it, for they have no pages of their own.
pub(super) fn page(command: Command, page: &mut impl Write) -> Result<()> {
    let subcommands = entries(command.get_subcommands().map(|sub| {
        (sub.get_name().to_owned(), sub.get_about().map(ToString::to_string).unwrap_or_default())
    }));
    let examples = entries(args::EXAMPLES);
    let man = Man::new(command);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    writeln!(page, ".PP\n{}", text(args::RIGHTS))?;
    man.render_options_section(page)?;
    writeln!(page, ".SH SUBCOMMANDS\n{subcommands}")?;
    writeln!(page, ".SH \"EXIT STATUS\"\n{}", text(args::EXIT_STATUS))?;
    write!(page, ".SH EXAMPLES\n{examples}")
}

/// Words in bold, each with a paragraph about it.
fn entries<A: AsRef<str>, B: AsRef<str>>(list: impl IntoIterator<Item = (A, B)>) -> String {
    let entry = |(word, about): (A, B)| {
        format!(".TP\n\\fB{}\\fR\n{}\n", text(word.as_ref()), text(about.as_ref()))
    };
    list.into_iter().map(entry).collect()
}

/// Text as roff wants it: hyphens and quotes as they are typed, so that lines can be copied.
fn text(text: &str) -> String {
    text.replace('-', "\\-").replace('\'', "\\(aq")
}
