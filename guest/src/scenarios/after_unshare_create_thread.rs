use super::after_unshare::after_unshare;
use super::history::{NO_THREADS_AFTER, THREADS_ONLY, no_unshare_yet};
use crate::probe::{Child, CloneFlags, create_thread};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

const REFUSED: &str = "unshare=ok \
                       first.pthread_create=EINVAL first.clone_thread=EINVAL \
                       with_init.pthread_create=EINVAL with_init.clone_thread=EINVAL \
                       init_gone.pthread_create=EINVAL init_gone.clone_thread=EINVAL";

/// What people meet when their runtime starts threads at will.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "after_unshare_create_thread",
    summary: "pthread_create() and clone(CLONE_THREAD) after unshare(CLONE_NEWPID), before the \
              first child, with it and after it",
    probe,
    claims: &[
        no_unshare_yet(
            "unshare=EINVAL first.pthread_create=ok first.clone_thread=ok \
             with_init.pthread_create=ok with_init.clone_thread=ok \
             init_gone.pthread_create=ok init_gone.clone_thread=ok",
        )
        .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows(REFUSED)
            .because(
                "a thread would be in the new namespace, and its process is not: what threads \
                 share (memory until 3.12, then signal handlers) is refused to whoever has his \
                 children elsewhere",
            )
            .by(NO_THREADS_AFTER)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16"
            ])
            .links(&[
                "https://github.com/golang/go/issues/19716",
                "https://github.com/gentoo/portage/pull/1633",
                "https://github.com/gentoo/portage/pull/1577",
                "https://github.com/firecracker-microvm/firecracker/issues/2344",
            ]),
        Claim::since(4, 3)
            .shows(REFUSED)
            .because("threads are refused, and nothing else any more")
            .by(THREADS_ONLY)
            .observed(versions![
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "7.3.4"
            ])
            .links(&[
                "https://github.com/golang/go/issues/19716",
                "https://github.com/gentoo/portage/pull/1633",
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let thread = CloneFlags::CLONE_THREAD | CloneFlags::CLONE_SIGHAND | CloneFlags::CLONE_VM;
    after_unshare(facts, |facts, when| {
        facts.saw_result(format_args!("{when}.pthread_create"), &create_thread());
        let made = Child::clone(thread);
        facts.saw_result(format_args!("{when}.clone_thread"), &made);
        made.map(Child::end).ok();
        Ok(())
    })
}
