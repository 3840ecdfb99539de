use super::by_each_thread::by_each_thread;
use super::history::{NO_IMPLIED_THREAD, UNSHARE_PID};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The usual pair: a mount namespace for the `/proc` of the PID namespace.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newpid_newns",
    summary: "unshare(CLONE_NEWPID | CLONE_NEWNS) by the only thread, the main one and another, and \
              a fork",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows no PID namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(
                "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL \
                 thread.child=outer",
            )
            .because(
                "CLONE_NEWPID implies CLONE_THREAD, which a multi-threaded process is \
                 refused, whatever else it asks for",
            )
            .by(UNSHARE_PID)
            .observed(versions!["3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11"]),
        Claim::since(3, 12)
            .shows("single=ok single.child=1 main=ok main.child=1 thread=ok thread.child=1")
            .because("CLONE_NEWPID no longer implies CLONE_THREAD")
            .by(NO_IMPLIED_THREAD)
            .observed(versions![
                "3.12", "3.13.11", "3.16", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176",
                "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
    let call = move || (unshare(flags), Child::fork());
    by_each_thread(facts, call, |facts, who, (unshared, child)| {
        facts.saw_result(who, unshared);
        facts.saw_child(format_args!("{who}.child"), child);
    })
}
