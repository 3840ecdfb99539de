use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;

use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// A device that everything can be read from and written to.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "splice(2) of a byte from /dev/zero to a pipe, and from the pipe to /dev/zero",
    probe,
    &[
        Claim::since(3, 2)
            .shows("from=1 to=1")
            .because("the kernel reads and writes where a file has no way of its own"),
        Claim::since(5, 10)
            .shows("from=EINVAL to=EINVAL")
            .because("a kind of file must say how it is spliced, and /dev/zero does not")
            .by(NO_SPLICE_BY_DEFAULT),
        Claim::since(6, 7)
            .shows("from=1 to=1")
            .because("/dev/zero says how")
            .commit(
                "1b057bd800c3",
                "drivers/char/mem: implement splice() for /dev/zero, /dev/full",
            )
            .links(&["https://github.com/ColinIanKing/stress-ng/pull/326"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (out, into) = pipe()?;
    let zero = File::options().read(true).write(true).open("/dev/zero")?;
    let splice = |from: &dyn AsRawFd, to: &dyn AsRawFd| {
        let (from, to, none) = (from.as_raw_fd(), to.as_raw_fd(), ptr::null_mut());
        // SAFETY: it takes numbers, and no offsets.
        Errno::result(unsafe { libc::splice(from, none, to, none, 1, 0) })
    };
    facts.saw_count("from", splice(&zero, &into));
    // There is a byte in the pipe, whether or not it came from the device.
    nix::unistd::write(&into, b".")?;
    facts.saw_count("to", splice(&out, &zero));
    Ok(())
}
