use super::history::{DEAD_NAMESPACE, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Signal, kill, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario};

/// A namespace's members do not outlive its init.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_init_is_killed",
    summary: "after unshare(CLONE_NEWPID) and two forks, SIGKILL to the first child, and a fork",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL init=outer member=outer kill=ok member.end=exit:0 init.end=killed:9 \
             child=outer",
        ),
        Claim::since(3, 8)
            .shows(
                "unshare=ok init=1 member=2 kill=ok member.end=killed:9 init.end=killed:9 \
                 child=fork:ENOMEM",
            )
            .because(
                "init takes all members with it, and ends when they have been waited for; the \
                 namespace gives out no PID any more",
            )
            .by(DEAD_NAMESPACE)
            .links(&["https://github.com/moby/moby/issues/23342"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let unshared = unshare(CloneFlags::CLONE_NEWPID);
    facts.saw_result("unshare", &unshared);
    let init = Child::fork();
    facts.saw_child("init", &init);
    let member = Child::fork();
    facts.saw_child("member", &member);
    let (init, member) = (init?, member?);

    facts.saw_result("kill", &kill(init.pid(), Signal::SIGKILL));
    // The member is waited for first: init waits for that too. Where there is
    // no namespace nobody kills it.
    let ended = if unshared.is_ok() {
        member.wait()
    } else {
        member.end()
    };
    facts.saw_end("member.end", ended?);
    facts.saw_end("init.end", init.wait()?);
    facts.saw_child("child", &Child::fork());
    Ok(())
}
