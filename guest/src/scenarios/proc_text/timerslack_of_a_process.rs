use std::fs;

use crate::scenarios::shared::*;

/// How late a process may be woken, for others to see and change.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "/proc/PID/timerslack_ns of the caller is read and written",
    probe,
    &[
        Claim::since(3, 2)
            .shows("read=ENOENT write=ENOENT")
            .because("only prctl(2) by the thread itself tells it"),
        Claim::since(4, 6)
            .shows("read=ok write=ok slack=70000")
            .because("a supervisor can change it for a process in the background")
            .commit(
                "5de23d435e88",
                "proc: add /proc/<pid>/timerslack_ns interface",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const FILE: &str = "/proc/self/timerslack_ns";
    facts.saw_result("read", &fs::read(FILE).map_err(errno_of));
    facts.saw_result("write", &write_if_there(FILE, "70000"));
    if let Ok(slack) = fs::read_to_string(FILE) {
        facts.saw("slack", slack.trim());
    }
    Ok(())
}
