use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Most files in memory are never executed.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "memfd_create(MFD_NOEXEC_SEAL), the seal it puts on, and together with MFD_EXEC",
    probe,
    &[
        Claim::since(3, 2)
            .shows("noexec_seal=ENOSYS both=ENOSYS")
            .because("there is no memfd_create(2)"),
        Claim::since(3, 17)
            .shows("noexec_seal=EINVAL both=EINVAL")
            .because("the flags are unknown: what memfd_create(2) makes can be executed")
            .by(MEMFD_CREATE),
        Claim::since(6, 3)
            .shows("noexec_seal=ok sealed=yes both=EINVAL")
            .because("a file says whether it can ever be executed, and cannot say both")
            .commit("105ff5339f49", "mm/memfd: add MFD_NOEXEC_SEAL and MFD_EXEC")
            .links(&[
                "https://github.com/systemd/systemd/pull/26800",
                "https://github.com/lxc/lxc/issues/4315",
            ]),
    ],
)
.vendors(&[EL7
    .shows("noexec_seal=EINVAL both=EINVAL")
    .because("the call of 3.17 is there, its flags of 6.3 are not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const MFD_NOEXEC_SEAL: u32 = 8;
    const MFD_EXEC: u32 = 16;
    let file = memfd_create(MFD_NOEXEC_SEAL);
    facts.saw_result("noexec_seal", &file);
    if let Ok(file) = file {
        // SAFETY: it takes numbers.
        let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
        let sealed = Errno::result(seals)? & libc::F_SEAL_EXEC != 0;
        facts.saw("sealed", if sealed { "yes" } else { "no" });
    }
    facts.saw_result("both", &memfd_create(MFD_NOEXEC_SEAL | MFD_EXEC));
    Ok(())
}
