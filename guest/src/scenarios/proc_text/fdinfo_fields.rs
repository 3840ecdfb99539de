use std::fs::{self, File};
use std::os::fd::AsRawFd;

use crate::scenarios::shared::*;

/// What a descriptor is of, as others can read it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the lines pos, mnt_id and ino of /proc/PID/fdinfo",
    probe,
    &[
        Claim::since(3, 2)
            .shows("pos=present mnt_id=absent ino=absent")
            .because("there are the offset and the flags"),
        Claim::since(3, 15)
            .shows("pos=present mnt_id=present ino=absent")
            .because("the mount of a file can be found in mountinfo")
            .commit("49d063cb3532", "proc: show mnt_id in /proc/pid/fdinfo"),
        Claim::since(5, 14)
            .shows("pos=present mnt_id=present ino=present")
            .because("a file can be recognized without being opened")
            .commit(
                "3845f256a8b5",
                "procfs/dmabuf: add inode number to /proc/*/fdinfo",
            ),
    ],
)
.vendors(&[EL7
    .shows("pos=present mnt_id=present ino=absent")
    .because("the line of 3.15 is there, that of 5.14 is not")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let file = File::open("/proc/self/status")?;
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
    for name in ["pos", "mnt_id", "ino"] {
        let is_there = text
            .lines()
            .any(|line| line.starts_with(&format!("{name}:")));
        facts.saw(name, if is_there { "present" } else { "absent" });
    }
    Ok(())
}
