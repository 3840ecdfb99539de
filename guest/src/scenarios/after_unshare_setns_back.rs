use super::history::{SETNS_PID, no_unshare_yet};
use crate::probe::{Child, CloneFlags, Namespaces, create_thread, require, setns, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The way back: one's own namespace can be entered again, and left again.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_setns_back",
    summary: "after unshare(CLONE_NEWPID), setns() to one's own PID namespace, fork, start a \
              thread, unshare again and fork",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL setns=ENOENT child=outer create_thread=ok \
             unshare_again=EINVAL child_again=outer",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "unshare=ok setns=ok child=outer create_thread=ok \
                 unshare_again=ok child_again=1",
            )
            .because("what has been unshared is given up for one's own, as if nothing had been")
            .by(SETNS_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    let own = Namespaces::own().open("pid");
    let back = own.and_then(|own| setns(own, CloneFlags::CLONE_NEWPID));
    facts.saw_result("setns", &back);
    facts.saw_child("child", &Child::fork());
    facts.saw_result("create_thread", &create_thread());
    let again = unshare(CloneFlags::CLONE_NEWPID);
    facts.saw_result("unshare_again", &again);
    facts.saw_child("child_again", &Child::fork());
    Ok(())
}
