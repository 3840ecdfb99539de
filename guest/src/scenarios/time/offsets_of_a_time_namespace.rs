use nix::time::{ClockId, clock_gettime};

use crate::scenarios::shared::*;

/// A container that comes to another machine keeps the time since its boot.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "after unshare(CLONE_NEWTIME), CLOCK_BOOTTIME is moved by a million seconds, for a child",
    probe,
    &[
        Claim::since(3, 2)
            .shows("unshare=EINVAL")
            .because("unshare(2) knows no time namespaces"),
        Claim::since(5, 6)
            .shows("unshare=ok offsets=ok clock=moved")
            .because("each time namespace has an offset for the clocks that count from the boot")
            .commit(
                "04a8682a71be",
                "fs/proc: Introduce /proc/pid/timens_offsets",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    require_if_known("time", flag, "CONFIG_TIME_NS")?;
    let unshared = unshare(flag);
    facts.saw_result("unshare", &unshared);
    if unshared.is_err() {
        return Ok(());
    }
    let before = boot_time()?;
    // By its number: names came later.
    let offset = format!("{} 1000000 0", libc::CLOCK_BOOTTIME);
    let written = write_if_there("/proc/self/timens_offsets", &offset);
    facts.saw_result("offsets", &written);
    in_a_process(facts, |facts| {
        let is_moved = boot_time()? - before >= 1_000_000;
        facts.saw("clock", if is_moved { "moved" } else { "same" });
        Ok(())
    })
}

fn boot_time() -> Result<i64, Errno> {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(|time| time.tv_sec())
}
