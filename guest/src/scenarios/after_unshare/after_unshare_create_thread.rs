use crate::scenarios::shared::*;

const REFUSED: &str = "unshare=ok \
                       first.pthread_create=EINVAL first.clone_thread=EINVAL \
                       with_init.pthread_create=EINVAL with_init.clone_thread=EINVAL \
                       init_gone.pthread_create=EINVAL init_gone.clone_thread=EINVAL";

/// Met where a runtime starts threads by itself.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "pthread_create() and clone(CLONE_THREAD) after unshare(CLONE_NEWPID), before the \
     first child, with it and after it",
    probe,
    &[
        no_unshare_yet(
            "unshare=EINVAL first.pthread_create=ok first.clone_thread=ok \
             with_init.pthread_create=ok with_init.clone_thread=ok \
             init_gone.pthread_create=ok init_gone.clone_thread=ok",
        ),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "a thread would be in the new namespace, and its process is not: what threads \
                 share (memory until 3.12, then signal handlers) is refused to a \
                 process that has its children elsewhere",
            )
            .by(NO_THREADS_AFTER)
            .links(&[
                "https://github.com/golang/go/issues/19716",
                "https://github.com/gentoo/portage/pull/1633",
                "https://github.com/gentoo/portage/pull/1577",
                "https://github.com/firecracker-microvm/firecracker/issues/2344",
            ]),
        Claim::since(4, 3)
            .as_before()
            .shows(REFUSED)
            .because("threads are refused, and nothing else any more")
            .by(THREADS_ONLY)
            .links(&[
                "https://github.com/golang/go/issues/19716",
                "https://github.com/gentoo/portage/pull/1633",
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    after_unshare(facts, |facts, when| {
        facts.saw_result(format_args!("{when}.pthread_create"), &create_thread());
        let made = Child::clone(A_THREAD);
        facts.saw_result(format_args!("{when}.clone_thread"), &made);
        made.map(Child::end).ok();
        Ok(())
    })
}
