//! The running kernel, without a machine: the guest as a program on this host.

mod process;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use guest::{Confinement, Kernel, NATIVE, NativeRecord, Outcome, Scenario, Version};

use crate::printable::{printable, printable_observation, printable_outcome};
use crate::verdict::judge;
use crate::{Cell, Problem, Row, RunDir, Verdict, guest_binary};
use process::Guest;

/// How long a scenario may take.
const SCENARIO: Duration = Duration::from_secs(30);
/// How many lines of stderr are shown where something went wrong.
const LAST_LINES: usize = 12;

/// What the running kernel shows, as a row beside those of other kernels.
///
/// The scenarios run in namespaces of their own, so that the system is left as
/// it was; for an ordinary user, in a user namespace. What that makes impossible
/// is not run, and says why. With `claims`, the kernel is held against what is
/// claimed of that version, whatever it calls itself: a Linux-compatible kernel
/// has no lineage of its own.
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
    let binary = guest_binary();
    let started = Instant::now();
    match binary.and_then(|binary| Report::begin(&binary, scenarios, dir)) {
        Ok(Begun::Entered(report)) => {
            row.kernel = Some(report.kernel.clone());
            if report.confinement.is_any() {
                row.image = Some(format!("the running kernel, in {}", report.confinement));
            }
            let cells = report.cells(scenarios, claims, &mut row.cells);
            row.problem = cells.err().map(|e| Problem::Failed(format!("{e:#}")));
        }
        Ok(Begun::Refused(why)) => row.problem = Some(Problem::Unavailable(why)),
        Err(error) => row.problem = Some(Problem::Failed(crate::report::words(&error))),
    }
    row.problem = row.problem.map(Problem::printable);
    let missing = match &row.problem {
        Some(Problem::Unavailable(why) | Problem::Failed(why)) => (Verdict::NotRun, why.as_str()),
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

/// What the running kernel is called in a matrix.
pub(crate) fn native_name(claims: Option<Version>) -> String {
    match claims {
        None => NATIVE.to_owned(),
        Some(version) => format!("{NATIVE} as {version}"),
    }
}

/// What a probe had to say to nobody in particular.
fn last_lines(dir: &RunDir) -> Vec<String> {
    let bytes = fs::read(dir.console()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().map(printable).collect();
    lines.split_off(lines.len().saturating_sub(LAST_LINES))
}

/// How it began.
enum Begun {
    Entered(Report),
    /// There are no namespaces to be had here.
    Refused(String),
}

/// The guest's report, from where it is in its namespaces.
struct Report {
    guest: Guest,
    kernel: Kernel,
    confinement: Confinement,
}

impl Report {
    fn begin(binary: &Path, scenarios: &[&Scenario], dir: &RunDir) -> Result<Begun> {
        let wanted = scenarios.iter().filter(|one| one.not_on_a_host.is_none());
        let names = wanted.map(|scenario| scenario.name.to_owned()).collect();
        let guest = Guest::start(binary, names, dir)?;
        match guest.hear("the guest to be in its namespaces")? {
            Some(NativeRecord::Entered {
                kernel,
                confinement,
            }) => Ok(Begun::Entered(Self {
                guest,
                kernel,
                confinement,
            })),
            Some(NativeRecord::Broken { why }) => Ok(Begun::Refused(why)),
            other => bail!("the guest began its report with {other:?}"),
        }
    }

    /// Makes a cell of every scenario that ends.
    fn cells(
        &self,
        scenarios: &[&Scenario],
        claims: Option<Version>,
        cells: &mut Vec<Cell>,
    ) -> Result<()> {
        let kernel = claims.map_or_else(|| self.kernel.clone(), claimed_to_be);
        loop {
            match self.guest.hear("the next scenario to end")? {
                Some(NativeRecord::Ended {
                    scenario,
                    outcome,
                    observation,
                }) => {
                    let Some(known) = scenarios.iter().find(|known| known.name == scenario) else {
                        continue;
                    };
                    let outcome = printable_outcome(outcome);
                    let observation = printable_observation(observation);
                    let cell = judge(known, &kernel, &outcome, observation);
                    cells.push(unless_confined(cell, &outcome, self.confinement));
                }
                Some(NativeRecord::Finished) | None => return Ok(()),
                Some(NativeRecord::Broken { why }) => bail!(why),
                Some(other) => bail!("a record out of turn: {other:?}"),
            }
        }
    }
}

/// What a seccomp filter answers in the kernel's place.
const OF_A_FILTER: [&str; 2] = ["EPERM", "ENOSYS"];

/// What confinement explains says nothing of the kernel, and is not run: a probe that
/// could not do its work, and an errno that a filter may have given.
fn unless_confined(cell: Cell, outcome: &Outcome, confinement: Confinement) -> Cell {
    let not_run = |why: String| Cell::without(&cell.scenario, Verdict::NotRun, why);
    match outcome {
        Outcome::Failed(why) if confinement.is_any() => not_run(format!(
            "it takes root of the whole system, and this is {confinement}: {why}"
        )),
        Outcome::Completed if confinement.seccomp && cell.verdict == Verdict::Failed => {
            let differs = cell.comparison();
            let differs = differs.iter().filter(|fact| !fact.agrees());
            let observed: Option<Vec<&str>> =
                differs.map(|fact| fact.observed.as_deref()).collect();
            match observed {
                Some(all) if all.iter().all(|value| OF_A_FILTER.contains(value)) => {
                    let observed = &cell.observed;
                    not_run(format!("a seccomp filter may have answered: {observed}"))
                }
                _ => cell,
            }
        }
        _ => cell,
    }
}

fn claimed_to_be(version: Version) -> Kernel {
    Kernel {
        release: version.to_string(),
        version: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use guest::Observation;

    use super::*;

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
                claim: Some(crate::Claimed::of(&claim)),
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
    fn a_version_to_be_held_against_is_upstream_s() {
        let example = &guest::scenarios::ALL[0];
        let judged = claimed_to_be(Version::point(6, 1, 176));
        let cell = judge(
            example,
            &judged,
            &Outcome::Completed,
            Observation::default(),
        );
        assert_eq!(cell.verdict, Verdict::Failed);
    }
}
