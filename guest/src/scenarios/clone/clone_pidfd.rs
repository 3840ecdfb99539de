use crate::scenarios::shared::*;

/// clone(2) ignores flags that it does not know. Programs rely on that.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "clone(CLONE_PIDFD)",
    probe,
    &[
        Claim::since(3, 2)
            .shows("clone=ok pidfd=none")
            .because("0x1000 is no flag, and clone(2) does not mind"),
        Claim::since(5, 2)
            .shows("clone=ok pidfd=given")
            .because("clone(2) stores a descriptor of the child where its parent's TID would go")
            .commit("b3e583825266", "clone: add CLONE_PIDFD")
            .links(&[
                "https://github.com/lxc/lxc/pull/2986",
                "https://github.com/lxc/lxc/pull/3898",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let cloned = clone_with_pidfd(CloneFlags::empty());
    facts.saw_result("clone", &cloned);
    let (_child, pidfd) = cloned?;
    facts.saw("pidfd", if pidfd.is_some() { "given" } else { "none" });
    Ok(())
}
