use std::sync::Arc;

use super::another_namespace::another_namespace;
use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// It would move the root and the working directory of the other threads.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_mnt",
    summary: "setns(2) to a mount namespace by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no mnt yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because(
                "mntns_install() refuses whoever shares a root and a working directory, as \
                 threads do: other than unshare(2) it does not make the caller its own",
            )
            .commit(
                "8823c079ba71",
                "vfs: Add setns support for the mount namespace",
            )
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ])
            .links(&["https://github.com/libbpf/blazesym/pull/464"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::CLONE_NEWNS;
    let Some((_child, namespace)) = another_namespace(facts, "mnt", flag)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    succeeds_by_each_thread(facts, move || setns(&*namespace, flag))
}
