use std::ffi::c_long;

use crate::scenarios::shared::*;

/// Random bytes without a device, and without waiting for them to be good.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "getrandom(GRND_INSECURE), and with a flag that no kernel knows",
    probe,
    &[
        Claim::since(3, 2)
            .shows("insecure=ENOSYS unknown=ENOSYS")
            .because("there is no getrandom(2)"),
        Claim::since(3, 17)
            .shows("insecure=EINVAL unknown=EINVAL")
            .because("getrandom(2) gives good bytes, or none")
            .commit("c6e9d6f38894", "random: introduce getrandom(2) system call"),
        Claim::since(5, 6)
            .shows("insecure=8 unknown=EINVAL")
            .because("it gives at once what it has, to a caller who needs no secret")
            .commit(
                "75551dbf112c",
                "random: add GRND_INSECURE to return best-effort non-cryptographic bytes",
            )
            .backported(versions!["4.9.320", "4.14.285", "4.19.249", "5.4.200"]),
    ],
)
.vendors(&[EL7
    .shows("insecure=EINVAL unknown=EINVAL")
    .because("the call of 3.17 is there, its flag of 5.6 is not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let get = |flags: c_long| {
        let mut bytes = [0_u8; 8];
        // SAFETY: there is room for the bytes.
        unsafe { call(libc::SYS_getrandom, [address_mut(&mut bytes), 8, flags]) }
    };
    facts.saw_count("insecure", get(libc::GRND_INSECURE.into()));
    facts.saw_count("unknown", get(1 << 30));
    Ok(())
}
