use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use crate::scenarios::shared::*;

/// Root is refused where it was used to be allowed everything.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "open(2) by root of another user's file in a sticky directory that all may write to, with \
     O_CREAT and without, where fs.protected_regular is 1",
    probe,
    &[
        Claim::since(3, 2)
            .shows("sysctl=absent create=ok plain=ok")
            .because("root may write to any file"),
        Claim::since(4, 19)
            .shows("sysctl=present create=EACCES plain=ok")
            .because("who wants to make a file must not be given another's")
            .commit(
                "30aba6656f61",
                "namei: allow restricted O_CREAT of FIFOs and regular files",
            )
            .links(&[
                "https://github.com/bit-team/backintime/issues/1676",
                "https://github.com/podman-container-tools/podman/issues/7445",
            ]),
    ],
)
.not_on_a_host("it changes a sysctl of the whole system");

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SYSCTL: &str = "/proc/sys/fs/protected_regular";
    let scratch = scratch()?;
    let path = scratch.join("file");
    fs::write(&path, "")?;
    chown(&path, Some(1000), Some(1000))?;
    fs::set_permissions(scratch, Permissions::from_mode(0o1777))?;
    let before = fs::read(SYSCTL);
    facts.saw("sysctl", if before.is_ok() { "present" } else { "absent" });
    if before.is_ok() {
        fs::write(SYSCTL, "1")?;
    }
    let open = |create| {
        let opened = File::options().write(true).create(create).open(&path);
        opened.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    };
    let (create, plain) = (open(true), open(false));
    // The sysctl holds for the whole system.
    if let Ok(before) = before {
        fs::write(SYSCTL, before)?;
    }
    facts.saw_result("create", &create);
    facts.saw_result("plain", &plain);
    Ok(())
}
