use std::ffi::c_int;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// What two processes that share memory can promise each other.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fcntl(F_ADD_SEALS) with F_SEAL_FUTURE_WRITE, F_SEAL_EXEC and F_SEAL_GROW",
    probe,
    &[
        Claim::since(3, 2)
            .shows("memfd_create=ENOSYS")
            .because("there is no file that can be sealed"),
        Claim::since(3, 17)
            .shows("memfd_create=ok future_write=EINVAL exec=EINVAL grow=ok")
            .because("the first seals are against a change of size and against all writing")
            // The commit was seen, its title was not.
            .commit("40e041a2c858", "shm: add sealing API"),
        Claim::since(5, 1)
            .shows("memfd_create=ok future_write=ok exec=EINVAL grow=ok")
            .because("the writer can keep a mapping that others cannot have")
            .commit(
                "ab3948f58ff8",
                "mm/memfd: add an F_SEAL_FUTURE_WRITE seal to memfd",
            ),
        Claim::since(6, 3)
            .shows("memfd_create=ok future_write=ok exec=ok grow=ok")
            .because("it can be promised that the file never becomes executable, or always is")
            .commit("6fd7353829ca", "mm/memfd: add F_SEAL_EXEC"),
    ],
)
.vendors(&[EL7
    .shows("memfd_create=ok future_write=EINVAL exec=EINVAL grow=ok")
    .because("the seals of 3.17 are there, those of 5.1 and 6.3 are not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let file = memfd_create(libc::MFD_ALLOW_SEALING);
    facts.saw_result("memfd_create", &file);
    let Ok(file) = file else { return Ok(()) };
    let seal = |seal: c_int| {
        // SAFETY: it takes numbers.
        Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seal) })
    };
    facts.saw_result("future_write", &seal(libc::F_SEAL_FUTURE_WRITE));
    facts.saw_result("exec", &seal(libc::F_SEAL_EXEC));
    facts.saw_result("grow", &seal(libc::F_SEAL_GROW));
    Ok(())
}
