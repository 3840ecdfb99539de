use std::process;
use std::ptr;

use crate::scenarios::shared::*;

/// Init can end itself by a fault, and so by abort(3).
pub(super) const SCENARIO: Scenario = Scenario::new(
    "abort(3) and a segmentation fault in a namespace's init",
    probe,
    &[
        no_unshare_yet("abort=unshare:EINVAL segfault=unshare:EINVAL"),
        Claim::since(3, 8)
            .shows("abort=killed:11 segfault=killed:11")
            .because(
                "a fault takes the protection from init; SIGABRT from itself does not, so \
                 abort(3) of the GNU C library goes on to an instruction that faults",
            )
            .by(UNSHARE_PID),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    for (name, fault) in FAULTS {
        in_a_process(facts, |facts| {
            if let Err(errno) = unshare(CloneFlags::CLONE_NEWPID) {
                facts.saw(name, format_args!("unshare:{errno:?}"));
                return Ok(());
            }
            facts.saw_end(name, waitpid(fork_child(fault)?, None)?);
            Ok(())
        })?;
    }
    Ok(())
}

const FAULTS: [(&str, fn()); 2] = [("abort", || process::abort()), ("segfault", segfault)];

fn segfault() {
    // SAFETY: there is none. Nothing is mapped there, and this is to fault.
    unsafe { ptr::without_provenance::<u8>(8).read_volatile() };
}
