use std::path::Path;

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
            .commit(
                "6814ef2d992a",
                "proc: add option to mount only a pids subset",
            )
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
    require("user")?;
    require("pid")?;
    private_mounts()?;
    mount_on("/proc/tty".as_ref(), "tmpfs", None)?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    let unshared = unshare(flags);
    facts.saw_result("unshare", &unshared);
    if unshared.is_err() {
        return Ok(());
    }
    be_root()?;
    in_a_process(facts, mount_processes)
}

fn mount_processes(facts: &mut Facts) -> Result<(), ProbeError> {
    let context = fsopen(c"proc");
    facts.saw_result("fsopen", &context);
    let Ok(context) = context else { return Ok(()) };
    let subset = fsconfig_set(&context, c"subset", c"pid");
    facts.saw_result("subset", &subset);
    if subset.is_err() {
        return Ok(());
    }
    fsconfig_create(&context)?;
    let mount = fsmount(&context);
    facts.saw_result("fsmount", &mount);
    let Ok(mount) = mount else { return Ok(()) };
    attach(&mount, "/tmp".as_ref(), 0)?;
    for name in ["self", "meminfo"] {
        let is_there = Path::new("/tmp").join(name).exists();
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
