use crate::scenarios::shared::*;

/// How a path is followed that comes from somebody else.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "openat2(2) that may follow no symbolic link, no magic link, nothing out of the directory, \
     and no mount",
    probe,
    &[
        Claim::since(3, 2)
            .shows("no_symlinks=ENOSYS no_magiclinks=ENOSYS beneath=ENOSYS no_xdev=ENOSYS")
            .because("there is no openat2(2)"),
        Claim::since(5, 6)
            .shows("no_symlinks=ELOOP no_magiclinks=ELOOP beneath=EXDEV no_xdev=EXDEV")
            .because("the kernel checks each step of the way, where a program could only hope")
            .by(OPENAT2),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let resolve = |path, how| openat2(path, &[0, 0, how]);
    let symlinks = resolve(c"/proc/self/status", libc::RESOLVE_NO_SYMLINKS);
    facts.saw_result("no_symlinks", &symlinks);
    let magic = resolve(c"/proc/thread-self/exe", libc::RESOLVE_NO_MAGICLINKS);
    facts.saw_result("no_magiclinks", &magic);
    facts.saw_result("beneath", &resolve(c"/proc", libc::RESOLVE_BENEATH));
    facts.saw_result("no_xdev", &resolve(c"/proc/version", libc::RESOLVE_NO_XDEV));
    Ok(())
}
