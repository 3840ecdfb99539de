//! What a kernel showed, held against what is claimed of it.

use std::fmt;
use std::time::Duration;

use guest::{Claim, Fact, Kernel, Observation, Outcome, Scenario, Version};
use serde::{Deserialize, Serialize};

use crate::subject::claimed_version;

/// What is to be said of a scenario on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It showed what is claimed.
    Passed,
    /// It showed something else.
    Failed,
    /// It showed something, and nothing is claimed.
    NoClaim,
    /// The kernel cannot be asked.
    NotApplicable,
    /// Nobody looked.
    NotRun,
    /// The probe could not do its work.
    Broken,
    /// The probe's process ended before it was done.
    Died,
    /// The probe did not end within its deadline.
    TimedOut,
    /// The kernel panicked meanwhile.
    Panicked,
    /// The machine fell silent meanwhile.
    Hung,
    /// The machine ended meanwhile.
    Ended,
    /// The report was damaged meanwhile.
    Garbled,
    /// QEMU failed meanwhile, or was killed: the host's fault.
    QemuFailed,
}

impl Verdict {
    /// Whether the kernel disagreed with a claim or kept the scenario from
    /// ending. What did not run, has no claim, or was cut short by the host is
    /// neither red nor passed.
    #[must_use]
    pub const fn is_red(self) -> bool {
        !matches!(
            self,
            Self::Passed | Self::NoClaim | Self::NotApplicable | Self::NotRun | Self::QemuFailed
        )
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "FAIL",
            Self::NoClaim => "no claim",
            Self::NotApplicable => "not applicable",
            Self::NotRun => "not run",
            Self::Broken => "BROKEN",
            Self::Died => "DIED",
            Self::TimedOut => "TIMED OUT",
            Self::Panicked => "PANICKED",
            Self::Hung => "HUNG",
            Self::Ended => "ENDED EARLY",
            Self::Garbled => "GARBLED",
            Self::QemuFailed => "QEMU FAILED",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One scenario on one kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The scenario's name.
    pub scenario: String,
    /// What is to be said of it.
    pub verdict: Verdict,
    /// Why, where the verdict does not say all.
    pub why: Option<String>,
    /// The claim, where there is one.
    pub claim: Option<Claimed>,
    /// What was seen.
    pub observed: Observation,
    /// How long it took.
    #[serde(with = "crate::seconds")]
    pub took: Duration,
    /// The last lines of the console meanwhile, harmless to print.
    pub console: Vec<String>,
}

/// The claim a cell was held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Since which version it holds.
    pub since: Version,
    /// What must be seen.
    pub expected: Observation,
    /// Why.
    pub because: String,
    /// The commit, as `id ("title")`.
    pub commit: Option<String>,
    /// The kernels on which it was seen before.
    pub observed: Vec<Version>,
    /// Where people met it: addresses of public issues and the like.
    pub links: Vec<String>,
}

impl Claimed {
    /// A claim, as it is reported; without the kernels it was observed on, which
    /// its scenario knows.
    #[must_use]
    pub fn of(claim: &Claim) -> Self {
        Self {
            since: claim.since,
            expected: claim.observation(),
            because: claim.because.to_owned(),
            commit: claim.commit.map(|commit| commit.to_string()),
            observed: Vec::new(),
            links: claim.links.iter().map(|&link| link.to_owned()).collect(),
        }
    }

    /// Whether no kernel showed it before, so that it rests on the source of
    /// the kernel alone.
    #[must_use]
    pub fn rests_on_source(&self) -> bool {
        self.observed.is_empty()
    }
}

impl Cell {
    /// A cell without an observation.
    #[must_use]
    pub fn without(scenario: &str, verdict: Verdict, why: impl Into<String>) -> Self {
        Self {
            scenario: scenario.to_owned(),
            verdict,
            why: Some(why.into()),
            claim: None,
            observed: Observation::default(),
            took: Duration::ZERO,
            console: Vec::new(),
        }
    }

    /// Whether it was held against a claim that no kernel showed before.
    #[must_use]
    pub fn rests_on_source(&self) -> bool {
        self.claim.as_ref().is_some_and(Claimed::rests_on_source)
    }

    /// The expected and the observed facts side by side, in the order of the
    /// claim, those that nobody expected last.
    #[must_use]
    pub fn comparison(&self) -> Vec<Comparison> {
        let none = Observation::default();
        let expected = self.claim.as_ref().map_or(&none, |claim| &claim.expected);
        let names = expected
            .0
            .iter()
            .chain(&self.observed.0)
            .map(|fact| &fact.name);
        let mut rows: Vec<Comparison> = Vec::new();
        for name in names {
            if rows.iter().all(|row| row.fact != *name) {
                rows.push(Comparison {
                    fact: name.clone(),
                    expected: expected.get(name).map(str::to_owned),
                    observed: self.observed.get(name).map(str::to_owned),
                });
            }
        }
        rows
    }
}

/// A fact, as it should be and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The fact's name.
    pub fact: String,
    /// What the claim says, if it speaks of it.
    pub expected: Option<String>,
    /// What was seen, if it was.
    pub observed: Option<String>,
}

impl Comparison {
    /// Whether the claim allows what was seen.
    #[must_use]
    pub fn agrees(&self) -> bool {
        match (&self.expected, &self.observed) {
            (Some(expected), Some(observed)) => {
                let claimed = Fact {
                    name: self.fact.clone(),
                    value: expected.clone(),
                };
                claimed.allows(observed)
            }
            _ => false,
        }
    }
}

