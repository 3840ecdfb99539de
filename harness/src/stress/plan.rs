//! What is done to the harness, boot after boot.

use std::time::Duration;

use fastrand::Rng;
use guest::faults::{self, Fault};

/// One kernel in every so many gets a fault.
const FAULTS: usize = 4;
/// One run in every so many is killed; never where it is the turn of a fault.
const KILLS: usize = 10;

/// One run in every so many is made on a host that makes it difficult; never where it
/// is the turn of a fault or of a kill.
const HOSTILE: usize = 5;

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
    /// A run in a process of its own, on a host that makes it difficult.
    Hostile(Hostility),
}

/// What a host does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hostility {
    /// Reads a little of stdout, pauses for so long, and reads on.
    SlowReader(Duration),
    /// Reads nothing of stdout for so long, and then all.
    StoppedReader(Duration),
    /// Leaves stdin open and says nothing.
    SilentStdin,
    /// None: the program enlarges its pipe and fills it before it ends.
    EnlargedPipe,
    /// None: the program dies of a real-time signal.
    RealTimeSignal,
    /// Gives so many bytes of address space to each process.
    LittleMemory(u64),
    /// Gives so many descriptors to each process.
    FewDescriptors(u64),
    /// Has no memory for a second boot.
    LaterBootFails,
}

impl Hostility {
    /// All of them, with what chance makes of each.
    fn drawn(random: &mut Rng) -> [Self; 8] {
        [
            Self::SlowReader(Duration::from_millis(random.u64(200..2500))),
            Self::SilentStdin,
            Self::LaterBootFails,
            Self::EnlargedPipe,
            Self::FewDescriptors(random.u64(12..64)),
            Self::RealTimeSignal,
            Self::LittleMemory(random.u64(300..2000) << 20),
            Self::StoppedReader(Duration::from_millis(random.u64(5_000..80_000))),
        ]
    }

    /// Its name in the figures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SlowReader(_) => "slow reader",
            Self::StoppedReader(_) => "stopped reader",
            Self::SilentStdin => "silent stdin",
            Self::EnlargedPipe => "enlarged pipe",
            Self::RealTimeSignal => "real-time signal",
            Self::LittleMemory(_) => "little memory",
            Self::FewDescriptors(_) => "few descriptors",
            Self::LaterBootFails => "later boot fails",
        }
    }
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
    if is_hostile(number) {
        // In their order, so that each has its turn.
        let before = (0..number).filter(|number| is_hostile(*number)).count();
        let all = Hostility::drawn(&mut random);
        return Trial::Hostile(all[before % all.len()]);
    }
    Trial::Plain
}

fn is_hostile(number: usize) -> bool {
    number % HOSTILE == 1 && number % FAULTS != FAULTS - 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_and_hostility_has_its_turn_and_every_command_is_killed() {
        let mut hostile = BTreeSet::new();
        let mut faulty = BTreeSet::new();
        let mut killed = BTreeSet::new();
        for number in 0..200 {
            match trial(number, 95, 1) {
                Trial::Plain => {}
                Trial::Fault(fault, place) => {
                    assert!(place <= 95);
                    faulty.insert(fault.scenario.name);
                }
                Trial::Hostile(hostility) => {
                    hostile.insert(hostility.name());
                }
                Trial::Killed(command, after) => {
                    assert!(after <= command.lifetime());
                    killed.insert(format!("{command:?}"));
                }
            }
        }
        assert_eq!(faulty.len(), faults::ALL.len() - 1, "{faulty:?}");
        assert_eq!(killed.len(), 2, "{killed:?}");
        assert_eq!(hostile.len(), 8, "{hostile:?}");
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
