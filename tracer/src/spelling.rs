//! What was probably meant by a name that nothing has.

/// The candidate nearest to `word`, unless none is near enough to be meant.
pub(crate) fn nearest<S: AsRef<str>>(
    word: &str,
    candidates: impl IntoIterator<Item = S>,
) -> Option<S> {
    let word = word.to_lowercase();
    let near = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, name.as_ref()), name))
        .filter(|(distance, _)| *distance <= near)
        // Of several as near, the one whose beginning fits best: `mumap` is `munmap`, not `mmap`.
        .min_by(|(a, a_name), (b, b_name)| {
            let alike = |name: &S| strsim::jaro_winkler(&word, name.as_ref());
            a.cmp(b).then(alike(b_name).total_cmp(&alike(a_name)))
        })
        .map(|(_, name)| name)
}
