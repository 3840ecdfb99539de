//! What several scenarios claim of el7, the kernel of RHEL 7, which calls itself 3.10.

use crate::claims::VendorClaim;

/// From RHEL 7.7 on. Its source has what is claimed, and a kernel built from that shows it.
pub(in crate::scenarios) const EL7: VendorClaim = VendorClaim::of("el7")
    .since(1062)
    .source("https://github.com/dcui/RHEL77");

/// Of unshare(CLONE_NEWPID) by one of several threads.
pub(in crate::scenarios) const EL7_UNSHARE: VendorClaim =
    EL7.because("CLONE_NEWPID does not imply CLONE_THREAD, as since 3.12");

/// Of a child that shares memory, but is in another PID namespace.
pub(in crate::scenarios) const EL7_SHARED_MEMORY: VendorClaim =
    EL7.because("CLONE_SIGHAND is refused there, CLONE_VM is not, as since 3.12");

/// Of CLONE_PARENT with CLONE_NEWPID.
pub(in crate::scenarios) const EL7_SIBLING: VendorClaim =
    EL7.because("CLONE_PARENT is no longer refused, as since 3.13");

/// Of the limits of namespaces.
pub(in crate::scenarios) const EL7_LIMIT: VendorClaim =
    EL7.because("limits are reported as such, as since 4.9");

/// Of copy_file_range(2) between file systems.
pub(in crate::scenarios) const EL7_COPY: VendorClaim =
    EL7.because("the call of 4.5 is there: both files must be of one file system");
