use crate::scenarios::shared::*;

/// fork(2) says "Cannot allocate memory", though there is plenty.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "fork() after unshare(CLONE_NEWPID) when the first child has ended",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL init=outer child=outer again=outer"),
        Claim::since(3, 8)
            .shows("unshare=ok init=1 child=fork:ENOMEM again=fork:ENOMEM")
            .because("a namespace ends with its init and gives out no PID any more")
            .by(DEAD_NAMESPACE)
            .links(&[
                "https://github.com/moby/moby/issues/23342",
                "https://github.com/rstudio/rstudio/issues/4202",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let init = Child::fork();
    facts.saw_child("init", &init);
    init?.end()?;
    facts.saw_child("child", &Child::fork());
    facts.saw_child("again", &Child::fork());
    Ok(())
}
