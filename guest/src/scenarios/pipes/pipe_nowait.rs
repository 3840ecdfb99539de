use nix::unistd::{pipe, write};

use crate::scenarios::shared::*;

/// One read that must not wait, of a pipe that others wait for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "preadv2(RWF_NOWAIT) of a pipe that is empty, and of one that holds a byte",
    probe,
    &[
        Claim::since(3, 2)
            .shows("empty=refused full=refused")
            .because("there is no preadv2(2), and then none that can do this with a pipe"),
        Claim::since(6, 4)
            .shows("empty=EAGAIN full=1")
            .because("a pipe says that there is nothing, and keeps none waiting")
            .commit("afed6271f5b0", "pipe: set FMODE_NOWAIT on pipes"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (out, into) = pipe()?;
    for name in ["empty", "full"] {
        match preadv2(&out, libc::RWF_NOWAIT) {
            // Which error it is changed on the way, with what is done about unknown flags.
            Err(Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP) => facts.saw(name, "refused"),
            read => facts.saw_count(name, read),
        }
        write(&into, b".")?;
    }
    Ok(())
}
