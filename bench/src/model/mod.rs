//! Machines larger than this one.

/// The machine to be modelled.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// The tables.
pub(crate) fn tables(_: &Args) -> String {
    String::new()
}
