use crate::scenarios::shared::*;

const TRIES: u32 = 50;

/// A process that reads `/proc/PID/status` holds the memory of PID for a moment,
/// and for that moment PID looked as if it had threads. It takes two processors, or
/// a kernel that preempts itself, to be seen; not every try meets it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "how often of 50 tries unshare() is refused to a process with one thread whose \
     /proc/PID/status another process reads",
    probe,
    &[
        Claim::since(3, 2)
            .shows("newuser.refused=50 newpid.refused=50")
            .because("unshare(2) knows neither flag yet; clone(2) does"),
        Claim::since(3, 8)
            .by_chance()
            .shows("newuser.refused=0..49 newpid.refused=0..49")
            .because(
                "the reader counts in mm_users, and both flags imply CLONE_VM, refused where \
                 that is more than 1: either may fail by chance",
            )
            .by(UNSHARE_PID)
            .links(&["https://github.com/opencontainers/runc/pull/3705"]),
        Claim::since(3, 12)
            .by_chance()
            .shows("newuser.refused=0..49 newpid.refused=0")
            .because("CLONE_NEWPID no longer asks; CLONE_NEWUSER does, and may fail by chance")
            .by(NO_IMPLIED_THREAD)
            .links(&[
                "https://github.com/opencontainers/runc/pull/3705",
                "https://github.com/opencontainers/runc/pull/3776",
            ]),
        Claim::since(4, 3)
            .shows("newuser.refused=0 newpid.refused=0")
            .because("what is asked is whether there are other threads: a reader is none")
            .by(BY_THREAD_GROUP),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require("user")?;
    for (name, flag) in [
        ("newuser", CloneFlags::CLONE_NEWUSER),
        ("newpid", CloneFlags::CLONE_NEWPID),
    ] {
        let mut refused = 0;
        for _ in 0..TRIES {
            refused += u32::from(is_refused(flag)?);
        }
        facts.saw(format_args!("{name}.refused"), refused);
    }
    Ok(())
}

/// One try, in a process whose status is read.
fn is_refused(flag: CloneFlags) -> Result<bool, ProbeError> {
    let mut refused = false;
    let mut sink = |fact: Fact| refused = fact.value == "EINVAL";
    in_a_process(&mut Facts::new(&mut sink), |facts| {
        let own = getpid();
        let reader = Background::start(|| drop(status_line(own, "Threads")))?;
        facts.saw_result("unshare", &unshare(flag));
        drop(reader);
        Ok(())
    })?;
    Ok(refused)
}
