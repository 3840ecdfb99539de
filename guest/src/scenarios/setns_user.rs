use std::sync::Arc;

use super::another_namespace::another_namespace;
use super::by_each_thread::succeeds_by_each_thread;
use super::history::THREADS_ONLY;
use crate::probe::{CloneFlags, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario};

/// A process with several threads cannot change its credentials' owner.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_user",
    summary: "setns(2) to a user namespace by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no user yet, so there is nothing to join"),
        Claim::since(3, 8)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("userns_install() refuses whoever shares memory (mm_users > 1), as threads do")
            .commit("cde1975bc242", "userns: Implent proc namespace operations"),
        Claim::since(4, 3)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because("it refuses whoever has other threads")
            .by(THREADS_ONLY),
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
