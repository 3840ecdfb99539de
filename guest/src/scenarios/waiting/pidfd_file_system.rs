use nix::sys::statfs::{FsType, fstatfs};

use crate::scenarios::shared::*;

/// Descriptors of one process are of one file, so that two can be compared.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the file system of what pidfd_open(2) gives",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pidfd_open=ENOSYS")
            .because("there is no pidfd_open(2)"),
        Claim::since(5, 3)
            .shows("pidfd_open=ok file_system=anonymous")
            .because("all descriptors without a file share one inode")
            .by(PIDFD_OPEN),
        Claim::since(6, 9)
            .shows("pidfd_open=ok file_system=pidfs")
            .because("each process has an inode in a file system for them")
            .commit("cb12fd8e0dab", "pidfd: add pidfs"),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const ANONYMOUS: FsType = FsType(0x0904_1934);
    const PIDFS: FsType = FsType(0x5049_4446);
    let pidfd = pidfd_open(getpid());
    facts.saw_result("pidfd_open", &pidfd);
    if let Ok(pidfd) = pidfd {
        let name = match fstatfs(&pidfd)?.filesystem_type() {
            ANONYMOUS => "anonymous",
            PIDFS => "pidfs",
            _ => "another",
        };
        facts.saw("file_system", name);
    }
    Ok(())
}
