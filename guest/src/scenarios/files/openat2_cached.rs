use crate::scenarios::shared::*;

/// For a program that must not wait for a disk.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "openat2(RESOLVE_CACHED) of /tmp",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cached=ENOSYS")
            .because("there is no openat2(2)"),
        Claim::since(5, 6)
            .shows("cached=EINVAL")
            .because("openat2(2) does not know RESOLVE_CACHED")
            .by(OPENAT2),
        Claim::since(5, 12)
            .shows("cached=ok")
            .because("a file is opened only if that takes no more than what the kernel remembers")
            .commit(
                "99668f618062",
                "fs: expose LOOKUP_CACHED through openat2() RESOLVE_CACHED",
            )
            .backported(versions!["5.10.162"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let open = || openat2(c"/tmp", &[0, 0, libc::RESOLVE_CACHED]);
    // A rename anywhere meanwhile is a reason to refuse, so it may take more than one try.
    let tries = (0..1000).map(|_| open());
    let done = |opened: &Result<_, _>| !matches!(opened, Err(Errno::EAGAIN));
    let opened = { tries }.find(done).unwrap_or(Err(Errno::EAGAIN));
    facts.saw_result("cached", &opened);
    Ok(())
}
