//! Kernel images of x86: bytes in, facts out. May use: messages, files.

pub(crate) mod bzimage;
pub(crate) mod config;
pub(crate) mod vmlinux;
