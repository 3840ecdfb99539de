use super::unshare_and_fork::{show, unshare_and_fork};
use crate::claims::{Facts, ProbeError};
use crate::probe::{Child, CloneFlags, in_a_process, sharing_memory};

/// Calls unshare(2) in three processes with one thread that share their memory
/// with another: the `child` of clone(CLONE_VM), one as vfork(2) makes it
/// (`vforked`), and the `parent` of such a child.
pub(in crate::scenarios) fn unshare_sharing_memory(
    facts: &mut Facts,
    flags: CloneFlags,
) -> Result<(), ProbeError> {
    for (name, more) in [
        ("child", CloneFlags::empty()),
        ("vforked", CloneFlags::CLONE_VFORK),
    ] {
        in_a_process(facts, |facts| {
            let unshared = sharing_memory(more, || unshare_and_fork(flags))?;
            show(facts, name, &unshared);
            Ok(())
        })?;
    }
    in_a_process(facts, |facts| {
        let sharer = Child::clone(CloneFlags::CLONE_VM)?;
        let unshared = unshare_and_fork(flags);
        sharer.end()?;
        show(facts, "parent", &unshared);
        Ok(())
    })
}
