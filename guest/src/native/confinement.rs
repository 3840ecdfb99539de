//! What keeps this process from what root of the whole system may do.

use std::fs;

use crate::probe::field;
use crate::protocol::Confinement;

/// The first user namespace, as all kernels call it (PROC_USER_INIT_INO).
const FIRST: &str = "user:[4026531837]";

/// As it was when this program was started.
pub(super) fn here() -> Confinement {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap_or_default();
    let of_user = fs::read_link("/proc/self/ns/user");
    let is_first = |name: std::path::PathBuf| name.as_os_str() == FIRST;
    Confinement {
        // A kernel without user namespaces has the first one only.
        user_namespace: !of_user.map_or(true, is_first),
        lacks_capabilities: lacks_capabilities(&status, &last),
        seccomp: field(&status, "Seccomp").is_some_and(|mode| mode != "0"),
    }
}

/// Whether a process lacks a capability that this kernel knows; false where the
/// kernel does not tell.
fn lacks_capabilities(status: &str, last: &str) -> bool {
    let has = field(status, "CapEff").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let last: Option<u32> = last.trim().parse().ok();
    match (has, last.filter(|last| *last < 63)) {
        (Some(has), Some(last)) => has.trailing_ones() <= last,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `CapEff` as proc_pid_status(5) has it; the last one of Linux 6.1 is 40.
    #[test]
    fn a_container_s_root_lacks_capabilities() {
        let status = |mask: &str| format!("Name:\tsh\nCapEff:\t{mask}\nSeccomp:\t0\n");
        assert!(!lacks_capabilities(&status("000001ffffffffff"), "40\n"));
        // What Docker leaves to root.
        assert!(lacks_capabilities(&status("00000000a80425fb"), "40\n"));
        assert!(lacks_capabilities(&status("0000000000000000"), "40\n"));
        assert!(!lacks_capabilities("", "40"));
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "Seccomp:\t2\nSeccomp_filters:\t1\n";
        assert_eq!(field(status, "Seccomp"), Some("2"));
        assert_eq!(field("Seccomp_filters:\t1\n", "Seccomp"), None);
    }
}
