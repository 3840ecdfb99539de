//! A part of the kernels, for one machine of several.

use std::fmt;
use std::num::{NonZeroUsize, ParseIntError};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Header;

/// One of several parts: `2/3`. Counts from 1.
///
/// Kernels are dealt out in turn, as nextest's `--partition slice:2/3` deals out
/// tests, so that neighbours, which take equally long, go to different machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    of: NonZeroUsize,
    number: NonZeroUsize,
}

/// A text that is no [`Shard`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseShardError(String);

impl fmt::Display for ParseShardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no shard: write K/N, such as 1/3, 2/3 and 3/3 on three machines",
            self.0
        )
    }
}

impl std::error::Error for ParseShardError {}

impl Shard {
    /// All shards where there are so many.
    pub fn all(of: NonZeroUsize) -> impl Iterator<Item = Self> {
        (1..=of.get())
            .filter_map(NonZeroUsize::new)
            .map(move |number| Self { of, number })
    }

    /// What is left of a list: nothing, where it is shorter than there are
    /// shards and this is one of the last.
    #[must_use]
    pub fn part<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter()
            .skip(self.number.get() - 1)
            .step_by(self.of.get())
            .collect()
    }

    /// The shards without which these runs are not the whole.
    #[must_use]
    pub fn missing<'a>(runs: impl IntoIterator<Item = &'a Header>) -> Vec<Self> {
        let there: Vec<Self> = runs.into_iter().filter_map(|run| run.shard).collect();
        let mut counts: Vec<NonZeroUsize> = there.iter().map(|shard| shard.of).collect();
        counts.sort_unstable();
        counts.dedup();
        let all = counts.into_iter().flat_map(Self::all);
        all.filter(|shard| !there.contains(shard)).collect()
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, ParseShardError> {
        let inner = || -> Result<Option<Self>, ParseIntError> {
            let Some((number, of)) = text.split_once('/') else {
                return Ok(None);
            };
            let (number, of) = (number.parse()?, of.parse()?);
            Ok((number <= of).then_some(Self { of, number }))
        };
        let shard = inner().ok().flatten();
        shard.ok_or_else(|| ParseShardError(text.to_owned()))
    }
}

impl TryFrom<String> for Shard {
    type Error = ParseShardError;

    fn try_from(text: String) -> Result<Self, ParseShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn shard(text: &str) -> Shard {
        text.parse().unwrap()
    }

    fn header(shard: Option<&str>) -> Header {
        Header {
            format: 1,
            run: "example".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            host: "example".to_owned(),
            kernels: Vec::new(),
            scenarios: Vec::new(),
            shard: shard.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn each_kernel_is_in_one_shard() {
        for count in 0..10 {
            for of in (1..12).filter_map(NonZeroUsize::new) {
                let kernels = || (0..count).collect::<Vec<_>>();
                let parts = Shard::all(of).map(|shard| shard.part(kernels()));
                let parts: Vec<Vec<usize>> = parts.collect();
                let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
                let mut union = parts.concat();
                union.sort_unstable();
                assert_eq!(union, kernels(), "{count} kernels, {of} shards");
                let most = sizes.iter().max().unwrap();
                assert!(most - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            }
        }
        assert_eq!(shard("2/3").part(vec![0, 1, 2, 3, 4, 5, 6]), [1, 4]);
    }

    #[test]
    fn a_shard_is_one_of_those_there_are() {
        for text in ["1/1", "2/3", "3/3"] {
            assert_eq!(shard(text).to_string(), text);
        }
        for text in [
            "", "1", "/", "0/3", "4/3", "1/0", "0/0", "-1/3", "1/3/3", "a/b", "1 /3",
        ] {
            assert!(text.parse::<Shard>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        let missing = |shards: &[Option<&str>]| -> Vec<String> {
            let headers: Vec<Header> = shards.iter().map(|shard| header(*shard)).collect();
            let missing = Shard::missing(&headers);
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

    /// A run that was made before there were shards is a whole one.
    #[test]
    fn a_header_has_its_shard_or_none() {
        for shard in [None, Some("2/3")] {
            let header = header(shard);
            let json = serde_json::to_string(&header).unwrap();
            assert_eq!(json.contains("shard"), shard.is_some(), "{json}");
            assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
        }
    }
}
