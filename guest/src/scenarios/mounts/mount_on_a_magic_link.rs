use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;

use crate::scenarios::shared::*;

/// What is mounted on a link of `/proc` deceives who follows it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "mount(2) with MS_BIND on a file, and on its link in /proc/self/fd, by O_PATH descriptors",
    probe,
    &[
        Claim::since(3, 2)
            .shows("file=ok link=ok")
            .because("every link of /proc can be a place for a mount"),
        Claim::since(6, 12)
            .shows("file=ok link=ENOENT")
            .because("nothing can be mounted on what is gone with its process")
            .commit(
                "74ce208089f4",
                "proc: block mounting on top of /proc/<pid>/fd/*",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let place = mount_tmpfs()?;
    let (upper, lower) = (place.join("upper"), place.join("lower"));
    File::create(&upper)?;
    File::create(&lower)?;
    let file = path_descriptor(&lower)?;
    let link = path_descriptor(&magic_link(&file))?;
    for (name, descriptor) in [("file", &file), ("link", &link)] {
        let onto = magic_link(descriptor);
        let mounted = mount(
            Some(&upper),
            &onto,
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        );
        facts.saw_result(name, &mounted);
    }
    Ok(())
}

/// A descriptor of what has a path, and be it a link.
fn path_descriptor(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    open(path, flags, Mode::empty())
}

fn magic_link(of: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", of.as_raw_fd()).into()
}
