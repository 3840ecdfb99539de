use std::process;
use std::ptr;

use nix::unistd::{ForkResult, fork};

use super::history::UNSHARE_PID;
use crate::probe::{CloneFlags, in_a_process, require, unshare, waitpid};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// Init can end itself by a fault, and so by abort(3).
pub(super) const SCENARIO: Scenario = Scenario {
    name: "init_own_faults",
    summary: "abort(3) and a segmentation fault in a namespace's init",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("abort=unshare:EINVAL segfault=unshare:EINVAL")
            .because("unshare(2) knows no PID namespaces yet; clone(2) does")
            .observed(versions!["3.2.4"]),
        Claim::since(3, 8)
            .shows("abort=killed:11 segfault=killed:11")
            .because(
                "a fault takes the protection from init; SIGABRT from itself does not, so \
                 abort(3) of the GNU C library goes on to an instruction that faults",
            )
            .by(UNSHARE_PID)
            .observed(versions![
                "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78", "5.10.223", "6.1.176", "6.12.117", "7.3.4"
            ]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    for (name, fault) in FAULTS {
        in_a_process(facts, |facts| {
            if let Err(errno) = unshare(CloneFlags::CLONE_NEWPID) {
                facts.saw(name, format_args!("unshare:{errno:?}"));
                return Ok(());
            }
            // SAFETY: the process has one thread.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    fault();
                    process::exit(0)
                }
                ForkResult::Parent { child } => {
                    facts.saw_end(name, waitpid(child, None)?);
                    Ok(())
                }
            }
        })?;
    }
    Ok(())
}

const FAULTS: [(&str, fn()); 2] = [("abort", || process::abort()), ("segfault", segfault)];

fn segfault() {
    // SAFETY: there is none. Nothing is mapped there, and this is to fault.
    unsafe { ptr::without_provenance::<u8>(8).read_volatile() };
}
