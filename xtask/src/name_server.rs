//! How a static program looks up the names of hosts.

/// Looks names up with what the C library has built in: `/etc/hosts` and the name
/// servers of `/etc/resolv.conf`.
///
/// glibc would load further sources that `/etc/nsswitch.conf` names (mdns4, resolve,
/// myhostname) from shared libraries of the host, which were built for another
/// glibc or for another C library altogether. A static program must not do that.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
pub(crate) fn use_built_in() {
    unsafe extern "C" {
        // nss.h
        fn __nss_configure_lookup(
            database: *const std::ffi::c_char,
            service_line: *const std::ffi::c_char,
        ) -> std::ffi::c_int;
    }
    // SAFETY: both are strings that end, and no other thread runs yet. Where it
    // fails, names are looked up as the host says.
    unsafe { __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr()) };
}

/// A program that uses the host's C library looks names up as the host says.
#[cfg(not(all(target_env = "gnu", target_feature = "crt-static")))]
pub(crate) fn use_built_in() {}
