use crate::scenarios::shared::*;

/// setns(2) needs these files.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "whether there are /proc/PID/ns/pid and /proc/PID/ns/user",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pid=ENOENT user=ENOENT")
            .because("only ipc, net and uts are there yet")
            .links(&["https://github.com/jpetazzo/nsenter/issues/68"]),
        Claim::since(3, 8)
            .shows("pid=ok user=ok")
            .because("setns(2) takes a PID namespace, and by cde1975bc242 a user namespace")
            .by(SETNS_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for kind in ["pid", "user"] {
        require(kind)?;
        let file: Result<_, Errno> = Namespaces::own().open(kind);
        facts.saw_result(kind, &file);
    }
    Ok(())
}
