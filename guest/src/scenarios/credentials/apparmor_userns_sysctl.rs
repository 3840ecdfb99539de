use std::path::Path;

use crate::scenarios::shared::*;

/// On Ubuntu, a sandbox without a profile has a user namespace that may do nothing.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "the sysctl kernel.apparmor_restrict_unprivileged_userns, which takes capabilities from \
     whom unshare(CLONE_NEWUSER) gave them",
    probe,
    &[Claim::since(3, 2)
        .shows("sysctl=absent")
        .because("it is no part of Linux: AppArmor's rules about user namespaces are Ubuntu's")
        .links(&["https://github.com/containers/bubblewrap/issues/632"])],
)
.vendors(&[VendorClaim::of("ubuntu")
    .series(6, 8)
    .since(36)
    .shows("sysctl=present")
    .because("Ubuntu 24.04 sets it: who has no profile may not even write uid_map")
    .source("https://github.com/fsquillace/junest/issues/355")]);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let sysctl = Path::new("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    facts.saw("sysctl", if sysctl.exists() { "present" } else { "absent" });
    Ok(())
}
