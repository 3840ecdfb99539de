use std::fs::File;

use crate::claims::{Facts, ProbeError};
use crate::probe::{Child, CloneFlags, Namespaces, require, setns};

/// A new namespace of some kind, to be joined with setns(2), and the child that
/// lives in it. Shows whether the caller's own can be opened: where it cannot,
/// the kernel has none that can be joined.
pub(in crate::scenarios) fn another_namespace(
    facts: &mut Facts,
    kind: &str,
    flag: CloneFlags,
) -> Result<Option<(Child, File)>, ProbeError> {
    let own = Namespaces::own().open(kind);
    facts.saw_result("open", &own);
    if own.is_err() {
        return Ok(None);
    }
    let child = Child::clone(flag)?;
    let namespace = Namespaces::of(child.pid()).open(kind)?;
    Ok(Some((child, namespace)))
}

/// [`another_namespace`], a PID namespace. The child is its init.
pub(in crate::scenarios) fn another_pid_namespace(
    facts: &mut Facts,
) -> Result<Option<(Child, File)>, ProbeError> {
    another_namespace(facts, "pid", CloneFlags::CLONE_NEWPID)
}

/// Joins [`another_pid_namespace`], and then looks.
pub(in crate::scenarios) fn after_setns(
    facts: &mut Facts,
    look: impl FnOnce(&mut Facts) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    require("pid")?;
    let Some((_init, namespace)) = another_pid_namespace(facts)? else {
        return Ok(());
    };
    facts.saw_result("setns", &setns(&namespace, CloneFlags::CLONE_NEWPID));
    look(facts)
}
