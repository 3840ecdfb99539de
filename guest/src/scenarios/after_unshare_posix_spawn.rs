use super::history::{NO_THREADS_AFTER, VFORK_AFTER, VFORK_AFTER_STABLE, no_unshare_yet};
use crate::probe::{CloneFlags, require, spawn_program, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// What starting a program comes to in C, Python and Rust: a vfork(2) inside.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_posix_spawn",
    summary: "posix_spawn() after unshare(CLONE_NEWPID) of a program that forks and starts a \
              thread",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL posix_spawn=ok pid=outer child=outer thread=ok")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok posix_spawn=EINVAL")
            .because("posix_spawn(3) is clone(CLONE_VM | CLONE_VFORK), and CLONE_VM is refused")
            .by(NO_THREADS_AFTER)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.11"]),
        Claim::since(3, 12)
            .shows("unshare=ok posix_spawn=ok pid=1 child=outer thread=ok")
            .because(
                "memory may be shared; the program is PID 1 of the new namespace and free to \
                 start what it likes there",
            )
            .by(VFORK_AFTER)
            .backported(VFORK_AFTER_STABLE)
            .observed(versions![
                "3.10.108", "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223",
                "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let spawned = spawn_program();
    facts.saw_result("posix_spawn", &spawned);
    if let Ok((process, seen)) = spawned {
        facts.saw_program(process, seen);
    }
    Ok(())
}
