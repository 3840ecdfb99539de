use std::thread;
use std::time::Duration;

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
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const NO_CPU: u32 = 1 << 30;
    let rseq = Rseq::register()?;
    rseq.scribble(NO_CPU);
    thread::sleep(Duration::from_millis(1));
    let is_kept = rseq.cpu_id_start() == NO_CPU;
    facts.saw("cpu_id_start", if is_kept { "kept" } else { "rewritten" });
    Ok(())
}
