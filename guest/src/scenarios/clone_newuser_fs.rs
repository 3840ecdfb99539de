use crate::probe::{Child, CloneFlags, require_clone};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Root of its own namespace could chroot(2) for a parent with other rights
/// (CVE-2013-1858).
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newuser_fs",
    summary: "clone(CLONE_NEWUSER | CLONE_FS)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=ok clone.child=outer")
            .because("nobody has thought of it")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 9)
            .shows("clone=EINVAL")
            .because(
                "a process could choose the root directory for set-user-ID programs of \
                 another user namespace",
            )
            .commit(
                "e66eded8309e",
                "userns: Don't allow CLONE_NEWUSER | CLONE_FS",
            )
            .backported(versions!["3.8.3"])
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require_clone(CloneFlags::CLONE_NEWUSER, "CONFIG_USER_NS")?;
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_FS;
    facts.saw_call("clone", &Child::clone(flags));
    Ok(())
}
