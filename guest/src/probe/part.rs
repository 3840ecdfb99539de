//! Parts of a probe, each in a process of its own.

use std::time::Duration;

use crate::supervisor::run_apart;
use crate::{Facts, Outcome, ProbeError};

/// Runs a part of a probe in a new process and brings back what it sees.
///
/// The caller has one thread, so the part may do anything. What it starts may
/// outlive it.
///
/// # Errors
/// The part's own, and [`ProbeError::Failed`] where its process dies.
pub fn in_a_process(
    facts: &mut Facts,
    part: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    let mut sink = |fact: crate::Fact| facts.saw(fact.name, fact.value);
    // The scenario has a deadline, which ends its parts too.
    match run_apart(part, Duration::MAX, &mut sink)? {
        Outcome::Completed => Ok(()),
        Outcome::NotApplicable(why) => Err(ProbeError::NotApplicable(why)),
        Outcome::Failed(why) => Err(ProbeError::Failed(why)),
        Outcome::Died(how) => Err(ProbeError::Failed(format!("a part died: {how}"))),
        Outcome::TimedOut => Err(ProbeError::Failed("a part did not end".to_owned())),
    }
}
