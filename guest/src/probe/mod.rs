//! What probes are made of: children that say who they are, threads that do
//! what they are told, and a look at `/proc`; may use: claims, protocol.
//!
//! A probe that has other threads calls, in a forked child, nothing but what is
//! safe after fork(2); everything here keeps to that.

mod apart;
mod background;
mod call;
mod child;
mod credentials;
mod epoll;
mod executed;
mod files;
mod fork;
mod known;
mod memfd;
mod namespaces;
mod pages;
mod pidfd;
mod proc;
mod scratch;
mod sharing_memory;
mod stack;
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
pub use call::{address, address_mut, call, new_descriptor};
pub use child::Child;
pub use credentials::become_ordinary_user;
pub use epoll::Epoll;
pub use executed::{exec_program, observe_program, run_if_executed, spawn_program};
pub use files::{copy_file_range, openat2, preadv2, pwritev2, renameat2, statx};
pub use fork::fork_child;
pub use known::{require_clone, require_if_known, require_ordinary_user_namespaces};
pub use memfd::memfd_create;
pub use namespaces::{Namespaces, name_namespace, require};
pub use pages::Pages;
pub use pidfd::{clone_with_pidfd, pidfd_open, pidfd_send_signal};
pub(crate) use proc::field;
pub use proc::{nspid, status_line};
pub use scratch::{mount_scratch, scratch};
pub use sharing_memory::sharing_memory;
pub(crate) use waiting::reap;
pub use worker::{Worker, create_thread};
