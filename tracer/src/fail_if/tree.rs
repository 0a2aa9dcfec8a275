//! `and` and `or`, over leaves that may be unknown.

/// Leaves, joined.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree<L> {
    /// One of them holds.
    Any(Vec<Self>),
    /// All of them hold.
    All(Vec<Self>),
    /// A single one.
    Leaf(L),
}

impl<L> Tree<L> {
    /// The same tree with other leaves.
    pub(super) fn map<M>(&self, leaf: &impl Fn(&L) -> M) -> Tree<M> {
        let all = |trees: &[Self]| trees.iter().map(|tree| tree.map(leaf)).collect();
        match self {
            Self::Any(trees) => Tree::Any(all(trees)),
            Self::All(trees) => Tree::All(all(trees)),
            Self::Leaf(it) => Tree::Leaf(leaf(it)),
        }
    }

    /// The same tree with other leaves, unless one of them cannot be made.
    pub(super) fn try_map<M, E>(&self, leaf: &impl Fn(&L) -> Result<M, E>) -> Result<Tree<M>, E> {
        let all = |trees: &[Self]| -> Result<_, E> {
            trees.iter().map(|tree| tree.try_map(leaf)).collect()
        };
        Ok(match self {
            Self::Any(trees) => Tree::Any(all(trees)?),
            Self::All(trees) => Tree::All(all(trees)?),
            Self::Leaf(it) => Tree::Leaf(leaf(it)?),
        })
    }

    /// The leaves, from left to right.
    pub(super) fn leaves(&self) -> Vec<&L> {
        match self {
            Self::Any(trees) | Self::All(trees) => trees.iter().flat_map(Self::leaves).collect(),
            Self::Leaf(it) => vec![it],
        }
    }

    /// Whether the whole holds. `None` is unknown, and stays so only where it decides: one side of an
    /// `or` that holds is enough, and one side of an `and` that does not.
    pub(super) fn holds(&self, leaf: &impl Fn(&L) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Any(trees) => joined(trees, leaf, true),
            Self::All(trees) => joined(trees, leaf, false),
            Self::Leaf(it) => leaf(it),
        }
    }
}

/// The value that decides if one tree has it; otherwise unknown if one is, or else the opposite.
fn joined<L>(trees: &[Tree<L>], leaf: &impl Fn(&L) -> Option<bool>, decides: bool) -> Option<bool> {
    let mut joined = Some(!decides);
    for tree in trees {
        match tree.holds(leaf) {
            Some(value) if value == decides => return Some(decides),
            Some(_) => {}
            None => joined = None,
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    type Known = Tree<Option<bool>>;

    const VALUES: [Option<bool>; 3] = [Some(false), None, Some(true)];

    fn pair(join: fn(Vec<Known>) -> Known) -> Vec<Option<bool>> {
        let pairs = VALUES.iter().flat_map(|a| VALUES.iter().map(move |b| (*a, *b)));
        pairs.map(|(a, b)| join(vec![Tree::Leaf(a), Tree::Leaf(b)]).holds(&|it| *it)).collect()
    }

    #[test]
    fn what_is_unknown_matters_only_where_it_decides() {
        let (no, unknown, yes) = (Some(false), None, Some(true));
        assert_eq!(pair(Tree::All), [no, no, no, no, unknown, unknown, no, unknown, yes]);
        assert_eq!(pair(Tree::Any), [no, unknown, yes, unknown, unknown, yes, yes, yes, yes]);
    }
}
