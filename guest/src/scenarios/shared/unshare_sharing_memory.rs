use crate::claims::{Facts, ProbeError};
use crate::probe::{Child, CloneFlags, Errno, in_a_process, sharing_memory, unshare};

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
            let (unshared, child) = sharing_memory(more, || see(flags))?;
            show(facts, name, &unshared, &child);
            Ok(())
        })?;
    }
    in_a_process(facts, |facts| {
        let sharer = Child::clone(CloneFlags::CLONE_VM)?;
        let (unshared, child) = see(flags);
        sharer.end()?;
        show(facts, "parent", &unshared, &child);
        Ok(())
    })
}

type Seen = (Result<(), Errno>, Result<Child, Errno>);

fn see(flags: CloneFlags) -> Seen {
    (unshare(flags), Child::fork())
}

fn show(facts: &mut Facts, name: &str, unshared: &Result<(), Errno>, child: &Result<Child, Errno>) {
    facts.saw_result(name, unshared);
    facts.saw_child(format_args!("{name}.child"), child);
}
