use std::sync::Arc;

use super::another_namespace::another_namespace;
use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, require_if_known, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Threads do not matter, since a network namespace is a thread's own.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_net",
    summary: "setns(2) to a network namespace by the only thread, the main one and another",
    probe,
    claims: &[Claim::since(3, 2)
        .shows("open=ok single=ok main=ok thread=ok")
        .because("it is the calling thread that joins")
        .observed(versions![
            "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
            "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
        ])],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_if_known("net", CloneFlags::CLONE_NEWNET, "CONFIG_NET_NS")?;
    let flag = CloneFlags::CLONE_NEWNET;
    let Some((_child, namespace)) = another_namespace(facts, "net", flag)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    succeeds_by_each_thread(facts, move || setns(&*namespace, flag))
}
