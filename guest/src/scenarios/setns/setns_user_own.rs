use crate::scenarios::shared::*;

/// A process cannot join the user namespace it is in: that would give back all
/// capabilities.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to the user namespace that one is in",
    probe,
    &[
        no_user_to_join_yet(),
        Claim::since(3, 8)
            .shows("open=ok setns=EINVAL")
            .because(
                "joining a user namespace gives all capabilities in it, also to a process \
                 that has dropped them, so no process may join its own namespace",
            )
            .by(SETNS_USER),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("user")?;
    let own = Namespaces::own().open("user");
    facts.saw_result("open", &own);
    if let Ok(own) = own {
        facts.saw_result("setns", &setns(own, CloneFlags::CLONE_NEWUSER));
    }
    Ok(())
}
