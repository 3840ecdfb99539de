use std::sync::Arc;

use super::another_namespace::another_namespace;
use super::by_each_thread::succeeds_by_each_thread;
use super::history::THREADS_ONLY;
use crate::probe::{CloneFlags, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The threads of a process share one user namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_user",
    summary: "setns(2) to a user namespace by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no user yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("userns_install() refuses whoever shares memory (mm_users > 1), as threads do")
            .commit("cde1975bc242", "userns: Implent proc namespace operations")
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(4, 3)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("it refuses whoever has other threads")
            .by(THREADS_ONLY)
            .observed(versions![
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    let flag = CloneFlags::CLONE_NEWUSER;
    let Some((_child, namespace)) = another_namespace(facts, "user", flag)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    succeeds_by_each_thread(facts, move || setns(&*namespace, flag))
}
