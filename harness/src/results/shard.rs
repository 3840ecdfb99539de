//! A part of the kernels, for one machine of several.

use std::cmp::Reverse;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use itertools::Itertools;
use serde::{Deserialize, Serialize};

/// One of several parts: `2/3`. Counts from 1.
///
/// Kernels are dealt out in turn, as nextest's `--partition slice:2/3` deals out
/// tests, so that neighbours, which take equally long, go to different machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = "^[1-9][0-9]*/[1-9][0-9]*$"))
)]
pub struct Shard {
    of: NonZeroUsize,
    number: NonZeroUsize,
}

/// A text that is no [`Shard`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no shard: write K/N, such as 1/3, 2/3 and 3/3 on three machines")]
pub struct ParseShardError(String);

/// The variables by which an engine tells a job its number, the first of these numbers, or
/// the variable that tells it, and how many jobs there are.
const ENGINES: [(&str, &str, &str); 3] = [
    ("CI_NODE_INDEX", "1", "CI_NODE_TOTAL"),
    (
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_COUNT",
    ),
    ("JOB_COMPLETION_INDEX", "0", "JOB_COMPLETIONS"),
];

impl Shard {
    /// All shards of this number.
    pub fn all(of: NonZeroUsize) -> impl Iterator<Item = Self> {
        (1..=of.get())
            .filter_map(NonZeroUsize::new)
            .map(move |number| Self { of, number })
    }

    /// The part that the engine which runs this job among others has given it: by the
    /// variables of GitLab, of Slurm's job arrays, or of a Kubernetes job whose manifest
    /// sets JOB_COMPLETIONS to the number of its completions.
    ///
    /// # Errors
    /// If these make no sense.
    pub fn of_engine(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ParseShardError> {
        for (number, first, of) in ENGINES {
            let (Some(number), Some(of)) = (variable(number), variable(of)) else {
                continue;
            };
            let first = match first.chars().all(|c| c.is_ascii_digit()) {
                true => Some(first.to_owned()),
                false => variable(first),
            };
            let wrong = || ParseShardError(format!("{number}/{of}"));
            let parsed =
                (number.parse::<usize>().ok()).zip(first.and_then(|first| first.parse().ok()));
            let number = parsed.and_then(|(number, first)| number.checked_sub(first));
            let number = number.ok_or_else(wrong)? + 1;
            return format!("{number}/{of}").parse().map(Some);
        }
        Ok(None)
    }

    /// The number of shards.
    pub(crate) const fn count(self) -> NonZeroUsize {
        self.of
    }

    /// This shard's part of a list; perhaps empty, if the list is short.
    #[must_use]
    pub fn part<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter()
            .skip(self.number.get() - 1)
            .step_by(self.of.get())
            .collect()
    }

    /// The same, by how long each item took last time: the longest first, each to the shard
    /// that has least to do. What is not known takes as long as the others do on average. All
    /// shards must know the same.
    #[must_use]
    pub fn part_by_time<T>(self, all: Vec<T>, took: impl Fn(&T) -> Option<Duration>) -> Vec<T> {
        let known: Vec<Option<Duration>> = all.iter().map(took).collect();
        let sum: Duration = known.iter().flatten().sum();
        let Ok(count @ 1..) = u32::try_from(known.iter().flatten().count()) else {
            return self.part(all);
        };
        let took: Vec<Duration> = known.iter().map(|it| it.unwrap_or(sum / count)).collect();
        let longest_first = (0..all.len()).sorted_by_key(|&item| Reverse(took[item]));
        // Shards beyond the number of items have nothing to do.
        let mut load = vec![Duration::ZERO; self.of.get().min(all.len())];
        let mut own = vec![false; all.len()];
        for item in longest_first {
            if let Some((shard, least)) = load.iter_mut().enumerate().min_by_key(|(_, load)| **load)
            {
                *least += took[item];
                own[item] = shard + 1 == self.number.get();
            }
        }
        let own = all.into_iter().zip(own).filter(|(_, own)| *own);
        own.map(|(item, _)| item).collect()
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, ParseShardError> {
        let shard = text.split_once('/').and_then(|(number, of)| {
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            (number <= of).then_some(Self { of, number })
        });
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
    use super::*;

    fn shard(text: &str) -> Shard {
        text.parse().unwrap()
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
    fn work_is_spread_by_what_it_took() {
        let part = |text: &str, took: &[Option<u64>]| {
            let items = (0..took.len()).collect();
            shard(text).part_by_time(items, |&item: &usize| took[item].map(Duration::from_secs))
        };
        let took = [10, 90, 20, 70, 30, 1].map(Some);
        assert_eq!(part("1/2", &took), [1, 2, 5]);
        assert_eq!(part("2/2", &took), [0, 3, 4]);
        // One that is new takes as long as the others on average: here 50.
        let took = [Some(90), None, Some(10)];
        assert_eq!(
            (part("1/2", &took), part("2/2", &took)),
            (vec![0], vec![1, 2])
        );
        assert_eq!(part("1/2", &[None, None, None]), [0, 2]);
        for of in (1..12).filter_map(NonZeroUsize::new) {
            let took = [Some(3), None, Some(3), Some(0)];
            let text = |shard: Shard| shard.to_string();
            let mut all: Vec<usize> = Shard::all(of)
                .flat_map(|it| part(&text(it), &took))
                .collect();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3], "{of} shards");
        }
        assert!(part("18446744073709551615/18446744073709551615", &[Some(1)]).is_empty());
    }

    #[test]
    fn an_engine_tells_a_job_its_shard() {
        let told = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Shard::of_engine(find).map(|shard| shard.map(|shard| shard.to_string()))
        };
        let some = |shard: &str| Ok(Some(shard.to_owned()));
        assert_eq!(told(&[]), Ok(None));
        let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")];
        assert_eq!(told(&gitlab), some("2/3"));
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "12"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(told(&slurm), some("3/4"));
        let kubernetes = [("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "8")];
        assert_eq!(told(&kubernetes), some("1/8"));
        // How many there are is not known.
        assert_eq!(told(&kubernetes[..1]), Ok(None));
        assert!(told(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "3")]).is_err());
        assert!(told(&[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "3")]).is_err());
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
}
