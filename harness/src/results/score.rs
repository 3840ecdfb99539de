//! How much of what is claimed a kernel does, by family of scenarios.

use std::fmt;

use guest::scenarios;
use serde::{Deserialize, Serialize};

use super::matrix::Row;
use super::tally::Tally;
use crate::system::grouped;

/// The score of a kernel: of a family the scenarios that passed, and those that were
/// judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Score {
    /// The name under which the kernel was asked for.
    pub kernel: String,
    /// The families, in the order of their scenarios.
    pub families: Vec<FamilyScore>,
}

/// The score of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct FamilyScore {
    /// The family's name.
    pub family: String,
    /// How many scenarios passed.
    pub passed: usize,
    /// How many are red.
    pub red: usize,
    /// How many were not run, are not applicable, or have no claim: these tell nothing.
    pub not_judged: usize,
}

impl Score {
    /// The score of a row.
    #[must_use]
    pub fn of(row: &Row) -> Self {
        let family = |name: &str| scenarios::find(name).map_or("others", |one| one.family());
        let cells = row.cells.iter();
        let families = grouped(cells.map(|cell| (family(&cell.scenario), cell)));
        let score = |(family, cells): (&str, Vec<_>)| {
            let Tally { passed, red, .. } = Tally::of(cells.iter().copied());
            FamilyScore {
                family: family.to_owned(),
                passed,
                red,
                not_judged: cells.len() - passed - red,
            }
        };
        Self {
            kernel: row.name.clone(),
            families: families.into_iter().map(score).collect(),
        }
    }
}

/// A line a family, and one of all.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, by family", self.kernel)?;
        let sum = |count: fn(&FamilyScore) -> usize| self.families.iter().map(count).sum();
        let all = FamilyScore {
            family: "all".to_owned(),
            passed: sum(|one| one.passed),
            red: sum(|one| one.red),
            not_judged: sum(|one| one.not_judged),
        };
        for one in self.families.iter().chain([&all]) {
            let judged = one.passed + one.red;
            write!(f, "  {:18} {:>3} of {judged:>3}", one.family, one.passed)?;
            if one.not_judged > 0 {
                write!(f, ", {} not judged", one.not_judged)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Cell, Verdict};

    #[test]
    fn a_score_counts_what_was_judged() {
        let cells = [
            ("unshare_newpid_multithreaded", Verdict::Passed),
            ("close_range", Verdict::Passed),
            ("openat2", Verdict::Failed),
            ("statx", Verdict::NotRun),
            ("preadv2", Verdict::NotApplicable),
        ];
        let row = Row {
            cells: cells
                .map(|(name, verdict)| Cell::without(name, verdict, ""))
                .to_vec(),
            ..Row::new("native as 6.1", "native")
        };
        let score = Score::of(&row);
        let files = &score.families[1];
        assert_eq!((files.passed, files.red, files.not_judged), (1, 1, 2));
        assert_eq!(
            score.to_string(),
            "native as 6.1, by family
  unshare              1 of   1
  files                1 of   2, 2 not judged
  all                  2 of   3, 2 not judged
"
        );
    }
}
