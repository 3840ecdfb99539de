use crate::probe::{getpid, pidfd_open};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// A descriptor of a process that is there already.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pidfd_open",
    summary: "pidfd_open(2)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 3)
            .shows("pidfd_open=ok")
            .because("any process can be had as a descriptor, not only one's new child")
            .commit("32fcb426ec00", "pid: add pidfd_open()")
            .observed(versions!["5.10.223", "6.1.176", "6.12.117", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    facts.saw_result("pidfd_open", &pidfd_open(getpid()));
    Ok(())
}
