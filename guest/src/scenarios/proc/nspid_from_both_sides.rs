use crate::scenarios::shared::*;

/// The one place where a parent can read what its child sees.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "NSpid in /proc/PID/status, of the caller and of its child in a new PID namespace",
    probe,
    &[
        Claim::since(3, 2)
            .shows("own=absent child=absent")
            .because("the line does not exist yet"),
        Claim::since(4, 1)
            .shows("own=outer child=outer,1")
            .because(
                "it shows all PIDs of a process, from the namespace of the reader down to its \
                 own",
            )
            .by(NSPID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone("pid", CloneFlags::CLONE_NEWPID)?;
    facts.saw("own", pids(getpid()));
    let child = Child::clone(CloneFlags::CLONE_NEWPID)?;
    facts.saw("child", pids(child.pid()));
    child.end()?;
    Ok(())
}

/// `outer` is the PID by which it is known here.
fn pids(pid: Pid) -> String {
    let Some(pids) = nspid(pid) else {
        return "absent".to_owned();
    };
    let words = pids.into_iter().map(|nspid| {
        if nspid == pid.as_raw() {
            "outer".to_owned()
        } else {
            nspid.to_string()
        }
    });
    words.collect::<Vec<_>>().join(",")
}
