use nix::unistd::{pipe, write};

use crate::scenarios::shared::*;

/// A reader that never empties the pipe.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "epoll_wait(2) for EPOLLET of a pipe after a write(2), and after one more without a read(2)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("first=1 second=1")
            .because("each write wakes, whether or not there was data before"),
        Claim::since(5, 5)
            .shows("first=1 second=0")
            .because("a write to a pipe that is not empty is no edge, and wakes none")
            .commit(
                "1b6b26ae7053",
                "pipe: fix and clarify pipe write wakeup logic",
            )
            .links(&["https://github.com/libuv/libuv/pull/4400"]),
        Claim::since(5, 14)
            .shows("first=1 second=1")
            .because("programs rely on it, so each write wakes again")
            .commit(
                "3a34b13a88ca",
                "pipe: make pipe writes always wake up readers",
            )
            .backported(versions!["5.10.56", "5.13.8"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (out, into) = pipe()?;
    let epoll = Epoll::create()?;
    epoll.add(&out, libc::EPOLLIN | libc::EPOLLET)?;
    for name in ["first", "second"] {
        write(&into, b".")?;
        facts.saw_count(name, epoll.ready());
    }
    Ok(())
}
