//! Who a process is.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::libc::c_long;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use super::call::call;

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

/// Maps root to root in a new user namespace of the caller: a user that is not mapped in
/// one can make none in it.
pub fn be_root() -> io::Result<()> {
    // Without this, since 3.19, groups are for the privileged to map.
    match fs::write("/proc/self/setgroups", "deny") {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write("/proc/self/uid_map", "0 0 1")?;
    fs::write("/proc/self/gid_map", "0 0 1")
}

/// Takes a capability out of the effective set of the calling thread.
pub fn lower_capability(number: u32) -> Result<(), Errno> {
    const VERSION_3: u32 = 0x2008_0522;
    // The version, and the calling thread.
    let header = [VERSION_3, 0];
    // The effective, permitted and inheritable sets, of capabilities below 32 first.
    let mut sets = [[0_u32; 3]; 2];
    let arguments = [header.as_ptr() as c_long, sets.as_mut_ptr() as c_long];
    // SAFETY: it reads the header and writes both sets.
    unsafe { call(libc::SYS_capget, arguments) }?;
    sets[number as usize / 32][0] &= !(1 << (number % 32));
    let arguments = [header.as_ptr() as c_long, sets.as_ptr() as c_long];
    // SAFETY: it reads the header and both sets.
    unsafe { call(libc::SYS_capset, arguments) }.map(drop)
}
