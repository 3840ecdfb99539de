//! The verdict about a case.

use std::time::Duration;

use guest::{Fact, Observation};

use super::expected::{Expected, ExpectedKernel, VARIES};
use super::shows::{OK, SKIPPED};
use crate::results::{Cell, Claimed, Verdict};

/// The value of a test that ended as programs do that succeed.
pub(super) const SUCCESS: &str = "exit status 0";

/// What a case is, apart from what it showed.
pub(super) struct CaseOf<'a> {
    /// `test` or `test::case`.
    pub(super) name: &'a str,
    /// Whether it is the test itself.
    pub(super) is_whole: bool,
    /// Whether any value will do where none is expected.
    pub(super) is_fact: bool,
    pub(super) took: Duration,
}

/// The cell of a case that showed this value; none, if it did not show it.
pub(super) fn judge_case(
    case: &CaseOf<'_>,
    value: Option<&str>,
    expected: &Expected,
    kernel: Option<&ExpectedKernel>,
) -> Cell {
    let short = case.name.rsplit("::").next().unwrap_or(case.name);
    let observation = |value: &str| {
        Observation(vec![Fact {
            name: short.to_owned(),
            value: value.to_owned(),
        }])
    };
    let expectation = kernel.and_then(|kernel| expected.of(case.name, kernel));
    if expectation.is_some_and(|expectation| expectation.shows == VARIES) {
        return Cell {
            observed: value.map(observation).unwrap_or_default(),
            took: case.took,
            ..Cell::without(case.name, Verdict::NoClaim, Cell::VARIES)
        };
    }
    let passes = if case.is_whole { SUCCESS } else { OK };
    let wanted = match expectation {
        Some(expectation) => Some(expectation.shows.as_str()),
        None => (!case.is_fact).then_some(passes),
    };
    let (verdict, why) = match (value, wanted) {
        (None, Some(_)) if expectation.is_some() => (Verdict::Failed, Some("it was not shown")),
        (None, _) => (Verdict::NotApplicable, Some("it was not shown")),
        (Some(value), Some(wanted)) if value == wanted => (Verdict::Passed, None),
        (Some(SKIPPED), Some(_)) if expectation.is_none() => {
            (Verdict::NotApplicable, Some("it was skipped"))
        }
        (Some(_), Some(_)) => (Verdict::Failed, None),
        (Some(_), None) => {
            let why = "nothing is recorded: `strata test --record` does";
            (Verdict::NoClaim, Some(why))
        }
    };
    let why = why.map(str::to_owned);
    let claim = wanted.zip(kernel).map(|(wanted, kernel)| {
        let since = expectation.and_then(|expectation| expectation.kernels.first);
        let since = since.unwrap_or(kernel.version);
        let because = match expectation {
            None => "nothing else is expected".to_owned(),
            Some(expectation) => expectation.because.clone().unwrap_or_else(|| {
                let kernels = expectation.kernels_in_words();
                match expected.by_hand.contains(expectation) {
                    true => format!("strata.toml expects it of {kernels}"),
                    false => format!("it was recorded on {kernels}"),
                }
            }),
        };
        let link = expectation.and_then(|expectation| expectation.link.clone());
        Claimed {
            since,
            vendor: None,
            expected: observation(wanted),
            because,
            commit: None,
            observed: vec![since],
            links: link.into_iter().collect(),
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
