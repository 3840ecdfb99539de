//! Pipes, and waiting for them; may use: shared.

scenarios! {
    epollet_pipe,
    epoll_exclusive,
    epoll_pwait2,
    epoll_params,
    pipe_nowait,
    splice_any_length,
    notification_pipe,
}
