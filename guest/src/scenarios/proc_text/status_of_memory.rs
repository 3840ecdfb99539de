use crate::scenarios::shared::*;

/// Of what kind the memory is that a process has resident.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the lines VmRSS, RssAnon and RssShmem of /proc/PID/status",
    probe,
    &[
        Claim::since(3, 2)
            .shows("VmRSS=present RssAnon=absent RssShmem=absent")
            .because("there is one sum"),
        Claim::since(4, 5)
            .shows("VmRSS=present RssAnon=present RssShmem=present")
            .because("anonymous memory, files and shared memory are told apart")
            .commit(
                "8cee852ec53f",
                "mm, procfs: breakdown RSS for anon, shmem and file in /proc/pid/status",
            ),
    ],
)
.vendors(&[EL7
    .shows("VmRSS=present RssAnon=present RssShmem=present")
    .because("the lines of 4.5 are there")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    for name in ["VmRSS", "RssAnon", "RssShmem"] {
        let line = status_line(getpid(), name);
        facts.saw(name, if line.is_some() { "present" } else { "absent" });
    }
    Ok(())
}
