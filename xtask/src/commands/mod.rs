//! One file a command: it reads the command line, calls the library, and maps what
//! comes of it to an exit code. May use: everything beside it but `cli`, whose command
//! line `completions` and `man` describe.

pub(crate) mod bench;
pub(crate) mod bisect;
pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod kernels;
pub(crate) mod man;
pub(crate) mod observed;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod runner;
pub(crate) mod shell;
pub(crate) mod stress;
pub(crate) mod test;
pub(crate) mod test_kernels;
pub(crate) mod test_suite;
pub(crate) mod up;
