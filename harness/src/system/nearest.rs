//! Names that a user may have meant.

use itertools::Itertools;

/// How many are suggested.
const NEAREST: usize = 3;

/// The names that come nearest to a word, the nearest first: those that are more alike
/// than this, where 1.0 is the same word.
pub(crate) fn nearest<S: AsRef<str>>(
    word: &str,
    names: impl IntoIterator<Item = S>,
    more_than: f64,
) -> Vec<S> {
    let nearness = |name: S| (strsim::jaro_winkler(word, name.as_ref()), name);
    let names = names.into_iter().map(nearness);
    let names = names.filter(|(nearness, _)| *nearness > more_than);
    let nearest_first = names.sorted_by(|(one, _), (other, _)| other.total_cmp(one));
    nearest_first.map(|(_, name)| name).take(NEAREST).collect()
}
