//! Verdicts: what a kernel showed, compared with the claims.

use guest::{Lineage, Observation, Outcome, RunningKernel, Scenario};

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
    let (claim, of_completed, unclaimed) = match judged(scenario, kernel, &observed) {
        Ok((claim, verdict, why)) => (Some(claim), verdict, why),
        Err(unclaimed) => (None, Verdict::NoClaim, Some(unclaimed)),
    };
    let (verdict, why) = match outcome {
        Outcome::NotApplicable(why) => (Verdict::NotApplicable, Some(why.clone())),
        Outcome::Failed(why) => (Verdict::Broken, Some(why.clone())),
        Outcome::Died(how) => (Verdict::Died, Some(how.clone())),
        Outcome::TimedOut => (Verdict::TimedOut, None),
        Outcome::Completed => (of_completed, unclaimed),
    };
    Cell {
        why,
        claim,
        observed,
        ..Cell::without(scenario.name, verdict, "")
    }
}

/// The claim by which a kernel is judged, and what that says of what it showed; or why
/// there is none.
fn judged(
    scenario: &Scenario,
    kernel: &RunningKernel,
    observed: &Observation,
) -> Result<(Claimed, Verdict, Option<String>), String> {
    let verdict = |satisfied| match satisfied {
        true => Verdict::Passed,
        false => Verdict::Failed,
    };
    if let (Some(claim), Ok(base)) = (scenario.vendor_claim(kernel), kernel.follows()) {
        let satisfied = claim.satisfied_by(observed);
        return Ok((Claimed::of_vendor(claim, base), verdict(satisfied), None));
    }
    let of_vendor = matches!(kernel.lineage(), Lineage::Vendor(_));
    let version = match kernel.follows().ok().filter(|_| of_vendor) {
        // What it backports is not known: it is compared with what it is based on.
        Some(base) => base,
        None => claimed_version(kernel)?,
    };
    let claim = scenario.claim(version);
    let claim = claim.ok_or_else(|| format!("nothing is claimed of {version}"))?;
    let claimed = Claimed {
        observed: scenario.observed(claim),
        ..Claimed::of(claim)
    };
    let satisfied = claimed.expected.satisfied_by(observed);
    if !of_vendor {
        return Ok((claimed, verdict(satisfied), None));
    }
    let lineage = claimed_version(kernel).err().unwrap_or_default();
    let base = version.series();
    match satisfied {
        true => Err(format!("{lineage}, as {base}")),
        false => Ok((
            claimed,
            Verdict::Differs,
            Some(format!("from {base}, {lineage}")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use guest::{Claim, Facts, ProbeError, VendorClaim, Version};

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
    .vendors(&[VendorClaim::of("el7")
        .since(1062)
        .shows("call=ok")
        .because("it was backported")
        .source("https://bugs.example.org/1")])
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
    }

    #[test]
    fn a_vendors_kernel_is_compared_with_its_base_and_is_not_red() {
        let el7 = |observed| cell("3.10.0-957.el7.x86_64", &Outcome::Completed, observed);
        let differs = el7("call=ok");
        assert_eq!(
            (differs.verdict, differs.why.as_deref()),
            (Verdict::Differs, Some("from 3.10, lineage el7"))
        );
        assert!(!differs.verdict.is_red());
        assert_eq!(differs.claim.unwrap().since, Version::new(3, 8));
        let same = el7("call=EINVAL");
        assert_eq!(
            (same.verdict, same.why.as_deref()),
            (Verdict::NoClaim, Some("lineage el7, as 3.10"))
        );
        let older = cell("2.6.32-754.el6.x86_64", &Outcome::Completed, "call=EINVAL");
        assert_eq!(older.verdict, Verdict::NoClaim);
    }

    #[test]
    fn what_is_claimed_of_a_vendor_has_two_sides() {
        let verdict = |release, observed| verdict(release, observed);
        assert_eq!(
            verdict("3.10.0-1160.el7.x86_64", "call=ok"),
            Verdict::Passed
        );
        assert_eq!(
            verdict("3.10.0-1160.el7.x86_64", "call=ok more=1"),
            Verdict::Passed
        );
        assert_eq!(
            verdict("3.10.0-1160.el7.x86_64", "call=EINVAL"),
            Verdict::Failed
        );
        let cell = cell("3.10.0-1160.el7.x86_64", &Outcome::Completed, "call=EINVAL");
        let claim = cell.claim.unwrap();
        assert_eq!(claim.of_what(), "of el7 since build 1062");
        assert_eq!(claim.because, "it was backported");
        assert_eq!(claim.links, ["https://bugs.example.org/1"]);
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
