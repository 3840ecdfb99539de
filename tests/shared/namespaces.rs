//! Whether a test may mount something where only it sees that.

use std::process::{Command, Stdio};

/// The options of unshare(1) with which a command may mount: in a mount namespace,
/// and in a user namespace besides where this is not root.
#[must_use]
pub fn unshare_options() -> &'static str {
    // SAFETY: geteuid(2) always succeeds.
    match unsafe { libc::geteuid() } {
        0 => "-m",
        _ => "-rm",
    }
}

/// Why no such namespaces can be made here, if none can: in a chroot, for example,
/// the kernel refuses a user namespace (commit 3151527ee007, "userns: Don't allow
/// creation if the user is chrooted").
#[must_use]
pub fn why_no_mounts() -> Option<&'static str> {
    let mut unshare = Command::new("unshare");
    unshare.args([unshare_options(), "true"]);
    unshare.stdout(Stdio::null()).stderr(Stdio::null());
    match unshare.status() {
        Ok(status) if status.success() => None,
        Ok(_) => Some("no user namespaces"),
        Err(_) => Some("no unshare(1)"),
    }
}
