use crate::scenarios::shared::*;

/// What starting a program comes to in C, Python and Rust: a vfork(2) inside.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "posix_spawn() after unshare(CLONE_NEWPID) of a program that forks and starts a \
     thread",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL posix_spawn=ok pid=outer child=outer thread=ok"),
        Claim::since(3, 8)
            .shows("unshare=ok posix_spawn=EINVAL")
            .because("posix_spawn(3) is clone(CLONE_VM | CLONE_VFORK), and CLONE_VM is refused")
            .by(NO_THREADS_AFTER),
        Claim::since(3, 12)
            .shows("unshare=ok posix_spawn=ok pid=1 child=outer thread=ok")
            .because(
                "memory may be shared; the program is PID 1 of the new namespace and free to \
                 start what it likes there",
            )
            .by(VFORK_AFTER),
    ],
)
.vendors(&[EL7_SHARED_MEMORY.shows("unshare=ok posix_spawn=ok pid=1 child=outer thread=ok")]);

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
