//! How a /proc is mounted.

use std::os::fd::OwnedFd;
use std::path::Path;

use crate::claims::{Facts, ProbeError};
use crate::probe::{
    CloneFlags, attach, be_root, fsconfig_create, fsconfig_set, fsopen, in_a_process, mount_on,
    private_mounts, require, unshare,
};

/// Calls unshare(2) for new user, PID and mount namespaces where a tmpfs hides a part of
/// /proc (`unshare`), and mounts in a process in them.
pub(in crate::scenarios) fn mount_where_a_part_is_hidden(
    facts: &mut Facts,
    mount: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
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
    in_a_process(facts, mount)
}

/// Makes a /proc of the processes alone, for fsmount(2), as far as the kernel can (`fsopen`,
/// `subset`).
pub(in crate::scenarios) fn proc_of_processes(
    facts: &mut Facts,
) -> Result<Option<OwnedFd>, ProbeError> {
    let context = fsopen(c"proc");
    facts.saw_result("fsopen", &context);
    let Ok(context) = context else {
        return Ok(None);
    };
    let subset = fsconfig_set(&context, c"subset", c"pid");
    facts.saw_result("subset", &subset);
    if subset.is_err() {
        return Ok(None);
    }
    fsconfig_create(&context)?;
    Ok(Some(context))
}

/// Looks what of processes (`self`), and of all else (`meminfo`), a /proc has.
pub(in crate::scenarios) fn look_into_proc(
    facts: &mut Facts,
    mount: &OwnedFd,
) -> Result<(), ProbeError> {
    attach(mount, "/tmp".as_ref(), 0)?;
    for name in ["self", "meminfo"] {
        let is_there = Path::new("/tmp").join(name).exists();
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
