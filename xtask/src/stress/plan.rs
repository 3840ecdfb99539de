//! What is tried, trial after trial.

use std::time::Duration;

use fastrand::Rng;
use guest::faults::{self, Fault};
use nix::sys::resource::Resource;

use crate::tools;

/// One kernel in so many gets a fault.
const FAULTS: usize = 4;
/// One run in so many is killed, unless it is the turn of a fault.
const KILLS: usize = 10;
/// One run in so many is made on a hostile host, unless it is the turn of a fault or a
/// kill.
const HOSTILE: usize = 5;

/// Takes minutes, and all other trials would have to wait for it in the end.
const LEFT_OUT: &str = "fault_hundred_megabytes";

/// Within this time a run is killed: about as long as it takes on an idle host.
const TEST_TAKES: Duration = Duration::from_secs(4);
const RUN_TAKES: Duration = Duration::from_millis(1500);

/// Writes 40,000 lines.
const MANY_LINES: &[&str] = &["seq", "40000"];
/// Enlarges its pipe (F_SETPIPE_SZ), fills it and ends.
const ENLARGE: &str = "fcntl(STDOUT, 1031, 1 << 20); print 'x' x (1 << 20)";

/// One thing to try.
#[derive(Clone, Debug)]
pub(super) enum Trial {
    /// All scenarios, maybe with a fault before the scenario of this number.
    Boot(Option<(&'static Fault, usize)>),
    /// A run in another process, which is made difficult.
    Hard(HardRun),
}

/// A run in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HardRun {
    /// As the figures call it.
    pub(super) name: &'static str,
    /// What `run` runs; `test-kernels` where it is empty.
    pub(super) program: &'static [&'static str],
    /// The exit codes that are right. Where there is none, the exit code and the output
    /// must be as the program has them on this host.
    pub(super) codes: &'static [i32],
    pub(super) hardship: Hardship,
}

/// What is done to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hardship {
    /// It is killed after this time.
    Killed(Duration),
    /// The host reads nothing of stdout for the first time, and pauses for the second
    /// after each little that it reads.
    Reader(Duration, Duration),
    /// The host leaves stdin open and writes nothing to it.
    SilentStdin,
    /// What the program does is hard enough.
    OfProgram,
    /// Each process has so much of a resource.
    Limit(Resource, u64),
    /// There is no memory for a second boot.
    LaterBootFails,
}

impl HardRun {
    const fn new(
        name: &'static str,
        program: &'static [&'static str],
        codes: &'static [i32],
        hardship: Hardship,
    ) -> Self {
        Self {
            name,
            program,
            codes,
            hardship,
        }
    }

    /// A run that is killed within about the time that it takes on an idle host. It may
    /// end before that, but it must not fail.
    fn killed(random: &mut Rng) -> Self {
        let (name, program, takes): (_, &[&str], _) = match random.bool() {
            true => ("test-kernels", &[], TEST_TAKES),
            false => ("run", &["/bin/true"], RUN_TAKES),
        };
        let killed = Hardship::Killed(takes.mul_f64(random.f64()));
        Self::new(name, program, &[0, 128 + 9], killed)
    }

    /// All hostile hosts, in the order of their turns.
    pub(super) fn hostile(random: &mut Rng) -> [Self; 8] {
        let slow = Duration::from_millis(random.u64(200..2500));
        let slow = Hardship::Reader(Duration::ZERO, slow);
        let descriptors = Hardship::Limit(Resource::RLIMIT_NOFILE, random.u64(12..64));
        let memory = Hardship::Limit(Resource::RLIMIT_AS, random.u64(300..2000) << 20);
        let stopped = Duration::from_millis(random.u64(5_000..80_000));
        let stopped = Hardship::Reader(stopped, Duration::ZERO);
        let (dies, enlarges) = (&["sh", "-c", "kill -40 $$"], &["perl", "-e", ENLARGE]);
        [
            Self::new("slow reader", MANY_LINES, &[], slow),
            Self::new(
                "silent stdin",
                &["echo", "done"],
                &[],
                Hardship::SilentStdin,
            ),
            Self::new("later boot fails", &[], &[1], Hardship::LaterBootFails),
            Self::new("enlarged pipe", enlarges, &[], Hardship::OfProgram),
            // A run that lacks what it takes says so, and blames no kernel.
            Self::new("few descriptors", &[], &[0, 3], descriptors),
            Self::new("real-time signal", dies, &[], Hardship::OfProgram),
            Self::new("little memory", &[], &[0, 3], memory),
            Self::new("stopped reader", MANY_LINES, &[], stopped),
        ]
    }

    /// Whether this host has the program.
    pub(super) fn is_possible(&self) -> bool {
        self.program
            .first()
            .is_none_or(|program| tools::has(program))
    }
}

/// The trial of a number: the same for the same seed.
pub(super) fn trial(number: usize, scenarios: usize, seed: u64) -> Trial {
    let mut random = Rng::with_seed(seed.wrapping_add(number as u64));
    if number % KILLS == KILLS - 2 {
        return Trial::Hard(HardRun::killed(&mut random));
    }
    if number % FAULTS == FAULTS - 1 {
        let mut faults =
            (faults::ALL.iter().cycle()).filter(|fault| fault.scenario.name != LEFT_OUT);
        let fault = faults.nth(number / FAULTS);
        return Trial::Boot(fault.map(|fault| (fault, random.usize(..=scenarios))));
    }
    if is_hostile(number) {
        let turn = (0..number).filter(|&number| is_hostile(number)).count();
        let mut all = HardRun::hostile(&mut random).into_iter().cycle();
        return all.nth(turn).map_or(Trial::Boot(None), Trial::Hard);
    }
    Trial::Boot(None)
}

fn is_hostile(number: usize) -> bool {
    number % HOSTILE == 1 && number % FAULTS != FAULTS - 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_and_hostile_host_has_its_turn_and_every_command_is_killed() {
        let mut hostile = BTreeSet::new();
        let mut faulty = BTreeSet::new();
        let mut killed = BTreeSet::new();
        for number in 0..200 {
            match trial(number, 95, 1) {
                Trial::Boot(None) => {}
                Trial::Boot(Some((fault, place))) => {
                    assert!(place <= 95);
                    faulty.insert(fault.scenario.name);
                }
                Trial::Hard(run) => match run.hardship {
                    Hardship::Killed(after) => {
                        let takes = match run.program {
                            [] => TEST_TAKES,
                            _ => RUN_TAKES,
                        };
                        assert!(after <= takes);
                        killed.insert(run.name);
                    }
                    _ => {
                        hostile.insert(run.name);
                    }
                },
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
