use super::history::{DEAD_NAMESPACE, no_unshare_yet};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// "Cannot allocate memory", and there is plenty.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_fork_when_init_is_gone",
    summary: "fork() after unshare(CLONE_NEWPID) when the first child has ended",
    probe,
    claims: &[
        no_unshare_yet("unshare=EINVAL init=outer child=outer again=outer")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("unshare=ok init=1 child=fork:ENOMEM again=fork:ENOMEM")
            .because("a namespace ends with its init and gives out no PID any more")
            .by(DEAD_NAMESPACE)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&[
                "https://github.com/moby/moby/issues/23342",
                "https://github.com/rstudio/rstudio/issues/4202",
            ]),
    ],
};

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
