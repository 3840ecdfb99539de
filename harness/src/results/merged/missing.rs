//! The shards that are missing among several runs.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use crate::results::event::Header;
use crate::results::shard::Shard;

/// The shards without which these runs are not the whole.
#[must_use]
pub fn missing_shards<'a>(runs: impl IntoIterator<Item = &'a Header>) -> Vec<Shard> {
    let there: Vec<Shard> = runs.into_iter().filter_map(|run| run.shard).collect();
    let counts: BTreeSet<NonZeroUsize> = there.iter().map(|shard| shard.count()).collect();
    let all = counts.into_iter().flat_map(Shard::all);
    all.filter(|shard| !there.contains(shard)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::event::tests::header;

    #[test]
    fn what_is_missing_is_told() {
        let missing = |shards: &[Option<&str>]| -> Vec<String> {
            let headers: Vec<Header> = shards.iter().map(|shard| header(*shard)).collect();
            let missing = missing_shards(&headers);
            missing.iter().map(Shard::to_string).collect()
        };
        assert_eq!(missing(&[]), [""; 0]);
        assert_eq!(missing(&[None]), [""; 0]);
        assert_eq!(missing(&[Some("2/2"), Some("1/2"), Some("1/2")]), [""; 0]);
        assert_eq!(missing(&[None, Some("2/3")]), ["1/3", "3/3"]);
        assert_eq!(
            missing(&[Some("1/2"), Some("2/3"), Some("3/3")]),
            ["2/2", "1/3"]
        );
    }
}
