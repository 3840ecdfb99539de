use crate::claims::Facts;
use crate::probe::{Child, CloneFlags, Errno, unshare};

/// What came of unshare(2), and of a fork after it.
type Unshared = (Result<(), Errno>, Result<Child, Errno>);

pub(super) fn unshare_and_fork(flags: CloneFlags) -> Unshared {
    (unshare(flags), Child::fork())
}

pub(super) fn show(facts: &mut Facts, who: &str, (unshared, child): &Unshared) {
    facts.saw_result(who, unshared);
    facts.saw_child(format_args!("{who}.child"), child);
}
