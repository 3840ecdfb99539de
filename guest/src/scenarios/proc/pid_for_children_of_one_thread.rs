use crate::scenarios::shared::*;

/// The link through the life of a namespace.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc/PID/ns/pid_for_children before unshare(CLONE_NEWPID), before the first \
     child, with it and after it, and /proc/PID/ns/pid",
    probe,
    &[
        no_unshare_yet(
            "before=ENOENT unshare=EINVAL unshared=ENOENT with_init=ENOENT init_gone=ENOENT \
             pid=ENOENT",
        ),
        Claim::since(3, 8)
            .shows(
                "before=ENOENT unshare=ok unshared=ENOENT with_init=ENOENT init_gone=ENOENT \
                 pid=own",
            )
            .because("there is a link to one's own namespace only, which stays as it is")
            .by(SETNS_PID),
        Claim::since(4, 12)
            .shows("before=own unshare=ok unshared=ENOENT with_init=new init_gone=new pid=own")
            .because("the link exists, and leads nowhere while the namespace has no init yet")
            .by(PID_FOR_CHILDREN),
        Claim::since(7, 1)
            .shows("before=own unshare=ok unshared=new with_init=new init_gone=new pid=own")
            .because("the namespace needs no init any more to be looked at")
            .by(OPEN_EARLY),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let link = |kind| Namespaces::own().identity(kind);
    let own = link("pid");
    let before = link("pid_for_children");
    let unshare = unshare(CloneFlags::CLONE_NEWPID);
    let unshared = link("pid_for_children");
    let init = Child::fork()?;
    let with_init = link("pid_for_children");
    let new = Namespaces::of(init.pid()).identity("pid");
    init.end()?;
    let init_gone = link("pid_for_children");

    let name = |link| name_namespace(link, &[("own", &own), ("new", &new)]);
    facts.saw("before", name(&before));
    facts.saw_result("unshare", &unshare);
    facts.saw("unshared", name(&unshared));
    facts.saw("with_init", name(&with_init));
    facts.saw("init_gone", name(&init_gone));
    facts.saw("pid", name(&link("pid")));
    Ok(())
}
