use std::sync::Arc;

use super::by_each_thread::succeeds_by_each_thread;
use crate::probe::{CloneFlags, Namespaces, require_if_known, setns};
use crate::{Claim, Facts, ProbeError, Scenario, versions};

/// The one namespace that has an errno of its own for threads.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_time",
    summary: "setns(2) to a time namespace by the only thread, the main one and another",
    probe,
    claims: &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("there are no time namespaces")
            .observed(versions![
                "3.2.4", "3.8.3", "3.9.6", "3.10.4", "3.10.108", "3.11", "3.12", "3.13.11", "3.16",
                "4.4.155", "4.9.154", "4.19.78"
            ]),
        Claim::since(5, 6)
            .shows("open=ok single=ok main=EUSERS thread=EUSERS")
            .because("joining one changes the process's vDSO, which all threads read")
            .commit("769071ac9f20", "ns: Introduce Time Namespace")
            .observed(versions!["5.10.223", "6.1.176", "7.3.4"]),
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
