use std::thread;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use crate::scenarios::shared::*;

/// A memory allocator marks the field, to see whether it has been away from its CPU.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "cpu_id_start of rseq(2) after a program has written to it and slept, on the same CPU",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cpu_id_start=rewritten")
            .because("it is written whenever the thread comes back from another"),
        Claim::since(6, 19)
            .shows("cpu_id_start=kept")
            .because("it is written when it has changed, as far as the kernel knows")
            .commit("39a167560a61", "rseq: Optimize event setting")
            .links(&["https://github.com/google/tcmalloc/issues/292"]),
        Claim::since(7, 1)
            .shows("cpu_id_start=rewritten")
            .because("programs rely on it, so those that register the first way have it back")
            .commit(
                "b9eac6a9d93c",
                "rseq: Revert to historical performance killing behaviour",
            )
            .backported(versions!["7.0.10"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let is_kept = sharing_memory(CloneFlags::empty(), is_kept)??;
    facts.saw("cpu_id_start", if is_kept { "kept" } else { "rewritten" });
    Ok(())
}

fn is_kept() -> Result<bool, ProbeError> {
    const NO_CPU: u32 = 1 << 30;
    let rseq = Rseq::register()?;
    loop {
        let before = switches()?;
        rseq.scribble(NO_CPU);
        thread::sleep(Duration::from_millis(1));
        // On a busy machine, the time can be over before the thread has left its CPU.
        if switches()? != before {
            return Ok(rseq.cpu_id_start() == NO_CPU);
        }
    }
}

/// How often the thread has left its CPU by itself.
fn switches() -> Result<i64, Errno> {
    getrusage(UsageWho::RUSAGE_THREAD).map(|usage| usage.voluntary_context_switches())
}
