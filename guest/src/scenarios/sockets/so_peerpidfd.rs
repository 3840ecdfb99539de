use std::os::unix::net::{UnixListener, UnixStream};

use crate::scenarios::shared::*;

/// Who is at the other end, even if it is gone.
pub(super) const SCENARIO: Scenario = Scenario::new(
    "getsockopt(SO_PEERPIDFD) of a socket whose peer lives, and of one whose peer has been \
     waited for",
    probe,
    &[
        Claim::since(3, 2)
            .shows("lives=ENOPROTOOPT gone=ENOPROTOOPT")
            .because("a socket tells the PID of its peer only"),
        Claim::since(6, 5)
            .shows("lives=ok gone=EINVAL")
            .because("a socket gives a descriptor of its peer, while that can be had")
            .commit("7b26952a91cf", "net: core: add getsockopt SO_PEERPIDFD"),
        Claim::since(6, 16)
            .shows("lives=ok gone=ok")
            .because("a descriptor of a process can be had after its end")
            .commit(
                "20b70e58961b",
                "net, pidfs: enable handing out pidfds for reaped sk->sk_peer_pid",
            )
            .links(&["https://github.com/bus1/dbus-broker/issues/425"]),
    ],
);

fn probe(facts: &mut Facts) -> Result<(), ProbeError> {
    const PATH: &str = "/tmp/so_peerpidfd";
    let listener = UnixListener::bind(PATH)?;
    let connected = connect_both(PATH, &listener);
    std::fs::remove_file(PATH)?;
    let (here, gone) = connected?;
    for (name, socket) in [("lives", here), ("gone", gone)] {
        let peer = socket_option_descriptor(&socket, libc::SO_PEERPIDFD);
        facts.saw_result(name, &peer);
    }
    Ok(())
}

/// Accepts a connection of this process, and one of a child that has ended.
fn connect_both(
    path: &str,
    listener: &UnixListener,
) -> Result<(UnixStream, UnixStream), ProbeError> {
    // The other end may be closed: who it was is known from the connection.
    let connect = || UnixStream::connect(path).map(drop);
    connect()?;
    let (here, _) = listener.accept()?;
    let child = fork_child(|| {
        let _ = connect();
    })?;
    let (gone, _) = listener.accept()?;
    waitpid(child, None)?;
    Ok((here, gone))
}
