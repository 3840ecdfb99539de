use super::history::{UNSHARE_USER, no_unshare_yet};
use crate::probe::{Child, CloneFlags, create_thread, require, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// To have had threads does no harm, once they are gone. pthread_join(3)
/// returns a moment before that: a program that unshares at once after it may
/// be refused, on every version.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_after_a_thread_has_gone",
    summary: "unshare() of CLONE_NEWUSER and then CLONE_NEWPID when a second thread has come \
              and gone",
    probe,
    claims: &[
        no_unshare_yet("newuser=EINVAL newpid=EINVAL child=outer").observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("newuser=ok newpid=ok child=1")
            .because("what counts is who is there now")
            .by(UNSHARE_USER)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ])
            .links(&["https://github.com/anthropics/claude-code/issues/86928"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    require("user")?;
    create_thread()?;
    facts.saw_result("newuser", &unshare(CloneFlags::CLONE_NEWUSER));
    facts.saw_result("newpid", &unshare(CloneFlags::CLONE_NEWPID));
    let child = Child::fork();
    facts.saw_child("child", &child);
    child?.end()?;
    Ok(())
}
