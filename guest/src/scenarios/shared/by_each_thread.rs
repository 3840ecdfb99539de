use std::sync::Arc;

use super::another_namespace;
use super::unshare_and_fork::{show, unshare_and_fork};
use crate::claims::{Facts, ProbeError};
use crate::probe::{CloneFlags, Errno, Worker, in_a_process, setns};

/// Makes a call in three processes, which end after it: by the `single` thread of
/// one, by the `main` thread of two, and by the other `thread` of two.
pub(in crate::scenarios) fn by_each_thread<R: Send + 'static>(
    facts: &mut Facts,
    call: impl Fn() -> R + Clone + Send + 'static,
    show: impl Fn(&mut Facts, &str, &R),
) -> Result<(), ProbeError> {
    in_a_process(facts, |facts| {
        show(facts, "single", &call());
        Ok(())
    })?;
    in_a_process(facts, |facts| {
        let _second = Worker::start()?;
        show(facts, "main", &call());
        Ok(())
    })?;
    in_a_process(facts, |facts| {
        let second = Worker::start()?;
        show(facts, "thread", &second.run(call.clone()));
        Ok(())
    })
}

/// [`by_each_thread`], for a call of which only the success matters.
pub(in crate::scenarios) fn succeeds_by_each_thread<T: Send + 'static>(
    facts: &mut Facts,
    call: impl Fn() -> Result<T, Errno> + Clone + Send + 'static,
) -> Result<(), ProbeError> {
    by_each_thread(facts, call, |facts, who, result| {
        facts.saw_result(who, result);
    })
}

/// setns(2) to a new namespace of some kind by each thread; nothing, where the
/// kernel has none that can be joined.
pub(in crate::scenarios) fn setns_by_each_thread(
    facts: &mut Facts,
    kind: &str,
    flag: CloneFlags,
) -> Result<(), ProbeError> {
    let Some((_child, namespace)) = another_namespace(facts, kind, flag)? else {
        return Ok(());
    };
    let namespace = Arc::new(namespace);
    succeeds_by_each_thread(facts, move || setns(&*namespace, flag))
}

/// unshare(2), and a fork, by each thread.
pub(in crate::scenarios) fn unshare_and_fork_by_each_thread(
    facts: &mut Facts,
    flags: CloneFlags,
) -> Result<(), ProbeError> {
    by_each_thread(facts, move || unshare_and_fork(flags), show)
}
