//! Mounts: a table of one's own, and the calls that work with descriptors.

use std::ffi::{CStr, CString, c_long};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::call::{call, descriptor_of};

/// Gives the caller a table of mounts of its own: what it mounts is to be seen nowhere
/// else and goes with it.
pub fn private_mounts() -> Result<(), Errno> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
}

/// A new tmpfs on `/tmp`. The caller has [`private_mounts`].
pub fn mount_tmpfs() -> Result<&'static Path, Errno> {
    let place = Path::new("/tmp");
    mount_on(place, "tmpfs", None)?;
    Ok(place)
}

/// mount(2) of a file system without a device.
pub fn mount_on(place: &Path, kind: &str, options: Option<&str>) -> Result<(), Errno> {
    mount(Some(kind), place, Some(kind), MsFlags::empty(), options)
}

/// fsopen(2).
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn fsopen(kind: &CStr) -> Result<OwnedFd, Errno> {
    // SAFETY: it reads a string.
    unsafe { descriptor_of(libc::SYS_fsopen, [kind.as_ptr() as c_long, 0]) }
}

/// fsconfig(2) of an option that has a value.
///
/// # Errors
/// EINVAL where the file system has no such option.
pub fn fsconfig_set(context: &OwnedFd, option: &CStr, value: &CStr) -> Result<(), Errno> {
    const FSCONFIG_SET_STRING: c_long = 1;
    let arguments = [
        raw(context),
        FSCONFIG_SET_STRING,
        option.as_ptr() as c_long,
        value.as_ptr() as c_long,
    ];
    // SAFETY: it reads two strings.
    unsafe { call(libc::SYS_fsconfig, arguments) }.map(drop)
}

/// fsconfig(2) that makes the file system as it is configured.
pub fn fsconfig_create(context: &OwnedFd) -> Result<(), Errno> {
    const FSCONFIG_CMD_CREATE: c_long = 6;
    let arguments = [raw(context), FSCONFIG_CMD_CREATE];
    // SAFETY: it takes numbers.
    unsafe { call(libc::SYS_fsconfig, arguments) }.map(drop)
}

/// fsmount(2): a mount that is nowhere yet.
pub fn fsmount(context: &OwnedFd) -> Result<OwnedFd, Errno> {
    // SAFETY: it takes numbers.
    unsafe { descriptor_of(libc::SYS_fsmount, [raw(context), 0, 0]) }
}

/// A tmpfs that is mounted nowhere yet.
pub fn unattached_tmpfs() -> Result<OwnedFd, Errno> {
    let context = fsopen(c"tmpfs")?;
    fsconfig_create(&context)?;
    fsmount(&context)
}

/// move_mount(2) of a mount that is nowhere yet, with more flags.
pub fn attach(mount: &OwnedFd, place: &Path, flags: u32) -> Result<(), Errno> {
    const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
    let place = c_string(place);
    let arguments = [
        raw(mount),
        c"".as_ptr() as c_long,
        libc::AT_FDCWD as c_long,
        place.as_ptr() as c_long,
        (flags | MOVE_MOUNT_F_EMPTY_PATH) as c_long,
    ];
    // SAFETY: it reads two strings.
    unsafe { call(libc::SYS_move_mount, arguments) }.map(drop)
}

/// mount_setattr(2) that sets attributes of one mount.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn mount_setattr(place: &Path, set: u64) -> Result<(), Errno> {
    let place = c_string(place);
    // What to set, what to clear, the propagation and a user namespace.
    let attributes = [set, 0, 0, 0];
    let arguments = [
        libc::AT_FDCWD as c_long,
        place.as_ptr() as c_long,
        0,
        attributes.as_ptr() as c_long,
        size_of_val(&attributes) as c_long,
    ];
    // SAFETY: it reads a string, and as many bytes as it is told.
    unsafe { call(libc::SYS_mount_setattr, arguments) }.map(drop)
}

/// listmount(2): the first mount below a mount's.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn listmount(mount: u64) -> Result<u64, Errno> {
    const SYS_LISTMOUNT: c_long = 458;
    let mut first = 0_u64;
    let request = MountRequest::new(mount, 0);
    let arguments = [
        (&raw const request) as c_long,
        (&raw mut first) as c_long,
        1,
        0,
    ];
    // SAFETY: it reads the request, and writes one number.
    unsafe { call(SYS_LISTMOUNT, arguments) }?;
    Ok(first)
}

/// statmount(2), for the basic facts of a mount's file system.
///
/// # Errors
/// ENOSYS where the kernel has no such call.
pub fn statmount(mount: u64) -> Result<(), Errno> {
    const SYS_STATMOUNT: c_long = 457;
    const STATMOUNT_SB_BASIC: u64 = 1;
    // There is room for what newer kernels add.
    let mut told = [0_u64; 256];
    let request = MountRequest::new(mount, STATMOUNT_SB_BASIC);
    let arguments = [
        (&raw const request) as c_long,
        told.as_mut_ptr() as c_long,
        size_of_val(&told) as c_long,
        0,
    ];
    // SAFETY: it reads the request, and writes at most as many bytes as it is told.
    unsafe { call(SYS_STATMOUNT, arguments) }.map(drop)
}

/// The kernel's `struct mnt_id_req`.
#[repr(C)]
struct MountRequest {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

impl MountRequest {
    const fn new(mount: u64, parameter: u64) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            spare: 0,
            mount,
            parameter,
        }
    }
}

fn raw(fd: &OwnedFd) -> c_long {
    fd.as_fd().as_raw_fd() as c_long
}

fn c_string(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}
