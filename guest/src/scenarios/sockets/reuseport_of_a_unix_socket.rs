use std::os::unix::net::UnixDatagram;

use crate::scenarios::shared::*;

/// The option never meant anything here, but programs set it.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SO_REUSEPORT is switched on and off for an AF_UNIX socket",
    probe,
    &[
        Claim::since(3, 2)
            .shows("on=ENOPROTOOPT off=ENOPROTOOPT")
            .because("there is no SO_REUSEPORT"),
        Claim::since(3, 9)
            .shows("on=ok off=ok")
            .because("every socket has the option, whether it has ports or not")
            .commit("055dc21a1d1d", "soreuseport: infrastructure"),
        Claim::since(6, 13)
            .shows("on=EOPNOTSUPP off=ok")
            .because("only sockets of the internet protocols share ports")
            .commit("5b0af621c3f6", "net: restrict SO_REUSEPORT to inet sockets")
            .backported(versions!["5.15.176", "6.1.124", "6.6.70", "6.12.9"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let socket = UnixDatagram::unbound()?;
    for (name, value) in [("on", 1), ("off", 0)] {
        facts.saw_result(
            name,
            &set_socket_option(&socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, value),
        );
    }
    Ok(())
}
