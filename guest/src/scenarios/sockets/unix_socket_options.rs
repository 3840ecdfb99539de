use std::os::unix::net::UnixDatagram;

use crate::scenarios::shared::*;

/// What a socket is to receive beside the bytes.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SO_PASSPIDFD and SO_PASSRIGHTS are switched on for an AF_UNIX socket",
    probe,
    &[
        Claim::since(3, 2)
            .shows("passpidfd=ENOPROTOOPT passrights=ENOPROTOOPT")
            .because("credentials come on demand, and descriptors always"),
        Claim::since(6, 5)
            .shows("passpidfd=ok passrights=ENOPROTOOPT")
            .because("a message can come with a descriptor of its sender")
            .commit("5e2ff6704a27", "scm: add SO_PASSPIDFD and SCM_PIDFD"),
        Claim::since(6, 16)
            .shows("passpidfd=ok passrights=ok")
            .because("descriptors can be refused, and then allowed again")
            .commit("77cbe1a6d873", "af_unix: Introduce SO_PASSRIGHTS."),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SO_PASSPIDFD: libc::c_int = 76;
    const SO_PASSRIGHTS: libc::c_int = 83;
    let socket = UnixDatagram::unbound()?;
    for (name, option) in [("passpidfd", SO_PASSPIDFD), ("passrights", SO_PASSRIGHTS)] {
        facts.saw_result(
            name,
            &set_socket_option(&socket, libc::SOL_SOCKET, option, 1),
        );
    }
    Ok(())
}
