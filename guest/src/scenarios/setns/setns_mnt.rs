use crate::scenarios::shared::*;

/// It would move the root and the working directory of the other threads.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a mount namespace by the only thread, the main one and another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no mnt yet, so there is nothing to join"),
        Claim::since(3, 8)
            .shows("open=ok single=ok main=EINVAL thread=EINVAL")
            .because(
                "mntns_install() refuses a thread that shares a root and a working directory, as \
                 threads do: other than unshare(2) it does not make the caller its own",
            )
            .commit(
                "8823c079ba71",
                "vfs: Add setns support for the mount namespace",
            )
            .links(&["https://github.com/libbpf/blazesym/pull/464"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    setns_by_each_thread(facts, "mnt", CloneFlags::CLONE_NEWNS)
}
