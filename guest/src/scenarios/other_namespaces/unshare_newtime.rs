use crate::scenarios::shared::*;

/// As with PID namespaces it is the children that move; as with them threads do
/// not matter.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "unshare(CLONE_NEWTIME) by the only thread, the main one and another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no time namespaces"),
        Claim::since(5, 6)
            .shows("single=ok main=ok thread=ok")
            .because(
                "the children of the calling thread go to a new time namespace; the process \
                 stays, so its threads do not matter",
            )
            .by(TIME_NAMESPACES),
    ],
)
.vendors(&[VendorClaim::of("el8")
    .since(305)
    .shows("single=ok")
    .because("time namespaces are there, in what calls itself 4.18")
    .source("https://github.com/checkpoint-restore/criu/pull/1516")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    require_if_known("time", flag, "CONFIG_TIME_NS")?;
    succeeds_by_each_thread(facts, move || unshare(flag))
}
