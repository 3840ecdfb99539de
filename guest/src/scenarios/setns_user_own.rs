use crate::probe::{CloneFlags, Namespaces, require, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Not even that is for free: it would give back all capabilities.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_user_own",
    summary: "setns(2) to the user namespace that one is in",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("/proc/PID/ns has no user yet, so there is nothing to join")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("open=ok setns=EINVAL")
            .because(
                "joining a user namespace gives all capabilities in it, also to a process \
                 that has dropped them, so nobody may join the own one",
            )
            .commit("cde1975bc242", "userns: Implent proc namespace operations")
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    let own = Namespaces::own().open("user");
    facts.saw_result("open", &own);
    if let Ok(own) = own {
        facts.saw_result("setns", &setns(own, CloneFlags::CLONE_NEWUSER));
    }
    Ok(())
}
