use std::ffi::c_long;

use crate::scenarios::shared::*;

/// Mounts without the text of mountinfo.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "listmount(2) of the root for one mount, and statmount(2) of that",
    probe,
    &[
        Claim::since(3, 2)
            .shows("listmount=ENOSYS")
            .because("mounts are to be had as the text of a whole table"),
        Claim::since(6, 8)
            .shows("listmount=1 statmount=ok")
            .because("mounts can be listed, and one can be asked for, by the unique number")
            .commit("b4c2bea8ceaa", "add listmount(2) syscall"),
    ],
);

/// `struct mnt_id_req` of its first version: its size, which mount, and what of it
/// or after which.
#[repr(C)]
struct MountRequest {
    size: u32,
    spare: u32,
    mount: u64,
    parameter: u64,
}

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYS_STATMOUNT: c_long = 457;
    const SYS_LISTMOUNT: c_long = 458;
    const ROOT: u64 = u64::MAX;
    const STATMOUNT_SB_BASIC: u64 = 1;
    let request = |mount, parameter| MountRequest {
        size: size_of::<MountRequest>() as u32,
        spare: 0,
        mount,
        parameter,
    };
    let (root, mut mount) = (request(ROOT, 0), 0_u64);
    let arguments = [address(&root), address_mut(&mut mount), 1, 0];
    // SAFETY: there is room for one number.
    let listed = unsafe { call(SYS_LISTMOUNT, arguments) };
    let is_listed = listed.is_ok();
    facts.saw_count("listmount", listed);
    if is_listed {
        let mut found = [0_u64; 128];
        let request = request(mount, STATMOUNT_SB_BASIC);
        let room = size_of_val(&found) as c_long;
        let arguments = [address(&request), address_mut(&mut found), room, 0];
        // SAFETY: there is room for what is found.
        facts.saw_result("statmount", &unsafe { call(SYS_STATMOUNT, arguments) });
    }
    Ok(())
}
