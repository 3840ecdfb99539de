//! Faults that can be put into a boot on purpose: what a guest does at its worst;
//! may use: claims, protocol, probe.
//!
//! A fault is named in a job like a scenario and runs in the place of one, but
//! it is none: no list of scenarios has it, so no user meets it. It is in every
//! build of the guest, so that the guest that is tested is the one that is used.

use crate::claims::{Claim, Facts, Probe, ProbeError, Scenario};
use crate::concat::{concat, length};
use crate::protocol::{JOB_PATH, Key, Record};

mod crash;
mod false_report;
mod hang;
mod leftovers;
mod misbehaviour;
mod noise;

/// A fault, and how the host must see it end.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What is run in the place of a scenario. Its claim is what a host would
    /// find satisfied that does not notice the fault.
    pub scenario: Scenario,
    /// The words of the verdicts that are right. `pass` is among them only where
    /// the fault damages nothing and loses nothing.
    pub verdicts: &'static [&'static str],
    /// Words that it needs on the kernel's command line.
    pub append: &'static [&'static str],
    /// How PID 1 reports the end, where the report is what is faulty.
    pub report: Option<FaultyReport>,
}

/// Makes the bytes in which PID 1 says that a scenario has ended, of the boot's
/// key, the sequence number that is due and the record that is right.
pub type FaultyReport = fn(Key, u32, &Record) -> Vec<u8>;

/// What every fault claims, and says before it begins.
const CLAIMS: &[Claim] = &[Claim::since(3, 2)
    .shows("fault=begun")
    .because("so a host that overlooks the fault finds nothing wrong")];

impl Fault {
    const fn new(name: &'static str, summary: &'static str, probe: Probe) -> Self {
        Self {
            scenario: Scenario {
                name,
                ..Scenario::new(summary, probe, CLAIMS)
            },
            verdicts: &["pass"],
            append: &[],
            report: None,
        }
    }

    /// A fault of PID 1's report alone; what arrives is garbled.
    const fn of_report(name: &'static str, summary: &'static str, report: FaultyReport) -> Self {
        Self {
            verdicts: &["GARBLED"],
            report: Some(report),
            ..Self::new(name, summary, begin)
        }
    }

    const fn ends(mut self, verdicts: &'static [&'static str]) -> Self {
        self.verdicts = verdicts;
        self
    }

    const fn append(mut self, words: &'static [&'static str]) -> Self {
        self.append = words;
        self
    }
}

const LISTS: &[&[Fault]] = &[
    crash::FAULTS,
    hang::FAULTS,
    misbehaviour::FAULTS,
    leftovers::FAULTS,
    noise::FAULTS,
    false_report::FAULTS,
];

/// All faults.
pub const ALL: &[Fault] = &concat::<_, { length(LISTS) }>(LISTS);

/// The fault of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Fault> {
    ALL.iter().find(|fault| fault.scenario.name == name)
}

/// Says that the fault begins. Outside a guest nothing is to be broken: only
/// there the job is at its place.
fn begin(facts: &mut Facts) -> Result<(), ProbeError> {
    if !std::path::Path::new(JOB_PATH).exists() {
        return Err(ProbeError::Failed("a fault is for a guest".to_owned()));
    }
    facts.saw("fault", "begun");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios;

    #[test]
    fn faults_are_no_scenarios() {
        for fault in ALL {
            let name = fault.scenario.name;
            assert!(name.starts_with("fault_"), "{name}");
            assert_eq!(find(name).unwrap().scenario.summary, fault.scenario.summary);
            assert!(scenarios::find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_fault_breaks_nothing_outside_a_guest() {
        for fault in ALL {
            let mut none = |fact| panic!("{}: {fact}", fault.scenario.name);
            let refused = (fault.scenario.probe)(&mut Facts::new(&mut none));
            assert!(matches!(refused, Err(ProbeError::Failed(_))));
        }
    }
}
