use std::fs::File;
use std::os::unix::fs::symlink;

use nix::mount::{MsFlags, mount};

use crate::scenarios::shared::*;

/// mount(2) ignores flags that it does not know.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "open(2) through a symbolic link of a tmpfs that is mounted with MS_NOSYMFOLLOW",
    probe,
    &[
        Claim::since(3, 2)
            .shows("mount=ok open=ok")
            .because("256 is no flag, and mount(2) does not mind"),
        Claim::since(5, 10)
            .shows("mount=ok open=ELOOP")
            .because("a mount can have its symbolic links not followed")
            .commit("dab741e0e02b", "Add a \"nosymfollow\" mount option."),
    ],
);

const MS_NOSYMFOLLOW: MsFlags = MsFlags::from_bits_retain(256);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    private_mounts()?;
    let mounted = mount(
        None::<&str>,
        "/tmp",
        Some("tmpfs"),
        MS_NOSYMFOLLOW,
        None::<&str>,
    );
    facts.saw_result("mount", &mounted);
    symlink("/proc/self/status", "/tmp/link")?;
    facts.saw_result("open", &File::open("/tmp/link").map_err(errno_of));
    Ok(())
}
