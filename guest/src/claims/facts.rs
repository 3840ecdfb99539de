//! What a probe is given to report with.

use std::fmt;
use std::io;

use nix::errno::Errno;

use super::Fact;

/// Takes what a probe sees, fact by fact: what was seen before a crash or a hang
/// is not lost.
pub struct Facts<'a> {
    sink: &'a mut dyn FnMut(Fact),
}

impl<'a> Facts<'a> {
    /// Facts go to `sink` as they are seen.
    pub fn new(sink: &'a mut dyn FnMut(Fact)) -> Self {
        Self { sink }
    }

    /// Reports one fact.
    pub fn saw(&mut self, name: impl fmt::Display, value: impl fmt::Display) {
        let fact = Fact {
            name: name.to_string(),
            value: value.to_string(),
        };
        (self.sink)(fact);
    }

    /// Reports how a call ended: `ok`, or the name of its errno.
    pub fn saw_result<T>(&mut self, name: impl fmt::Display, result: &Result<T, Errno>) {
        match result {
            Ok(_) => self.saw(name, "ok"),
            Err(errno) => self.saw(name, format_args!("{errno:?}")),
        }
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts").finish_non_exhaustive()
    }
}

/// Why a probe stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// This kernel cannot be asked: something is configured out or switched
    /// off. Names what, such as `CONFIG_USER_NS`.
    NotApplicable(String),
    /// Something failed that the scenario does not examine.
    Failed(String),
}

impl From<Errno> for ProbeError {
    fn from(errno: Errno) -> Self {
        Self::Failed(errno.to_string())
    }
}

impl From<io::Error> for ProbeError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
