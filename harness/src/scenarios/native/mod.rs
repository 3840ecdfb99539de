//! Scenarios on the running kernel: the guest runs as a program of this host.

mod guest_process;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use guest::{Confinement, HOST, NATIVE, NativeRecord, Outcome, Scenario, Version};

use crate::kernels::upstream;
use crate::payload::guest_binary;
use crate::results::{Cell, Comparison, Problem, Row, Verdict};
use crate::scenarios::judge::judge;
use crate::system::{RunDir, printable, printable_data};
use guest_process::Guest;

/// How long a scenario may take.
const SCENARIO: Duration = Duration::from_secs(30);
/// How many lines of stderr are shown where something went wrong.
const LAST_LINES: usize = 12;

/// Runs scenarios on the running kernel, and returns its row.
///
/// The scenarios run in new namespaces, so that the system is left as it was; for an
/// ordinary user, in a user namespace. Scenarios that this makes impossible are not
/// run, and say why. With `claims`, the kernel is judged by the claims about that
/// version, not by the release that it reports: a Linux-compatible kernel has no
/// version of Linux.
#[must_use]
pub fn native(scenarios: &[&Scenario], claims: Option<Version>, dir: &RunDir) -> Row {
    let spec = match claims {
        None => NATIVE.to_owned(),
        Some(version) => format!("{NATIVE} --claims {version}"),
    };
    let mut row = Row {
        image: Some("the running kernel".to_owned()),
        dir: dir.path().to_owned(),
        ..Row::new(native_name(claims), spec)
    };
    let started = Instant::now();
    let problem = fill(&mut row, scenarios, claims, dir).err();
    row.problem = problem.as_ref().map(printable_data);
    let missing = match &row.problem {
        Some(problem) => (Verdict::NotRun, problem.why()),
        None => (Verdict::Ended, "the guest ended before its report did"),
    };
    row.cells = scenarios
        .iter()
        .map(|scenario| {
            let cell = row.cells.iter().find(|c| c.scenario == scenario.name);
            let not_here = scenario.not_on_a_host;
            let missing = not_here.map_or(missing, |why| (Verdict::NotRun, why));
            cell.cloned()
                .unwrap_or_else(|| Cell::without(scenario.name, missing.0, missing.1))
        })
        .collect();
    row.last_lines = last_lines(dir);
    row.took = started.elapsed();
    row
}

fn fill(
    row: &mut Row,
    scenarios: &[&Scenario],
    claims: Option<Version>,
    dir: &RunDir,
) -> Result<(), Problem> {
    let wanted = scenarios.iter().filter(|one| one.not_on_a_host.is_none());
    let names = wanted.map(|scenario| scenario.name.to_owned()).collect();
    let mut guest = Guest::start(&guest_binary(HOST)?, names, dir)?;
    let (kernel, confinement) = match guest.hear("the guest to be in its namespaces")? {
        Some(NativeRecord::Entered {
            kernel,
            confinement,
        }) => (kernel, confinement),
        // There are no namespaces to be had here.
        Some(NativeRecord::Broken { why }) => return Err(Problem::Unavailable(why)),
        other => return Err(anyhow!("the guest began its report with {other:?}").into()),
    };
    if confinement.is_any() {
        row.image = Some(format!("the running kernel, in {confinement}"));
    }
    let judged = claims.map_or_else(|| kernel.clone(), upstream);
    row.kernel = Some(kernel);
    loop {
        match guest.hear("the next scenario to end")? {
            Some(NativeRecord::Ended {
                scenario,
                outcome,
                observation,
            }) => {
                if let Some(known) = scenarios.iter().find(|known| known.name == scenario) {
                    let cell = judge(known, &judged, &outcome, observation);
                    row.cells.push(unless_confined(cell, &outcome, confinement));
                }
            }
            Some(NativeRecord::Finished) | None => return Ok(()),
            Some(NativeRecord::Broken { why }) => return Err(Problem::Failed(why)),
            Some(other) => return Err(anyhow!("a record out of turn: {other:?}").into()),
        }
    }
}

