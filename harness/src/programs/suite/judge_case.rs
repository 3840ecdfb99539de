//! The verdict about a case.

use std::time::Duration;

use guest::{Fact, Observation, Version};

use super::expected::{Expected, VARIES};
use super::shows::{OK, SKIPPED};
use crate::results::{Cell, Claimed, Verdict};

/// The value of a test that ended as programs do that succeed.
pub(super) const SUCCESS: &str = "exit status 0";

/// What a case is, apart from what it showed.
pub(super) struct CaseOf<'a> {
    /// `test` or `test::case`.
    pub(super) name: &'a str,
    /// Whether any value will do where none is expected.
    pub(super) is_fact: bool,
    pub(super) took: Duration,
}

/// The cell of a case that showed this value; none, if it did not show it.
pub(super) fn judge_case(
    case: &CaseOf<'_>,
    value: Option<&str>,
    expected: &Expected,
    version: Option<Version>,
) -> Cell {
    let short = case.name.rsplit("::").next().unwrap_or(case.name);
    let observation = |value: &str| {
        Observation(vec![Fact {
            name: short.to_owned(),
            value: value.to_owned(),
        }])
    };
    let expectation = version.and_then(|version| expected.of(case.name, version));
    let varies = expectation.is_some_and(|expectation| expectation.shows == VARIES);
    let (verdict, why) = match (value, expectation) {
        (None, Some(_)) if !varies => (Verdict::Failed, Some("it was not shown".to_owned())),
        (_, Some(_)) if varies => {
            let why = "it does not show the same each time".to_owned();
            (Verdict::NoClaim, Some(why))
        }
        (Some(value), Some(expectation)) if value == expectation.shows => (Verdict::Passed, None),
        (Some(_), Some(_)) => (Verdict::Failed, None),
        (Some(OK | SUCCESS), None) if !case.is_fact => (Verdict::Passed, None),
        (Some(SKIPPED), None) if !case.is_fact => (Verdict::NotApplicable, None),
        (Some(value), None) if !case.is_fact => (Verdict::Failed, Some(value.to_owned())),
        (Some(_), None) => {
            let why = "nothing is recorded: `strata test --record` does".to_owned();
            (Verdict::NoClaim, Some(why))
        }
        (None, _) => (Verdict::NotApplicable, Some("it was not shown".to_owned())),
    };
    let claim = expectation.zip(version).map(|(expectation, version)| {
        let since = expectation.kernels.first.unwrap_or(version);
        Claimed {
            since,
            expected: observation(&expectation.shows),
            because: expectation
                .because
                .clone()
                .unwrap_or_else(|| format!("it was recorded on {}", expectation.kernels)),
            commit: None,
            observed: vec![since],
            links: expectation.link.iter().cloned().collect(),
        }
    });
    Cell {
        scenario: case.name.to_owned(),
        verdict,
        why,
        claim,
        observed: value.map(observation).unwrap_or_default(),
        took: case.took,
        console: Vec::new(),
    }
}
