//! A task's namespaces, as `/proc` has them.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc::c_long;
use nix::sched::CloneFlags;
use nix::unistd::{Pid, gettid};

use super::call::{call, descriptor_of};
use super::errno_of;
use crate::claims::ProbeError;

/// The namespaces of one task: `/proc/…/ns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaces(PathBuf);

impl Namespaces {
    /// The namespaces of the calling thread, which must see itself in `/proc`.
    #[must_use]
    pub fn own() -> Self {
        // /proc/thread-self is younger than some kernels.
        Self(format!("/proc/self/task/{}/ns", gettid()).into())
    }

    /// The namespaces of a process, by its PID in `/proc`.
    #[must_use]
    pub fn of(pid: Pid) -> Self {
        Self(format!("/proc/{pid}/ns").into())
    }

    /// A descriptor of the one of a kind (`pid`, `user`, `pid_for_children`),
    /// for setns(2).
    ///
    /// # Errors
    /// ENOENT where the kernel has none of the kind.
    pub fn open(&self, kind: &str) -> Result<File, Errno> {
        File::open(self.0.join(kind)).map_err(errno_of)
    }

    /// Which namespace it is, in a form to be compared: `pid:[4026531836]`.
    ///
    /// # Errors
    /// ENOENT where the kernel has none of the kind.
    pub fn identity(&self, kind: &str) -> Result<String, Errno> {
        let link = fs::read_link(self.0.join(kind)).map_err(errno_of)?;
        Ok(link.to_string_lossy().into_owned())
    }
}

/// A descriptor of the user namespace that owns a namespace.
///
/// # Errors
/// ENOTTY where the kernel does not tell.
pub fn owner_of_namespace(namespace: &File) -> Result<OwnedFd, Errno> {
    const NS_GET_USERNS: c_long = 0xb701;
    let arguments = [namespace.as_raw_fd() as c_long, NS_GET_USERNS];
    // SAFETY: it takes numbers.
    unsafe { descriptor_of(libc::SYS_ioctl, arguments) }
}

/// The flag of clone(2) for a namespace of the same kind.
///
/// # Errors
/// ENOTTY where the kernel does not tell.
pub fn kind_of_namespace(namespace: &File) -> Result<CloneFlags, Errno> {
    const NS_GET_NSTYPE: c_long = 0xb703;
    let arguments = [namespace.as_raw_fd() as c_long, NS_GET_NSTYPE];
    // SAFETY: it takes numbers.
    let kind = unsafe { call(libc::SYS_ioctl, arguments) }?;
    Ok(CloneFlags::from_bits_retain(kind as i32))
}

/// A name for a namespace by its identity: the name of the first of the `known`
/// ones that has it, `another`, or the errno.
#[must_use]
pub fn name_namespace(
    which: &Result<String, Errno>,
    known: &[(&str, &Result<String, Errno>)],
) -> String {
    let name = match which {
        Err(errno) => return format!("{errno:?}"),
        Ok(_) => known.iter().find(|(_, one)| *one == which),
    };
    name.map_or("another", |(name, _)| name).to_owned()
}

/// The option without which a kernel has no namespaces of this kind.
pub(super) fn option_of(kind: &str) -> String {
    format!("CONFIG_{}_NS", kind.to_uppercase())
}

/// Ends the probe where there can be no namespace of this kind, because of the
/// configuration or of a sysctl.
///
/// 3.8 brought `/proc/PID/ns/mnt`, which cannot be configured out, together
/// with those of `pid` and `user`. Where there is not even `mnt` the kernel is
/// too old for any of them, and its claims say so.
///
/// # Errors
/// [`ProbeError::NotApplicable`], naming the option or the sysctl.
pub fn require(kind: &str) -> Result<(), ProbeError> {
    let own = Path::new("/proc/self/ns");
    if own.join("mnt").exists() && !own.join(kind).exists() {
        return Err(ProbeError::NotApplicable(option_of(kind)));
    }
    let most = fs::read_to_string(format!("/proc/sys/user/max_{kind}_namespaces"));
    if most.is_ok_and(|most| most.trim() == "0") {
        let sysctl = format!("user.max_{kind}_namespaces=0");
        return Err(ProbeError::NotApplicable(sysctl));
    }
    Ok(())
}
