use std::net::TcpListener;

use crate::scenarios::shared::*;

/// What a socket does with its packets.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SO_TXREHASH and SO_RCVPRIORITY are switched on for a TCP socket",
    probe,
    &[
        Claim::since(3, 2)
            .shows("txrehash=ENOPROTOOPT rcvpriority=ENOPROTOOPT")
            .because("neither is an option"),
        Claim::since(5, 18)
            .shows("txrehash=ok rcvpriority=ENOPROTOOPT")
            .because("whether lost packets try another way is for each socket to say")
            .commit(
                "26859240e4ee",
                "txhash: Add socket option to control TX hash rethink behavior",
            ),
        Claim::since(6, 14)
            .shows("txrehash=ok rcvpriority=ok")
            .because("the priority of what is received can be had with it")
            .commit(
                "e45469e594b2",
                "sock: Introduce SO_RCVPRIORITY socket option",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const SO_TXREHASH: libc::c_int = 74;
    const SO_RCVPRIORITY: libc::c_int = 82;
    let Ok(socket) = TcpListener::bind("0.0.0.0:0") else {
        return Err(ProbeError::NotApplicable("CONFIG_INET".to_owned()));
    };
    for (name, option) in [("txrehash", SO_TXREHASH), ("rcvpriority", SO_RCVPRIORITY)] {
        let set = set_socket_option(&socket, libc::SOL_SOCKET, option, 1);
        facts.saw_result(name, &set);
    }
    Ok(())
}
