//! Sockets of one machine; may use: shared.

scenarios! {
    so_peerpidfd,
    socket_options,
    unix_socket_options,
    reuseport_of_a_unix_socket,
    tcp_socket_options,
    netlink_options,
}
