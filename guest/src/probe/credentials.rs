//! Who one is.

use nix::errno::Errno;

/// Makes the process that of an ordinary user, uid and gid 1000, without any
/// privilege. The caller has one thread.
///
/// # Errors
/// Those of the system calls.
pub fn become_ordinary_user() -> Result<(), Errno> {
    const ID: libc::uid_t = 1000;
    // SAFETY: all of them take numbers only.
    unsafe {
        Errno::result(libc::setgroups(0, std::ptr::null()))?;
        Errno::result(libc::setresgid(ID, ID, ID))?;
        Errno::result(libc::setresuid(ID, ID, ID))?;
        // Otherwise its files in /proc are root's.
        Errno::result(libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0))?;
    }
    Ok(())
}
