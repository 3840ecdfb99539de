use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The root and the working directory are a thread's own business.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_fs",
    summary: "unshare(CLONE_FS) by the only thread, the main one and another",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("single=ok main=ok thread=ok")
        .because("the thread that calls gets a copy of its own")
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    succeeds_by_each_thread(facts, || unshare(CloneFlags::CLONE_FS))
}
