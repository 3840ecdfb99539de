use super::by_each_thread::by_each_thread;
use super::history::{BY_THREAD_GROUP, BY_THREAD_GROUP_STABLE, UNSHARE_USER};
use crate::probe::{Child, CloneFlags, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str =
    "single=ok single.child=1 main=EINVAL main.child=outer thread=EINVAL thread.child=outer";

/// What containers without root do.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newuser_newpid_multithreaded",
    summary: "unshare(CLONE_NEWUSER | CLONE_NEWPID) in a process with one thread, and by the \
              main and by another thread of two",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows(
                "single=EINVAL single.child=outer main=EINVAL main.child=outer \
                 thread=EINVAL thread.child=outer",
            )
            .because("unshare(2) knows neither flag yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "either flag implies CLONE_THREAD until 3.12, CLONE_NEWUSER goes on doing so, \
                 and that is refused to whoever shares memory (mm_users > 1)",
            )
            .by(UNSHARE_USER)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.11", "3.12", "3.13.11", "3.16"
            ]),
        Claim::since(4, 3)
            .shows(REFUSED)
            .because("CLONE_NEWUSER implies CLONE_THREAD, refused to whoever has other threads")
            .by(BY_THREAD_GROUP)
            .backported(BY_THREAD_GROUP_STABLE)
            .observed(versions![
                "3.10.108", "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require("user")?;
    let both = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
    by_each_thread(
        facts,
        move || (unshare(both), Child::fork()),
        |facts, who, (unshared, child)| {
            facts.saw_result(who, unshared);
            facts.saw_child(format_args!("{who}.child"), child);
        },
    )
}
