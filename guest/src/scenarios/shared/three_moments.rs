use crate::claims::{Facts, ProbeError};
use crate::probe::{Child, CloneFlags, in_a_process, require, unshare};

/// Looks at what can be done after unshare(CLONE_NEWPID): before the `first`
/// child, `with_init` and when `init_gone`, each in a separate process.
pub(in crate::scenarios) fn after_unshare(
    facts: &mut Facts,
    look: impl Fn(&mut Facts, &str) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    require("pid")?;
    in_a_process(facts, |facts| {
        facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
        look(facts, "first")
    })?;
    in_a_process(facts, |facts| {
        let _ = unshare(CloneFlags::CLONE_NEWPID);
        let init = Child::fork()?;
        look(facts, "with_init")?;
        init.end()?;
        Ok(())
    })?;
    in_a_process(facts, |facts| {
        let _ = unshare(CloneFlags::CLONE_NEWPID);
        Child::fork()?.end()?;
        look(facts, "init_gone")
    })
}
