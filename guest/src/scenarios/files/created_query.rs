use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// Did O_CREAT make the file, or was it there?
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fcntl(F_CREATED_QUERY) of a file that open(2) made, and of one that was there",
    probe,
    &[
        Claim::since(3, 2)
            .shows("made=EINVAL there=EINVAL")
            .because("only O_EXCL tells, by refusing what is there"),
        Claim::since(6, 12)
            .shows("made=1 there=0")
            .because("the descriptor knows whether its file was made for it")
            .commit("820a185896b7", "fcntl: add F_CREATED_QUERY"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const F_CREATED_QUERY: c_int = 1028;
    let path = scratch()?.join("file");
    for name in ["made", "there"] {
        let file = File::create(&path)?;
        // SAFETY: it takes numbers.
        let made = unsafe { libc::fcntl(file.as_raw_fd(), F_CREATED_QUERY) };
        facts.saw_count(name, Errno::result(made));
    }
    Ok(())
}
