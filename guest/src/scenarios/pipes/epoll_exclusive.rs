use nix::unistd::pipe;

use crate::scenarios::shared::*;

/// One of many waiting threads is enough.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "epoll_ctl(2) with EPOLLEXCLUSIVE: to add a pipe, and to modify what was added",
    probe,
    &[
        Claim::since(3, 2)
            .shows("add=ok modify=ok")
            .because("epoll ignores what it does not know"),
        Claim::since(4, 5)
            .shows("add=ok modify=EINVAL")
            .because("an exclusive waiter is one from the beginning, and cannot become one")
            .commit("df0108c5da56", "epoll: add EPOLLEXCLUSIVE flag"),
    ],
)
.vendors(&[EL7
    .shows("add=ok modify=EINVAL")
    .because("the flag of 4.5 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (out, _into) = pipe()?;
    let epoll = Epoll::create()?;
    let events = libc::EPOLLIN | libc::EPOLLEXCLUSIVE;
    facts.saw_result("add", &epoll.add(&out, events));
    facts.saw_result("modify", &epoll.modify(&out, events));
    Ok(())
}
