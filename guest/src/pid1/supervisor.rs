//! One scenario in a process started for it, with a deadline.

use std::time::Duration;

use nix::sys::signal::SigSet;

use super::orphans;
use crate::claims::{Facts, Observation, Scenario};
use crate::probe::run_apart;
use crate::protocol::Outcome;

/// Runs a scenario, hears what it sees, and ends every process that it leaves
/// behind. `late` is called when it is out of time, before it is killed.
///
/// The caller has one thread: it forks. All signals stay blocked in it.
pub(crate) fn supervise(
    scenario: &Scenario,
    deadline: Duration,
    late: &dyn Fn(),
) -> Result<(Outcome, Observation), String> {
    let mut seen = Observation::default();
    let mut sink = |fact| seen.0.push(fact);
    let probe = |facts: &mut Facts| {
        SigSet::empty().thread_set_mask()?;
        (scenario.probe)(facts)
    };
    // No signal that a scenario sends to all processes is to disturb PID 1.
    let blocked = SigSet::all().thread_set_mask().map_err(Into::into);
    let outcome = blocked.and_then(|()| run_apart(probe, deadline, late, &mut sink));
    let outcome = outcome.map_err(|error| format!("no process for {}: {error}", scenario.name))?;
    orphans::end_all();
    Ok((outcome, seen))
}

/// What is said of a scenario that a job names and this guest does not have.
pub(crate) fn unknown(name: &str) -> String {
    format!("the guest knows no scenario {name:?}: it is out of date")
}
