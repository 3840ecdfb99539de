use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use crate::scenarios::shared::*;

/// Even root is kept from a file that another user put where all may write.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "open(2) by root of an ordinary user's file in a sticky directory, with O_CREAT and \
     without, under fs.protected_regular=1",
    probe,
    &[
        Claim::since(3, 2)
            .shows("sysctl=absent create=ok plain=ok")
            .because("root may open any file"),
        Claim::since(4, 19)
            .shows("sysctl=present create=EACCES plain=ok")
            .because(
                "a program that means to create a file is not given one that another user put \
                 there before it",
            )
            .commit(
                "30aba6656f61",
                "namei: allow restricted O_CREAT of FIFOs and regular files",
            )
            .links(&["https://github.com/bit-team/backintime/issues/1676"]),
    ],
)
.not_on_a_host("it changes a setting of the whole system");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYSCTL: &str = "/proc/sys/fs/protected_regular";
    let directory = scratch()?.join("sticky");
    fs::create_dir(&directory)?;
    fs::set_permissions(&directory, Permissions::from_mode(0o1777))?;
    let path = directory.join("file");
    File::create(&path)?;
    chown(&path, Some(1000), Some(1000))?;
    let before = fs::read(SYSCTL).ok();
    facts.saw(
        "sysctl",
        if before.is_some() {
            "present"
        } else {
            "absent"
        },
    );
    if before.is_some() {
        fs::write(SYSCTL, "1")?;
    }
    let (create, plain) = (open(&path, libc::O_CREAT), open(&path, 0));
    // The setting holds for the whole system.
    if let Some(before) = before {
        fs::write(SYSCTL, before)?;
    }
    facts.saw_result("create", &create);
    facts.saw_result("plain", &plain);
    Ok(())
}

/// open(2) for writing.
fn open(path: &Path, flags: i32) -> Result<File, Errno> {
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(flags);
    options.open(path).map_err(errno_of)
}
