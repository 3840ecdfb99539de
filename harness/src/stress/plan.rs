//! What is done to the harness, boot after boot.

use std::time::Duration;

use fastrand::Rng;
use guest::faults::{self, Fault};

/// One kernel in every so many gets a fault.
const FAULTS: usize = 4;
/// One run in every so many is killed; never where it is the turn of a fault.
const KILLS: usize = 10;

/// What takes minutes by itself, and would be all that is waited for in the end.
const LEFT_OUT: &str = "fault_hundred_megabytes";

/// One thing to try.
#[derive(Clone, Debug)]
pub(super) enum Trial {
    /// All scenarios, and nothing else.
    Plain,
    /// A fault before the scenario of this number.
    Fault(&'static Fault, usize),
    /// A run in a process of its own, which is killed after this time.
    Killed(Command, Duration),
}

/// Which command of the harness is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    TestKernels,
    Run,
}

impl Command {
    /// About how long it takes on an idle host: it is killed within that time.
    fn lifetime(self) -> Duration {
        match self {
            Self::TestKernels => Duration::from_secs(4),
            Self::Run => Duration::from_millis(1500),
        }
    }
}

/// The trial of a number: the same for the same seed.
pub(super) fn trial(number: usize, scenarios: usize, seed: u64) -> Trial {
    let mut random = Rng::with_seed(seed.wrapping_add(number as u64));
    if number % KILLS == KILLS - 2 {
        let command = if random.bool() {
            Command::TestKernels
        } else {
            Command::Run
        };
        return Trial::Killed(command, command.lifetime().mul_f64(random.f64()));
    }
    if number % FAULTS == FAULTS - 1 {
        // In their order, so that each has its turn.
        let faults = faults::ALL
            .iter()
            .filter(|fault| fault.scenario.name != LEFT_OUT);
        if let Some(fault) = faults.cycle().nth(number / FAULTS) {
            return Trial::Fault(fault, random.usize(..=scenarios));
        }
    }
    Trial::Plain
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_has_its_turn_and_every_command_is_killed() {
        let mut faulty = BTreeSet::new();
        let mut killed = BTreeSet::new();
        for number in 0..200 {
            match trial(number, 95, 1) {
                Trial::Plain => {}
                Trial::Fault(fault, place) => {
                    assert!(place <= 95);
                    faulty.insert(fault.scenario.name);
                }
                Trial::Killed(command, after) => {
                    assert!(after <= command.lifetime());
                    killed.insert(format!("{command:?}"));
                }
            }
        }
        assert_eq!(faulty.len(), faults::ALL.len() - 1, "{faulty:?}");
        assert_eq!(killed.len(), 2, "{killed:?}");
    }

    #[test]
    fn a_seed_gives_the_same_trials_again() {
        let all = |seed| {
            format!(
                "{:?}",
                (0..50).map(|n| trial(n, 95, seed)).collect::<Vec<_>>()
            )
        };
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }
}
