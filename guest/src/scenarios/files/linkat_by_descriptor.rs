use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::linkat;

use crate::scenarios::shared::*;

/// A name for what is open, without /proc.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "linkat(AT_EMPTY_PATH) by an ordinary user, of a file that it has opened itself",
    probe,
    &[
        Claim::since(3, 2)
            .shows("link=ENOENT")
            .because("it takes CAP_DAC_READ_SEARCH: the descriptor may come from somebody else"),
        Claim::since(6, 10)
            .shows("link=ok")
            .because("who opened the file with the credentials it has now may name it")
            .commit(
                "42bd2af59504",
                "vfs: relax linkat() AT_EMPTY_PATH - aka flink() - requirements",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let scratch = scratch()?;
    fs::set_permissions(scratch, Permissions::from_mode(0o777))?;
    become_ordinary_user()?;
    let file = File::create(scratch.join("one"))?;
    let flags = AtFlags::AT_EMPTY_PATH;
    let linked = linkat(&file, "", AT_FDCWD, &scratch.join("two"), flags);
    facts.saw_result("link", &linked);
    Ok(())
}
