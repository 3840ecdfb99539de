use std::fs;

use nix::mount::{MsFlags, mount};

use crate::scenarios::shared::*;

/// A namespace sees itself in a `/proc` that is mounted within it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "after unshare(CLONE_NEWPID), the first child mounts /proc and reads /proc/self",
    probe,
    &[
        no_unshare_yet("unshare=EINVAL self=outer nspid=absent"),
        Claim::since(3, 8)
            .shows("unshare=ok self=1 nspid=absent")
            .because("the mount belongs to the namespace of the process that mounts it")
            .by(UNSHARE_PID),
        Claim::since(4, 1)
            .shows("unshare=ok self=1 nspid=1")
            .because("from inside nothing is to be seen of the PIDs outside")
            .by(NSPID),
    ],
);

const INSIDE: &str = "/tmp/proc_mounted_inside";

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    require("pid")?;
    facts.saw_result("unshare", &unshare(CloneFlags::CLONE_NEWPID));
    in_a_process(facts, |facts| {
        // What is mounted here is to be seen nowhere else.
        unshare(CloneFlags::CLONE_NEWNS)?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>)?;
        fs::create_dir_all(INSIDE)?;
        let none = MsFlags::empty();
        mount(Some("proc"), INSIDE, Some("proc"), none, None::<&str>)?;

        let own = getpid().to_string();
        let show = |pid: &str| {
            if pid == own && pid != "1" {
                "outer".to_owned()
            } else {
                pid.to_owned()
            }
        };
        facts.saw(
            "self",
            show(&fs::read_link(format!("{INSIDE}/self"))?.to_string_lossy()),
        );
        let status = fs::read_to_string(format!("{INSIDE}/self/status"))?;
        let nspid = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        facts.saw("nspid", show(nspid.map_or("absent", str::trim)));
        Ok(())
    })
}
