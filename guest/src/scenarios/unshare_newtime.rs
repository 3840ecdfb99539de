use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, require_if_known, unshare};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// As with PID namespaces it is the children that move; as with them threads do
/// not matter.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_newtime",
    summary: "unshare(CLONE_NEWTIME) by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("single=EINVAL main=EINVAL thread=EINVAL")
            .because("unshare(2) knows no time namespaces")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 6)
            .shows("single=ok main=ok thread=ok")
            .because(
                "the children of the calling thread go to a new time namespace; the process \
                 stays, so its threads do not matter",
            )
            .commit("769071ac9f20", "ns: Introduce Time Namespace")
            .observed(versions!["5.10.223", "6.1.176", "6.12.117", "7.3.4"]),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    require_if_known("time", flag, "CONFIG_TIME_NS")?;
    succeeds_by_each_thread(facts, move || unshare(flag))
}
