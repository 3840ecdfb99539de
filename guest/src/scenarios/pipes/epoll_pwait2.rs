use nix::unistd::{pipe, write};

use crate::scenarios::shared::*;

/// A timeout of less than a millisecond.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "epoll_pwait2(2) of a pipe that holds a byte",
    probe,
    &[
        Claim::since(3, 2)
            .shows("ready=ENOSYS")
            .because("a timeout is a number of milliseconds"),
        Claim::since(5, 11)
            .shows("ready=1")
            .because("a timeout is seconds and nanoseconds")
            .commit("58169a52ebc9", "epoll: add syscall epoll_pwait2"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (out, into) = pipe()?;
    write(&into, b".")?;
    let epoll = Epoll::create()?;
    epoll.add(&out, libc::EPOLLIN)?;
    facts.saw_count("ready", epoll.ready_within_a_nanosecond());
    Ok(())
}
