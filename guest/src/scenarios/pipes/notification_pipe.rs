use std::ffi::c_int;

use crate::scenarios::shared::*;

/// A pipe that the kernel writes to.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pipe2(O_NOTIFICATION_PIPE): does the kernel know the flag",
    probe,
    &[
        Claim::since(3, 2)
            .shows("flag=unknown")
            .because("pipe2(2) does not know the flag, which is O_EXCL elsewhere"),
        Claim::since(5, 8)
            .shows("flag=known")
            .because("changes of keys, and the like, can be read from a pipe")
            .commit(
                "c73be61cede5",
                "pipe: Add general notification queue support",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const O_NOTIFICATION_PIPE: c_int = libc::O_EXCL;
    let mut ends = [0; 2];
    // SAFETY: there is room for both ends. They stay as long as the process.
    match Errno::result(unsafe { libc::pipe2(ends.as_mut_ptr(), O_NOTIFICATION_PIPE) }) {
        Err(Errno::EINVAL) => facts.saw("flag", "unknown"),
        // The kernel knows the flag, but has no such queues configured in.
        Ok(_) | Err(Errno::ENOPKG) => facts.saw("flag", "known"),
        failed => facts.saw_result("flag", &failed),
    }
    Ok(())
}
