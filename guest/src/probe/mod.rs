//! What probes are made of: children that say who they are, threads that do
//! what they are told, and a look at `/proc`; may use: claims, protocol.
//!
//! A probe that has other threads calls, in a forked child, nothing but what is
//! safe after fork(2); everything here keeps to that.

mod apart;
mod background;
mod call;
mod cgroups;
mod child;
mod credentials;
mod epoll;
mod executed;
mod files;
mod fork;
mod known;
mod memfd;
mod mounts;
mod namespaces;
mod pages;
mod pidfd;
mod prctl;
mod proc;
mod rseq;
mod scheduler;
mod scratch;
mod seccomp;
mod sharing_memory;
mod sockets;
mod stack;
mod tracing;
mod waiting;
mod worker;

pub use nix::errno::Errno;
pub use nix::sched::{CloneFlags, setns, unshare};
pub use nix::sys::signal::{Signal, kill};
pub use nix::sys::wait::{WaitStatus, waitpid};
pub use nix::unistd::{Pid, getpid, gettid};

pub use apart::in_a_process;
pub(crate) use apart::run_apart;
pub use background::Background;
pub use call::{address, address_mut, call, errno_of, new_descriptor};
pub use cgroups::Cgroup;
pub use child::Child;
pub use credentials::{be_root, become_ordinary_user, lower_capability};
pub use epoll::Epoll;
pub use executed::{
    exec_program, exec_program_without_arguments, execveat, observe_program, run_if_executed,
    spawn_program,
};
pub use files::{copy_file_range, openat2, preadv2, pwritev2, renameat2, statx};
pub use fork::fork_child;
pub use known::{require_clone, require_if_known, require_ordinary_user_namespaces};
pub use memfd::memfd_create;
pub use mounts::{
    attach, fsconfig_create, fsconfig_set, fsmount, fsopen, listmount, mount_on, mount_setattr,
    mount_tmpfs, private_mounts, statmount, unattached_tmpfs,
};
pub use namespaces::{Namespaces, kind_of_namespace, name_namespace, owner_of_namespace, require};
pub use pages::Pages;
pub use pidfd::{
    clone_with_pidfd, pid_of_pidfd, pidfd_getfd, pidfd_open, pidfd_open_with, pidfd_send_signal,
    pidfd_send_signal_to,
};
pub use prctl::prctl;
pub(crate) use proc::field;
pub use proc::{nspid, status_line, write_if_there};
pub use rseq::Rseq;
pub(crate) use scheduler::set_scheduler;
pub use scratch::{mount_scratch, scratch};
pub use seccomp::{
    require_seccomp_filters, seccomp_action_available, seccomp_without_filter, trace_getppid,
};
pub use sharing_memory::sharing_memory;
pub use sockets::{get_socket_option, netlink_socket, set_socket_option, socket_option_descriptor};
pub use tracing::{Stop, Tracee};
pub(crate) use waiting::{reap, wait_for};
pub use worker::{A_THREAD, Worker, create_thread};
