use crate::scenarios::shared::*;

/// What a process may do, as others can read it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the lines CapAmb, Umask and NoNewPrivs of /proc/PID/status",
    probe,
    &[
        Claim::since(3, 2)
            .shows("CapAmb=absent Umask=absent NoNewPrivs=absent")
            .because("only a process itself can know these, or not even that"),
        Claim::since(4, 3)
            .shows("CapAmb=present Umask=absent NoNewPrivs=absent")
            .because("there are ambient capabilities")
            .by(AMBIENT),
        Claim::since(4, 7)
            .shows("CapAmb=present Umask=present NoNewPrivs=absent")
            .because("umask(2) cannot tell it without changing it")
            .commit("3e42979e65da", "procfs: expose umask in /proc/<PID>/status"),
        Claim::since(4, 10)
            .shows("CapAmb=present Umask=present NoNewPrivs=present")
            .because("others can see it too, not only prctl(2)")
            .commit("af884cd4a5ae", "proc: report no_new_privs state"),
    ],
)
.vendors(&[EL7
    .shows("CapAmb=present Umask=present NoNewPrivs=present")
    .because("the lines of 4.3, 4.7 and 4.10 are there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for name in ["CapAmb", "Umask", "NoNewPrivs"] {
        let line = status_line(getpid(), name);
        facts.saw(name, if line.is_some() { "present" } else { "absent" });
    }
    Ok(())
}
