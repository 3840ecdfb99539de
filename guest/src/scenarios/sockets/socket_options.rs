use std::os::unix::net::UnixStream;

use crate::scenarios::shared::*;

/// What a socket can be asked for.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "SO_COOKIE, SO_PEERGROUPS, SO_NETNS_COOKIE and SO_BUF_LOCK of a pair of sockets",
    probe,
    &[
        Claim::since(3, 2)
            .shows("cookie=ENOPROTOOPT groups=ENOPROTOOPT netns=ENOPROTOOPT lock=ENOPROTOOPT")
            .because("none of them is an option"),
        Claim::since(4, 12)
            .shows("cookie=ok groups=ENOPROTOOPT netns=ENOPROTOOPT lock=ENOPROTOOPT")
            .because("a socket has a number that is never used again")
            // The commit was seen, its title was not.
            .commit("5daab9db7b65", "New getsockopt option to get socket cookie"),
        Claim::since(4, 13)
            .shows("cookie=ok groups=ok netns=ENOPROTOOPT lock=ENOPROTOOPT")
            .because("the groups of a peer are known, beside its user")
            .commit("28b5ba2aa0f5", "net: introduce SO_PEERGROUPS getsockopt"),
        Claim::since(5, 14)
            .shows("cookie=ok groups=ok netns=ok lock=ENOPROTOOPT")
            .because("the network namespace of a socket has such a number too")
            .commit(
                "e8b9eab99232",
                "net: retrieve netns cookie via getsocketopt",
            ),
        Claim::since(5, 15)
            .shows("cookie=ok groups=ok netns=ok lock=ok")
            .because("whether a size of a buffer was set, and is kept, can be read and changed")
            .commit(
                "04190bf8944d",
                "sock: allow reading and changing sk_userlocks with setsockopt",
            ),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    let (socket, _peer) = UnixStream::pair()?;
    for (name, option, length) in [
        ("cookie", 57, 8),
        // As many groups as a process may have, of four bytes each.
        ("groups", 59, 4 << 16),
        ("netns", 71, 8),
        ("lock", 72, 4),
    ] {
        let got = get_socket_option(&socket, option, &mut vec![0; length]);
        facts.saw_result(name, &got);
    }
    Ok(())
}
