use crate::probe::{Errno, Worker, in_a_process};
use crate::{Facts, ProbeError};

/// Makes a call in three processes, of which it may leave anything behind: by
/// the `single` thread of one, by the `main` thread of two, and by the other
/// `thread` of two.
pub(super) fn by_each_thread<R: Send + 'static>(
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

/// [`by_each_thread`], of a call that does or does not succeed.
pub(super) fn succeeds_by_each_thread<T: Send + 'static>(
    facts: &mut Facts,
    call: impl Fn() -> Result<T, Errno> + Clone + Send + 'static,
) -> Result<(), ProbeError> {
    by_each_thread(facts, call, |facts, who, result| {
        facts.saw_result(who, result);
    })
}
