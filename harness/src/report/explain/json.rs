//! `explain` as JSON.

use std::fmt;

use guest::{Commit, Fact, Scenario, VendorClaim, Version};
use serde::Serialize;

use super::{address, claim_of};
use crate::kernels::Subject;
use crate::report::claim_ranges::{Range, ranges};
use crate::scenarios::Found;

/// What is claimed of what was found, as a JSON array with an object a scenario, each once.
#[must_use]
pub fn explain_json(found: &[Found], subjects: &[Subject]) -> String {
    let scenarios = Found::all(found);
    let all: Vec<ScenarioJson> = scenarios
        .into_iter()
        .map(|one| ScenarioJson::of(one, subjects))
        .collect();
    pretty(&all)
}

/// JSON for people and programs, with a newline.
pub(in crate::report) fn pretty(value: &impl Serialize) -> String {
    // What is made of strings and numbers here can always be written.
    let text = serde_json::to_string_pretty(value);
    text.map_or_else(|error| error.to_string(), |text| text + "\n")
}

#[derive(Serialize)]
struct ScenarioJson {
    scenario: &'static str,
    family: &'static str,
    summary: &'static str,
    /// Where it stands in Strata's repository.
    file: &'static str,
    /// What holds of the kernels that were asked for.
    kernels: Vec<KernelJson>,
    claims: Vec<ClaimJson>,
    /// What vendors' kernels show, whatever their versions say.
    vendors: Vec<VendorJson>,
}

#[derive(Serialize)]
struct VendorJson {
    vendor: &'static str,
    series: Option<Version>,
    /// The first build; 0 for all.
    since: u32,
    expected: Vec<Fact>,
    because: &'static str,
    source: &'static str,
}

/// The claim of a kernel, by the version where it begins, or why there is none.
#[derive(Serialize)]
struct KernelJson {
    kernel: String,
    since: Option<Version>,
    no_claim: Option<String>,
}

#[derive(Serialize)]
struct ClaimJson {
    /// The range in words.
    versions: String,
    since: Version,
    /// Earlier point releases from which it holds, too.
    backports: &'static [Version],
    expected: Vec<Fact>,
    because: &'static str,
    commit: Option<CommitJson>,
    links: &'static [&'static str],
    /// The kernels that showed it; none where it rests on source alone.
    observed: Vec<Version>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct CommitJson {
    id: &'static str,
    title: &'static str,
    address: String,
}

impl ScenarioJson {
    fn of(scenario: &'static Scenario, subjects: &[Subject]) -> Self {
        let kernel = |subject: &Subject| {
            let claim = claim_of(scenario, subject);
            KernelJson {
                kernel: subject.to_string(),
                since: claim.as_ref().ok().map(|claim| claim.since),
                no_claim: claim.err(),
            }
        };
        Self {
            scenario: scenario.name,
            family: scenario.family(),
            summary: scenario.summary,
            file: scenario.file,
            kernels: subjects.iter().map(kernel).collect(),
            claims: ranges(scenario)
                .map(|range| ClaimJson::of(scenario, &range))
                .collect(),
            vendors: scenario.vendors.iter().map(VendorJson::of).collect(),
        }
    }
}

impl ClaimJson {
    fn of(scenario: &Scenario, range: &Range) -> Self {
        let claim = range.claim;
        Self {
            versions: range.with_exceptions(),
            since: claim.since,
            backports: claim.backports,
            expected: claim.observation().0,
            because: claim.because,
            commit: claim.commit.as_ref().map(CommitJson::of),
            links: claim.links,
            observed: scenario.observed(claim),
        }
    }
}

impl VendorJson {
    fn of(claim: &VendorClaim) -> Self {
        Self {
            vendor: claim.vendor,
            series: claim.series,
            since: claim.since,
            expected: claim.observation().0,
            because: claim.because,
            source: claim.source,
        }
    }
}

impl CommitJson {
    pub(super) fn of(commit: &Commit) -> Self {
        Self {
            id: commit.id,
            title: commit.title,
            address: address(commit),
        }
    }
}

impl fmt::Display for CommitJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (\"{}\")", self.id, self.title)
    }
}
