use crate::scenarios::shared::*;

/// To have had threads does no harm, once they are gone. pthread_join(3)
/// returns a moment before that: a program that unshares at once after it may
/// be refused, on every version.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare() of CLONE_NEWUSER and then CLONE_NEWPID when a second thread has come \
     and gone",
    probe,
    &[
        no_unshare_yet("newuser=EINVAL newpid=EINVAL child=outer"),
        Claim::since(3, 8)
            .shows("newuser=ok newpid=ok child=1")
            .because("what counts is who is there now")
            .by(UNSHARE_USER)
            .links(&["https://github.com/anthropics/claude-code/issues/86928"]),
    ],
);

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
