use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;

use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// What can be read cannot always be sent.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "sendfile(2) of a byte of /proc/self/maps, and of /proc/version, to a pipe",
    probe,
    &[
        Claim::since(3, 2)
            .shows("maps=1 version=1")
            .because("the kernel reads a file into a buffer where it has no other way"),
        Claim::since(5, 10)
            .shows("maps=EINVAL version=1")
            .because("a kind of file must say how it is sent, and maps is of none that does")
            .by(NO_SPLICE_BY_DEFAULT)
            .links(&["https://github.com/topjohnwu/libsu/pull/206"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (_out, into) = pipe()?;
    let send = |path| -> Result<_, ProbeError> {
        let file = File::open(path)?;
        let (into, from): (c_int, c_int) = (into.as_raw_fd(), file.as_raw_fd());
        // SAFETY: it takes numbers, and no offset.
        let sent = unsafe { libc::sendfile(into, from, ptr::null_mut(), 1) };
        Ok(Errno::result(sent))
    };
    facts.saw_count("maps", send("/proc/self/maps")?);
    facts.saw_count("version", send("/proc/version")?);
    Ok(())
}
