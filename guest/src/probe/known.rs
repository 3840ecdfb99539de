//! What a kernel knows and has configured in.

use std::fs;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};

use super::namespaces::option_of;
use super::{Child, Namespaces, become_ordinary_user, in_a_process, require};
use crate::claims::{Fact, Facts, ProbeError};

/// Ends the probe on a kernel on which not even clone(2) with this kind's flag
/// works, however old it is: an option is missing, or a sysctl forbids it, of which
/// el7 makes EINVAL, too.
///
/// # Errors
/// [`ProbeError::NotApplicable`], naming the option or the sysctl.
pub fn require_clone(kind: &str, flag: CloneFlags) -> Result<(), ProbeError> {
    match Child::clone(flag) {
        Ok(child) => {
            child.end()?;
            Ok(())
        }
        Err(Errno::EINVAL) => {
            require(kind)?;
            Err(ProbeError::NotApplicable(option_of(kind)))
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Ends the probe on a kernel that knows a kind of namespace but has it
/// configured out. One that is too old to know it goes on: its claims say so.
///
/// # Errors
/// [`ProbeError::NotApplicable`], naming the option.
pub fn require_if_known(kind: &str, flag: CloneFlags, option: &str) -> Result<(), ProbeError> {
    if Namespaces::own().open(kind).is_err() && unshare_knows(flag)? {
        return Err(ProbeError::NotApplicable(option.to_owned()));
    }
    Ok(())
}

/// Whether unshare(2) knows a flag: it tells an ordinary user EINVAL of one it
/// does not, before it says EPERM.
fn unshare_knows(flag: CloneFlags) -> Result<bool, ProbeError> {
    let mut known = false;
    let mut sink = |fact: Fact| known = fact.value == "EPERM";
    in_a_process(&mut Facts::new(&mut sink), |facts| {
        become_ordinary_user()?;
        facts.saw_result("unshare", &unshare(flag));
        Ok(())
    })?;
    Ok(known)
}

/// Ends the probe where ordinary users cannot have user namespaces, because of
/// the configuration or of a sysctl. A kernel that is too old goes on.
///
/// # Errors
/// [`ProbeError::NotApplicable`], naming the option or the sysctl.
pub fn require_ordinary_user_namespaces() -> Result<(), ProbeError> {
    require("user")?;
    for (sysctl, off) in [
        // Debian's and Ubuntu's.
        ("kernel.unprivileged_userns_clone", "0"),
        // Ubuntu's.
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
    ] {
        let path = format!("/proc/sys/{}", sysctl.replace('.', "/"));
        if fs::read_to_string(path).is_ok_and(|value| value.trim() == off) {
            return Err(ProbeError::NotApplicable(format!("{sysctl}={off}")));
        }
    }
    Ok(())
}
