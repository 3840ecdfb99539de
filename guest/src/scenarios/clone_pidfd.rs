use crate::probe::{CloneFlags, clone_with_pidfd};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// clone(2) ignores flags that it does not know. Programs rely on that.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_pidfd",
    summary: "clone(CLONE_PIDFD)",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("clone=ok pidfd=none")
            .because("0x1000 is no flag, and clone(2) does not mind")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 2)
            .shows("clone=ok pidfd=given")
            .because("clone(2) stores a descriptor of the child where its parent's TID would go")
            .commit("b3e583825266", "clone: add CLONE_PIDFD")
            .observed(versions!["5.10.223", "6.1.176", "6.12.117", "7.3.4"])
            .links(&[
                "https://github.com/lxc/lxc/pull/2986",
                "https://github.com/lxc/lxc/pull/3898",
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let cloned = clone_with_pidfd(CloneFlags::empty());
    facts.saw_result("clone", &cloned);
    let (_child, pidfd) = cloned?;
    facts.saw("pidfd", if pidfd.is_some() { "given" } else { "none" });
    Ok(())
}
