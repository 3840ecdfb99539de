use crate::scenarios::shared::*;

/// A /proc of the processes alone has nothing that the old one could hide.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc is mounted by fsmount(2) with subset=pid in new user, PID and mount namespaces, \
     where a tmpfs hides a part of the /proc that is there",
    probe,
    &[
        no_user_unshare_yet("unshare=EINVAL"),
        Claim::since(3, 8)
            .shows("unshare=ok fsopen=ENOSYS")
            .because("mount(2) is the only way")
            .by(UNSHARE_USER),
        Claim::since(5, 2)
            .shows("unshare=ok fsopen=ok subset=EINVAL")
            .because("subset is no option")
            .by(FSOPEN),
        Claim::since(5, 8)
            .shows("unshare=ok fsopen=ok subset=ok fsmount=EPERM")
            .because("a whole /proc must be to be seen already, for that of processes, too")
            .by(PROC_SUBSET)
            .links(&["https://github.com/sosy-lab/benchexec/issues/1307"]),
        Claim::since(7, 2)
            .shows("unshare=ok fsopen=ok subset=ok fsmount=ok self=present meminfo=absent")
            .because("that of processes has nothing that could be hidden, so it may be mounted")
            .commit(
                "05dab768fc2d",
                "proc: handle subset=pid separately in userns visibility checks",
            )
            .links(&["https://lkml.iu.edu/hypermail/linux/kernel/2606.1/11400.html"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    mount_where_a_part_is_hidden(facts, |facts| {
        let Some(processes) = proc_of_processes(facts)? else {
            return Ok(());
        };
        let mount = fsmount(&processes);
        facts.saw_result("fsmount", &mount);
        match mount {
            Ok(mount) => look_into_proc(facts, &mount),
            Err(_) => Ok(()),
        }
    })
}
