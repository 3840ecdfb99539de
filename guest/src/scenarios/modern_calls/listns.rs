use std::ffi::c_long;

use crate::scenarios::shared::*;

/// Namespaces without looking through /proc.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "listns(2) for one namespace of any kind",
    probe,
    &[
        Claim::since(3, 2)
            .shows("listns=ENOSYS")
            .because("a namespace is to be found by a process or a file that holds it"),
        Claim::since(6, 19)
            .shows("listns=1")
            .because("the kernel lists those that the caller may see")
            .commit("76b6f5dfb3fd", "nstree: add listns()"),
    ],
);

/// `struct ns_id_req` of its first version: its size, after which namespace, of
/// which kinds, and of which user namespace.
#[repr(C)]
#[derive(Default)]
struct NamespaceRequest {
    size: u32,
    spare: u32,
    after: u64,
    kinds: u32,
    spare_too: u32,
    user_namespace: u64,
}

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYS_LISTNS: c_long = 470;
    let request = NamespaceRequest {
        size: size_of::<NamespaceRequest>() as u32,
        ..NamespaceRequest::default()
    };
    let mut found = 0_u64;
    let arguments = [address(&request), address_mut(&mut found), 1, 0];
    // SAFETY: there is room for one number.
    facts.saw_count("listns", unsafe { call(SYS_LISTNS, arguments) });
    Ok(())
}
