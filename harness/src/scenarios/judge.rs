//! Verdicts: what a kernel showed, compared with the claims.

use guest::{Observation, Outcome, RunningKernel, Scenario};

use crate::kernels::claimed_version;
use crate::results::{Cell, Claimed, Verdict};

/// Judges a scenario that ended.
#[must_use]
pub fn judge(
    scenario: &Scenario,
    kernel: &RunningKernel,
    outcome: &Outcome,
    observed: Observation,
) -> Cell {
    let claim = claim_about(scenario, kernel);
    let (verdict, why) = match (outcome, &claim) {
        (Outcome::NotApplicable(why), _) => (Verdict::NotApplicable, Some(why)),
        (Outcome::Failed(why), _) => (Verdict::Broken, Some(why)),
        (Outcome::Died(how), _) => (Verdict::Died, Some(how)),
        (Outcome::TimedOut, _) => (Verdict::TimedOut, None),
        (Outcome::Completed, Err(unclaimed)) => (Verdict::NoClaim, Some(unclaimed)),
        (Outcome::Completed, Ok(claim)) => match claim.expected.satisfied_by(&observed) {
            true => (Verdict::Passed, None),
            false => (Verdict::Failed, None),
        },
    };
    Cell {
        why: why.cloned(),
        claim: claim.ok(),
        observed,
        ..Cell::without(scenario.name, verdict, "")
    }
}

/// The claim about a kernel, or why there is none.
fn claim_about(scenario: &Scenario, kernel: &RunningKernel) -> Result<Claimed, String> {
    let version = claimed_version(kernel)?;
    let claim = scenario.claim(version);
    let claim = claim.ok_or_else(|| format!("nothing is claimed of {version}"))?;
    Ok(Claimed {
        observed: scenario.observed(claim),
        ..Claimed::of(claim)
    })
}

#[cfg(test)]
mod tests {
    use guest::{Claim, Facts, ProbeError, Version};

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
        let kernel = RunningKernel {
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
