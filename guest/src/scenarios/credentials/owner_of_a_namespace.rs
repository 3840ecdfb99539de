use crate::scenarios::shared::*;

/// Who may do what in a namespace depends on who owns it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "ioctl(2) of the caller's UTS namespace: which user namespace owns it, and what kind it is",
    probe,
    &[
        Claim::since(3, 2)
            .shows("owner=ENOTTY kind=ENOTTY")
            .because("a namespace is a file to be joined, and tells nothing"),
        Claim::since(4, 9)
            .shows("owner=ok kind=ENOTTY")
            .because("the user namespace that owns it can be had")
            .commit(
                "6786741dbf99",
                "nsfs: add ioctl to get an owning user namespace for ns file descriptor",
            ),
        Claim::since(4, 11)
            .shows("owner=ok kind=uts")
            .because("its kind is known without the name of the file")
            .commit(
                "e5ff5ce6e20e",
                "nsfs: Add an ioctl() to return the namespace type",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let own = Namespaces::own().open("uts");
    let Ok(own) = own else {
        return Err(ProbeError::NotApplicable("CONFIG_UTS_NS".to_owned()));
    };
    facts.saw_result("owner", &owner_of_namespace(&own));
    match kind_of_namespace(&own) {
        Ok(CloneFlags::CLONE_NEWUTS) => facts.saw("kind", "uts"),
        other => facts.saw_result("kind", &other),
    }
    Ok(())
}