/// Judges a scenario that ended.
#[must_use]
pub fn judge(
    scenario: &Scenario,
    kernel: &Kernel,
    outcome: &Outcome,
    observed: Observation,
) -> Cell {
    let (claim, unclaimed) = claim_about(scenario, kernel);
    let expected = claim.as_ref().map(|claim| &claim.expected);
    let (verdict, why) = match outcome {
        Outcome::NotApplicable(why) => (Verdict::NotApplicable, Some(why.clone())),
        Outcome::Failed(why) => (Verdict::Broken, Some(why.clone())),
        Outcome::Died(how) => (Verdict::Died, Some(how.clone())),
        Outcome::TimedOut => (Verdict::TimedOut, None),
        Outcome::Completed => match expected {
            None => (Verdict::NoClaim, unclaimed),
            Some(expected) if expected.satisfied_by(&observed) => (Verdict::Passed, None),
            Some(_) => (Verdict::Failed, None),
        },
    };
    Cell {
        scenario: scenario.name.to_owned(),
        verdict,
        why,
        claim,
        observed,
        took: Duration::ZERO,
        console: Vec::new(),
    }
}

/// The claim about a kernel, or why there is none.
fn claim_about(scenario: &Scenario, kernel: &Kernel) -> (Option<Claimed>, Option<String>) {
    let version = match claimed_version(kernel) {
        Ok(version) => version,
        Err(why) => return (None, Some(why)),
    };
    match scenario.claim(version) {
        None => (None, Some(format!("nothing is claimed of {version}"))),
        Some(claim) => {
            let claimed = Claimed {
                observed: scenario.observed(claim),
                ..Claimed::of(claim)
            };
            (Some(claimed), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use guest::{Facts, ProbeError};

    use super::*;

    fn no_probe(_: &mut Facts) -> Result<(), ProbeError> {
        Ok(())
    }

    const SCENARIO: Scenario = Scenario::new(
        "an example",
        no_probe,
        &[
            Claim::since(3, 8).shows("call=EINVAL"),
            Claim::since(3, 13)
                .shows("call=ok")
                .backported(&[Version::point(3, 12, 5)]),
        ],
    )
    .named("example");

    fn cell(release: &str, outcome: &Outcome, observed: &str) -> Cell {
        let kernel = Kernel {
            release: release.to_owned(),
            version: "#1 SMP".to_owned(),
        };
        judge(&SCENARIO, &kernel, outcome, Observation::written(observed))
    }

    fn verdict(release: &str, observed: &str) -> Verdict {
        cell(release, &Outcome::Completed, observed).verdict
    }

    #[test]
    fn a_claim_has_two_sides() {
        assert_eq!(verdict("3.10.4", "call=EINVAL"), Verdict::Passed);
        assert_eq!(verdict("3.10.4", "call=ok"), Verdict::Failed);
        assert_eq!(verdict("3.13.0", "call=ok"), Verdict::Passed);
        assert_eq!(verdict("3.13.0", "call=EINVAL"), Verdict::Failed);
    }

    #[test]
    fn a_backport_counts_within_its_series_only() {
        assert_eq!(verdict("3.12.4", "call=EINVAL"), Verdict::Passed);
        assert_eq!(verdict("3.12.5", "call=ok"), Verdict::Passed);
        assert_eq!(verdict("3.11.10", "call=EINVAL"), Verdict::Passed);
    }

    #[test]
    fn facts_that_are_missing_or_too_many_are_no_pass() {
        assert_eq!(verdict("3.10.4", ""), Verdict::Failed);
        assert_eq!(verdict("3.10.4", "call=EINVAL more=ok"), Verdict::Failed);
        assert_eq!(
            verdict("3.10.4", "call=EINVAL call=EINVAL"),
            Verdict::Failed
        );
    }

    #[test]
    fn what_nothing_is_claimed_of_is_never_passed() {
        assert_eq!(verdict("3.7.0", "call=EINVAL"), Verdict::NoClaim);
        let el7 = cell("3.10.0-1160.el7.x86_64", &Outcome::Completed, "call=ok");
        assert_eq!(
            (el7.verdict, el7.why.as_deref()),
            (Verdict::NoClaim, Some("lineage el7"))
        );
        assert_eq!(el7.observed, Observation::written("call=ok"));
    }

    #[test]
    fn a_probe_that_did_not_complete_is_never_passed() {
        for (outcome, verdict) in [
            (Outcome::TimedOut, Verdict::TimedOut),
            (Outcome::Died("signal 11".to_owned()), Verdict::Died),
            (Outcome::Failed("EAGAIN".to_owned()), Verdict::Broken),
            (
                Outcome::NotApplicable("CONFIG_USER_NS".to_owned()),
                Verdict::NotApplicable,
            ),
        ] {
            assert_eq!(cell("3.10.4", &outcome, "call=EINVAL").verdict, verdict);
        }
    }

    #[test]
    fn expected_and_observed_stand_side_by_side() {
        let cell = cell("3.10.4", &Outcome::Completed, "call=ok more=1");
        let rows: Vec<_> = cell
            .comparison()
            .into_iter()
            .map(|row| (row.fact, row.expected, row.observed))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            rows,
            [
                ("call".to_owned(), some("EINVAL"), some("ok")),
                ("more".to_owned(), None, some("1")),
            ]
        );
    }
}