/// What the running kernel is called in a matrix.
pub(crate) fn native_name(claims: Option<Version>) -> String {
    match claims {
        None => NATIVE.to_owned(),
        Some(version) => format!("{NATIVE} as {version}"),
    }
}

/// The last lines of the guest's stderr.
fn last_lines(dir: &RunDir) -> Vec<String> {
    let bytes = fs::read(dir.console()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().map(printable).collect();
    lines.split_off(lines.len().saturating_sub(LAST_LINES))
}

/// The errnos that seccomp filters return.
const OF_A_FILTER: [&str; 2] = ["EPERM", "ENOSYS"];

/// A result that the confinement explains says nothing about the kernel, and counts as
/// not run: a probe that failed, or an errno that a filter may have returned.
fn unless_confined(cell: Cell, outcome: &Outcome, confinement: Confinement) -> Cell {
    let not_run = |why: String| Cell::without(&cell.scenario, Verdict::NotRun, why);
    match outcome {
        Outcome::Failed(why) if confinement.is_any() => not_run(format!(
            "it takes root of the whole system, and this is {confinement}: {why}"
        )),
        Outcome::Completed if confinement.seccomp && cell.verdict == Verdict::Failed => {
            let of_a_filter = |fact: &Comparison| {
                let observed = fact.observed.as_deref();
                observed.is_some_and(|value| OF_A_FILTER.contains(&value))
            };
            let mut differs = cell.comparison().into_iter().filter(|fact| !fact.agrees());
            if !differs.all(|fact| of_a_filter(&fact)) {
                return cell;
            }
            let observed = &cell.observed;
            not_run(format!("a seccomp filter may have answered: {observed}"))
        }
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use guest::Observation;

    use super::*;
    use crate::results::Claimed;

    const CONTAINER: Confinement = Confinement {
        user_namespace: true,
        lacks_capabilities: false,
        seccomp: false,
    };

    #[test]
    fn what_takes_root_is_not_run_and_says_so() {
        let cell = |outcome: &Outcome, confinement| {
            let cell = Cell::without("example", Verdict::Broken, "EPERM");
            unless_confined(cell, outcome, confinement)
        };
        let failed = Outcome::Failed("EPERM".to_owned());
        let not_run = cell(&failed, CONTAINER);
        assert_eq!(not_run.verdict, Verdict::NotRun);
        let why = not_run.why.unwrap();
        assert!(
            why.contains("root") && why.contains("user namespace"),
            "{why}"
        );
        let free = Confinement::default();
        assert_eq!(cell(&failed, free).verdict, Verdict::Broken);
        assert_eq!(
            cell(&Outcome::Completed, CONTAINER).verdict,
            Verdict::Broken
        );
    }

    #[test]
    fn what_a_filter_may_have_answered_is_not_run() {
        let claim = guest::Claim::since(3, 2).shows("call=ok more=1");
        let verdict = |observed: &str, seccomp| {
            let cell = Cell {
                claim: Some(Claimed::of(&claim)),
                observed: Observation::written(observed),
                ..Cell::without("example", Verdict::Failed, "")
            };
            let confinement = Confinement {
                seccomp,
                ..CONTAINER
            };
            unless_confined(cell, &Outcome::Completed, confinement).verdict
        };
        assert_eq!(verdict("call=EPERM more=1", true), Verdict::NotRun);
        assert_eq!(verdict("call=ENOSYS more=EPERM", true), Verdict::NotRun);
        // No filter makes up a number, nor leaves a fact out.
        assert_eq!(verdict("call=EPERM more=2", true), Verdict::Failed);
        assert_eq!(verdict("call=EPERM", true), Verdict::Failed);
        assert_eq!(verdict("call=EPERM more=1", false), Verdict::Failed);
    }

    #[test]
    fn a_claimed_version_counts_as_upstream() {
        let example = &guest::scenarios::ALL[0];
        let judged = upstream(Version::point(6, 1, 176));
        let cell = judge(
            example,
            &judged,
            &Outcome::Completed,
            Observation::default(),
        );
        assert_eq!(cell.verdict, Verdict::Failed);
    }
}
