use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, NO_IMPLIED_THREAD, UNSHARE_PID};
use crate::probe::{Background, CloneFlags, getpid, in_a_process, require, status_line, unshare};
use crate::{Claim, Fact, Facts, ProbeError, Scenario, versions};

const TRIES: u32 = 50;

/// Whoever reads `/proc/PID/status` holds the memory of PID for a moment, and
/// for that moment PID looked as if it had threads. It takes two processors, or
/// a kernel that preempts itself, to be seen; not every try meets it.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_while_status_is_read",
    summary: "how often of 50 tries unshare() is refused to a process with one thread whose \
              /proc/PID/status somebody reads",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("newuser.refused=50 newpid.refused=50")
            .because("unshare(2) knows neither flag yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("newuser.refused=0..49 newpid.refused=0..49")
            .because(
                "the reader counts in mm_users, and both flags imply CLONE_VM, refused where \
                 that is more than 1: either may fail by chance",
            )
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.11"])
            .links(&["https://github.com/opencontainers/runc/pull/3705"]),
        Claim::since(3, 12)
            .shows("newuser.refused=0..49 newpid.refused=0")
            .because("CLONE_NEWPID no longer asks; CLONE_NEWUSER does, and may fail by chance")
            .by(NO_IMPLIED_THREAD)
            .observed(versions!["3.12", "3.13.11", "3.16"])
            .links(&[
                "https://github.com/opencontainers/runc/pull/3705",
                "https://github.com/opencontainers/runc/pull/3776",
            ]),
        Claim::since(4, 3)
            .shows("newuser.refused=0 newpid.refused=0")
            .because("what is asked is whether there are other threads: a reader is none")
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

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

/// One try, in a process that somebody reads of.
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
