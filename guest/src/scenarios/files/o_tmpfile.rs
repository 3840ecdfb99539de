use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::linkat;

use crate::scenarios::shared::*;

/// A file without a name, that can get one when it is whole.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "open(O_TMPFILE) in a tmpfs, linkat(2) by /proc/self/fd/N, and the same with O_EXCL",
    probe,
    &[
        Claim::since(3, 2)
            .shows("open=EISDIR")
            .because("the flag contains O_DIRECTORY, and a directory cannot be opened for writing"),
        Claim::since(3, 11)
            .shows("open=ok link=ok excl=ok excl.link=ENOENT")
            .because("a directory stands for a file without a name; O_EXCL keeps it so")
            .commit(
                "60545d0d4610",
                "[O_TMPFILE] it's still short a few helpers, but infrastructure should be OK now...",
            ),
    ],
)
.vendors(&[EL7
    .shows("open=ok link=ok excl=ok excl.link=ENOENT")
    .because("the flag of 3.11 is there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    let open = |flags| {
        let mut options = File::options();
        options.write(true).custom_flags(libc::O_TMPFILE | flags);
        let opened = options.open(scratch);
        opened.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    };
    let link = |file: &File, name| {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let flags = AtFlags::AT_SYMLINK_FOLLOW;
        linkat(
            AT_FDCWD,
            path.as_str(),
            AT_FDCWD,
            &scratch.join(name),
            flags,
        )
    };
    let file = open(0);
    facts.saw_result("open", &file);
    let Ok(file) = file else { return Ok(()) };
    facts.saw_result("link", &link(&file, "one"));
    let file = open(libc::O_EXCL);
    facts.saw_result("excl", &file);
    facts.saw_result("excl.link", &link(&file?, "two"));
    Ok(())
}
