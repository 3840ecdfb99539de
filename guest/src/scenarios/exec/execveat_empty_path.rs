use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;

use crate::scenarios::shared::*;

/// A program by its descriptor, and whether it might be executed.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "execveat(2) of a descriptor, whose file may not be executed and then may, the last only \
     as a check",
    probe,
    &[
        Claim::since(3, 2)
            .shows("forbidden=ENOSYS check=ENOSYS")
            .because("there is no execveat(2)"),
        Claim::since(3, 19)
            .shows("forbidden=EACCES check=EINVAL")
            .because("a program can be executed without a path, and so without /proc")
            .commit("51f39a1f0cea", "syscalls: implement execveat() system call"),
        Claim::since(6, 14)
            .shows("forbidden=EACCES check=ok")
            .because("AT_EXECVE_CHECK asks whether a file may be executed, and does not execute it")
            .commit(
                "a5874fde3c08",
                "exec: Add a new AT_EXECVE_CHECK flag to execveat(2)",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PATH: &str = "/tmp/execveat_empty_path";
    // Where programs may be executed, whatever /tmp is.
    private_mounts()?;
    mount_tmpfs()?;
    File::create(PATH)?;
    let file = File::open(PATH)?;
    facts.saw_result("forbidden", &execveat(file.as_raw_fd(), 0));
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    let check = execveat(file.as_raw_fd(), libc::AT_EXECVE_CHECK);
    facts.saw_result("check", &check);
    Ok(())
}
