use std::sync::Arc;

use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, Namespaces, require_if_known, setns};
use crate::{Claim, Facts, ProbeError, Scenario};

/// The one namespace that has an errno of its own for threads.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_time",
    summary: "setns(2) to a time namespace by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("there are no time namespaces"),
        Claim::since(5, 6)
            .shows("open=ok single=ok main=EUSERS thread=EUSERS")
            .because("joining one changes the process's vDSO, which all threads read")
            .commit("769071ac9f20", "ns: Introduce Time Namespace"),
    ],
};

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    require_if_known("time", flag, "CONFIG_TIME_NS")?;
    // The own one is as good as any: what is asked for is asked first.
    let own = Namespaces::own().open("time");
    facts.saw_result("open", &own);
    let Ok(own) = own.map(Arc::new) else {
        return Ok(());
    };
    succeeds_by_each_thread(facts, move || setns(&*own, flag))
}
