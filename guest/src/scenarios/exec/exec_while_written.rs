use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt;

use nix::unistd::execv;

use crate::scenarios::shared::*;

/// For one season a program could be written while it ran.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "execve(2) of a file that is open for writing, and open(2) for writing of the program \
     that runs",
    probe,
    &[
        Claim::since(3, 2)
            .shows("exec=ETXTBSY write=ETXTBSY")
            .because("a file is either written or executed"),
        Claim::since(6, 11)
            .shows("exec=ENOEXEC write=ok")
            .because("execve(2) no longer counts as a reader that keeps writers out")
            .commit("2a010c412853", "fs: don't block i_writecount during exec"),
        Claim::since(6, 13)
            .shows("exec=ETXTBSY write=ETXTBSY")
            .because("programs rely on the error, so it is back")
            .commit(
                "3b832035387f",
                "Revert \"fs: don't block i_writecount during exec\"",
            )
            .backported(versions!["6.11.11", "6.12.2"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const FILE: &std::ffi::CStr = c"/tmp/exec_while_written";
    // Where programs may be executed, whatever /tmp is.
    private_mounts()?;
    mount_tmpfs()?;
    let path = FILE.to_string_lossy();
    let file = File::create(&*path)?;
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    // It is no program: where nothing else is wrong with it, that is what is said.
    facts.saw_result("exec", &execv(FILE, &[FILE]));
    let written = OpenOptions::new().write(true).open("/proc/self/exe");
    facts.saw_result("write", &written.map_err(errno_of));
    Ok(())
}
