//! Who a process is.

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

/// Makes the process one of an ordinary user, uid and gid 1000, without any
/// privilege. The caller has one thread.
pub fn become_ordinary_user() -> Result<(), Errno> {
    const ID: u32 = 1000;
    let (gid, uid) = (Gid::from_raw(ID), Uid::from_raw(ID));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    // Otherwise its files in /proc are root's.
    set_dumpable(true)
}
