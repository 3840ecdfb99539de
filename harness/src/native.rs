//! The running kernel, without a machine: the guest as a program on this host.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use guest::{Kernel, NATIVE, NativeJob, NativeRecord, Outcome, Scenario, Version};

use crate::verdict::judge;
use crate::{Cell, Problem, Row, RunDir, Verdict, guest_binary, harmless};

/// How long a scenario may take.
const SCENARIO: Duration = Duration::from_secs(30);
/// How many lines of stderr are shown where something went wrong.
const LAST_LINES: usize = 12;
/// What may come on top, on a loaded host.
const GRACE: Duration = Duration::from_secs(20);

/// Scenarios whose facts depend on where in the system they are run.
const NOT_ON_A_HOST: &[(&str, &str)] = &[
    (
        "nesting_limit_unshare",
        "it counts from the first PID namespace, and this is one further in",
    ),
    (
        "nesting_limit_clone",
        "it counts from the first PID namespace, and this is one further in",
    ),
    (
        "nesting_limit_user",
        "it counts from the first user namespace, where this may not be",
    ),
    (
        "max_pid_namespaces",
        "it changes a limit of the whole system",
    ),
];

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
            if report.user_namespace {
                row.image = Some("the running kernel, in a user namespace".to_owned());
            }
            let cells = report.cells(scenarios, claims, &mut row.cells);
            row.problem = cells.err().map(|e| Problem::Failed(format!("{e:#}")));
        }
        Ok(Begun::Refused(why)) => row.problem = Some(Problem::Unavailable(why)),
        Err(error) => row.problem = Some(Problem::Failed(format!("{error:#}"))),
    }
    let missing = match &row.problem {
        Some(Problem::Unavailable(why) | Problem::Failed(why)) => (Verdict::NotRun, why.as_str()),
        None => (Verdict::Ended, "the guest ended before its report did"),
    };
    row.cells = scenarios
        .iter()
        .map(|scenario| {
            let cell = row.cells.iter().find(|c| c.scenario == scenario.name);
            let missing = why_not_here(scenario.name).map_or(missing, |why| (Verdict::NotRun, why));
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
    let mut lines: Vec<String> = text.lines().map(harmless::line).collect();
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
    user_namespace: bool,
}

impl Report {
    fn begin(binary: &Path, scenarios: &[&Scenario], dir: &RunDir) -> Result<Begun> {
        let names = scenarios.iter().map(|scenario| scenario.name);
        let wanted = names.filter(|name| why_not_here(name).is_none());
        let guest = Guest::start(binary, wanted.map(str::to_owned).collect(), dir)?;
        match guest.hear("the guest to be in its namespaces")? {
            Some(NativeRecord::Entered {
                kernel,
                user_namespace,
            }) => Ok(Begun::Entered(Self {
                guest,
                kernel,
                user_namespace,
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
                    let cell = judge(known, &kernel, &outcome, observation);
                    cells.push(if self.user_namespace {
                        without_root(cell, &outcome)
                    } else {
                        cell
                    });
                }
                Some(NativeRecord::Finished) | None => return Ok(()),
                Some(NativeRecord::Broken { why }) => bail!(why),
                Some(other) => bail!("a record out of turn: {other:?}"),
            }
        }
    }
}

/// Why a scenario is not run on a host, if it is not.
fn why_not_here(scenario: &str) -> Option<&'static str> {
    let known = NOT_ON_A_HOST.iter().find(|(name, _)| *name == scenario);
    known.map(|(_, why)| *why)
}

/// What a probe could not do in a user namespace says nothing of the kernel.
fn without_root(cell: Cell, outcome: &Outcome) -> Cell {
    match outcome {
        Outcome::Failed(why) => {
            let why = format!("it takes root, and this is a user namespace: {why}");
            Cell::without(&cell.scenario, Verdict::NotRun, why)
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

/// The guest, which runs until it is dropped.
struct Guest {
    process: Child,
    lines: Receiver<String>,
}

impl Guest {
    fn start(binary: &Path, scenarios: Vec<String>, dir: &RunDir) -> Result<Self> {
        let job = NativeJob {
            scenarios,
            deadline_ms: u64::try_from(SCENARIO.as_millis()).unwrap_or(u64::MAX),
        };
        let log = dir.console();
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut process = Command::new(binary)
            .arg(NATIVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        if let Some(mut stdin) = process.stdin.take() {
            // Should it be gone, that is heard of soon enough.
            let _ = stdin.write_all(&serde_json::to_vec(&job)?);
        }
        let (say, lines) = channel();
        if let Some(stdout) = process.stdout.take() {
            // Ends with the guest, or with the first line that nobody wants.
            thread::spawn(move || {
                let lines = BufReader::new(stdout).lines();
                let _ = lines.map_while(Result::ok).try_for_each(|l| say.send(l));
            });
        }
        Ok(Self { process, lines })
    }

    /// The next record; none where the report has come to its end.
    fn hear(&self, what: &str) -> Result<Option<NativeRecord>> {
        let patience = SCENARIO + GRACE;
        match self.lines.recv_timeout(patience) {
            Ok(line) => {
                let record = serde_json::from_str(&line);
                Ok(Some(record.with_context(|| format!("no record: {line}"))?))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                bail!("waited {} s in vain for {what}", patience.as_secs())
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Its PID 1 goes with it, and with that all that is in its namespace.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use guest::Observation;

    use super::*;

    #[test]
    fn what_is_not_run_on_a_host_is_a_scenario() {
        for (name, _) in NOT_ON_A_HOST {
            assert!(guest::scenarios::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_takes_root_is_not_run_and_says_so() {
        let cell = |outcome: &Outcome| {
            let cell = Cell::without("example", Verdict::Broken, "EPERM");
            without_root(cell, outcome)
        };
        let failed = cell(&Outcome::Failed("EPERM".to_owned()));
        assert_eq!(failed.verdict, Verdict::NotRun);
        assert!(failed.why.unwrap().contains("root"));
        assert_eq!(cell(&Outcome::Completed).verdict, Verdict::Broken);
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
