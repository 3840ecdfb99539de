//! Verdicts: what a kernel showed, compared with the claims.

use std::fmt;
use std::time::Duration;

use guest::{Claim, Fact, Observation, VendorClaim, Version};
use itertools::Itertools;
use serde::{Deserialize, Serialize};

/// The result of a scenario on a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It showed what is claimed.
    Passed,
    /// It showed something else.
    Failed,
    /// It showed something, and no claim is made.
    NoClaim,
    /// It is a vendor's, of which nothing is claimed, and showed something else than is
    /// claimed of the version that it is based on.
    Differs,
    /// The kernel cannot show it.
    NotApplicable,
    /// The scenario was not run.
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
            Self::Passed
                | Self::NoClaim
                | Self::Differs
                | Self::NotApplicable
                | Self::NotRun
                | Self::QemuFailed
        )
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.names().0
    }

    /// A sign of one letter; a space for what was not run and what passed.
    #[must_use]
    pub const fn letter(self) -> char {
        self.names().1
    }

    const fn names(self) -> (&'static str, char) {
        match self {
            Self::Passed => ("pass", ' '),
            Self::Failed => ("FAIL", 'F'),
            Self::NoClaim => ("no claim", '?'),
            Self::Differs => ("differs", 'd'),
            Self::NotApplicable => ("not applicable", '–'),
            Self::NotRun => ("not run", ' '),
            Self::Broken => ("BROKEN", 'B'),
            Self::Died => ("DIED", 'D'),
            Self::TimedOut => ("TIMED OUT", 'T'),
            Self::Panicked => ("PANICKED", 'P'),
            Self::Hung => ("HUNG", 'H'),
            Self::Ended => ("ENDED EARLY", 'E'),
            Self::Garbled => ("GARBLED", 'G'),
            Self::QemuFailed => ("QEMU FAILED", 'Q'),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The result of one scenario on one kernel, with its details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct Cell {
    /// The scenario's name.
    pub scenario: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, if the verdict does not say all.
    pub why: Option<String>,
    /// The claim, where there is one.
    pub claim: Option<Claimed>,
    /// What was seen.
    pub observed: Observation,
    /// How long it took; in the log, in seconds.
    #[serde(with = "super::seconds")]
    #[cfg_attr(feature = "schema", schemars(with = "f64", range(min = 0)))]
    pub took: Duration,
    /// The last lines of the console meanwhile, harmless to print.
    pub console: Vec<String>,
}

/// The claim by which a cell was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields)
)]
pub struct Claimed {
    /// Since which version it holds; of a vendor's kernels, the version that they are based on.
    pub since: Version,
    /// The vendor's kernels of which it speaks, as `el7 since build 1160`. Such a claim is
    /// about the facts that it names, and no others.
    #[serde(default)]
    pub vendor: Option<String>,
    /// What must be seen.
    pub expected: Observation,
    /// Why.
    pub because: String,
    /// The commit, as `id ("title")`.
    pub commit: Option<String>,
    /// The kernels on which it was seen before. Where there is none, the claim rests on
    /// the source alone.
    pub observed: Vec<Version>,
    /// Addresses of public issues and the like.
    pub links: Vec<String>,
}

impl Claimed {
    /// A claim, as it is reported; without the kernels on which it was observed, which
    /// its scenario knows.
    #[must_use]
    pub fn of(claim: &Claim) -> Self {
        Self {
            since: claim.since,
            vendor: None,
            expected: claim.observation(),
            because: claim.because.to_owned(),
            commit: claim.commit.map(|commit| commit.to_string()),
            observed: Vec::new(),
            links: claim.links.iter().map(|&link| link.to_owned()).collect(),
        }
    }
}

impl Claimed {
    /// A claim about a vendor's kernel that is based on a version.
    #[must_use]
    pub fn of_vendor(claim: &VendorClaim, base: Version) -> Self {
        Self {
            since: base,
            vendor: Some(claim.to_string()),
            expected: claim.observation(),
            because: claim.because.to_owned(),
            commit: None,
            observed: Vec::new(),
            links: vec![claim.source.to_owned()],
        }
    }

    /// Of what it is claimed: `since 3.12`, `of el7 since build 1160`.
    #[must_use]
    pub fn of_what(&self) -> String {
        match &self.vendor {
            Some(vendor) => format!("of {vendor}"),
            None => format!("since {}", self.since),
        }
    }

    /// Whether what was seen is what is claimed.
    #[must_use]
    pub fn satisfied_by(&self, seen: &Observation) -> bool {
        match self.vendor {
            Some(_) => self.expected.satisfied_where_named(seen),
            None => self.expected.satisfied_by(seen),
        }
    }
}

impl Cell {
    /// Why there is no claim of a case that does not show the same each time.
    pub(crate) const VARIES: &str = "it does not show the same each time";

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

    /// Whether it passed or failed by a claim that rests on source alone: no kernel was
    /// seen to show it.
    #[must_use]
    pub fn rests_on_source(&self) -> bool {
        let claim = self.claim.as_ref();
        matches!(self.verdict, Verdict::Passed | Verdict::Failed)
            && claim.is_some_and(|claim| claim.observed.is_empty())
    }

    /// Whether it is known not to show the same each time.
    pub(crate) fn varies(&self) -> bool {
        self.why.as_deref() == Some(Self::VARIES)
    }

    /// What it shows, with the claim's range in place of a number that it leaves open; none
    /// where nothing was seen.
    pub(crate) fn behaviour(&self) -> Option<Observation> {
        if self.observed.0.is_empty() || self.verdict == Verdict::NotApplicable {
            return None;
        }
        let claim = self.claim.as_ref();
        let claimed = claim.map_or(&[][..], |claim| &claim.expected.0);
        let fact = |seen: &Fact| {
            let mut claimed = claimed.iter();
            let range = claimed.find(|fact| fact.name == seen.name && fact.allows(&seen.value));
            range.unwrap_or(seen).clone()
        };
        Some(Observation(self.observed.0.iter().map(fact).collect()))
    }

    /// The expected and the observed facts side by side, in the order of the claim,
    /// unexpected ones last.
    #[must_use]
    pub fn comparison(&self) -> Vec<Comparison> {
        let none = Observation::default();
        let expected = self.claim.as_ref().map_or(&none, |claim| &claim.expected);
        let facts = expected.0.iter().chain(&self.observed.0);
        let names = facts.map(|fact| &fact.name);
        let row = |name: &String| Comparison {
            fact: name.clone(),
            expected: expected.get(name).map(str::to_owned),
            observed: self.observed.get(name).map(str::to_owned),
        };
        names.unique().map(row).collect()
    }
}

/// A fact as claimed and as observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The fact's name.
    pub fact: String,
    /// The claimed value, if any.
    pub expected: Option<String>,
    /// The observed value, if any.
    pub observed: Option<String>,
}

impl Comparison {
    /// Whether the claim allows what was seen.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let Some((expected, observed)) = self.expected.as_ref().zip(self.observed.as_ref()) else {
            return false;
        };
        let (name, value) = (self.fact.clone(), expected.clone());
        Fact { name, value }.allows(observed)
    }
}
