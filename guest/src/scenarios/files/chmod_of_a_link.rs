use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};

use crate::scenarios::shared::*;

/// The back door by which a C library did what the kernel had no call for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "chmod(2) of a symbolic link, by the /proc/self/fd/N of a descriptor opened with O_PATH",
    probe,
    &[
        Claim::since(3, 2)
            .shows("chmod=ok mode=600")
            .because("a tmpfs changes the mode of the link, as of any file"),
        Claim::since(6, 6)
            .shows("chmod=EOPNOTSUPP mode=777")
            .because("no file system is asked to change the mode of a symbolic link")
            .commit("5d1f903f75a8", "attr: block mode changes of symlinks")
            .backported(versions![
                "4.14.326", "4.19.295", "5.4.257", "5.10.197", "5.15.133", "6.1.55", "6.5.5"
            ]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let link = scratch()?.join("link");
    symlink("nothing", &link)?;
    // The standard library takes O_PATH for a way to read, where the C library is musl.
    let opened = open(&link, OFlag::O_PATH | OFlag::O_NOFOLLOW, Mode::empty())?;
    let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let mode = Mode::from_bits_truncate(0o600);
    let changed = fchmodat(
        nix::fcntl::AT_FDCWD,
        path.as_str(),
        mode,
        FchmodatFlags::FollowSymlink,
    );
    facts.saw_result("chmod", &changed);
    let mode = fs::symlink_metadata(&link)?.permissions().mode() & 0o777;
    facts.saw("mode", format_args!("{mode:o}"));
    Ok(())
}
