use std::sync::Arc;

use crate::scenarios::shared::*;

/// The one namespace that has a separate errno for threads.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "setns(2) to a time namespace by the only thread, the main one and another",
    probe,
    &[
        Claim::since(3, 2)
            .shows("open=ENOENT")
            .because("there are no time namespaces"),
        Claim::since(5, 6)
            .shows("open=ok single=ok main=EUSERS thread=EUSERS")
            .because("joining one changes the process's vDSO, which all threads read")
            .by(TIME_NAMESPACES),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let flag = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);
    require_if_known("time", flag, "CONFIG_TIME_NS")?;
    // The own namespace will do: the check comes before the namespace is looked at.
    let own = Namespaces::own().open("time");
    facts.saw_result("open", &own);
    let Ok(own) = own.map(Arc::new) else {
        return Ok(());
    };
    succeeds_by_each_thread(facts, move || setns(&*own, flag))
}
