//! Why a kernel cannot be obtained, or not even be selected.

use std::io;
use std::path::PathBuf;

use crate::files::LockError;
use crate::messages::one_line::one_line;

/// Why a store returns no image, or no tool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObtainError {
    /// No source within reach has it. The kernel is `not run`, which is no failure.
    #[error("not available: {why}")]
    Unavailable {
        /// The reasons, on one line.
        why: String,
    },
    /// What was downloaded is not what was promised. It is not kept.
    #[error(
        "{file} failed verification: expected {expected}, found {found}; \
         do not use this mirror until you know why, or name another with --mirror"
    )]
    Verification {
        /// The file, as a URL or path.
        file: String,
        /// What a signed file, the lock file or the format demands.
        expected: String,
        /// What was there.
        found: String,
    },
    /// Another run held a lock for too long, or it cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// This machine failed: disk full, no permission.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted, with the path.
        action: String,
        /// What the system said.
        source: io::Error,
    },
}

impl ObtainError {
    pub(crate) fn verification(
        file: impl ToString,
        expected: impl ToString,
        found: impl ToString,
    ) -> Self {
        Self::Verification {
            file: one_line(&file.to_string()),
            expected: one_line(&expected.to_string()),
            found: one_line(&found.to_string()),
        }
    }

    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        let why = one_line(&why.into());
        Self::Unavailable { why }
    }
}

/// Why a selection cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// A word names nothing: how kernels are named.
    #[error("{0}")]
    NoName(String),
    /// No kernel of the catalogue is meant by this.
    #[error("no kernel in the catalogue is {spec}; the nearest are {}", nearest.join(", "))]
    Unknown {
        /// What was asked for.
        spec: String,
        /// Names which do exist, in version order.
        nearest: Vec<String>,
    },
    /// No kernel of a vendor's source is meant by this.
    #[error(
        "{spec} is no kernel of that source, which has {}, a release with a flavour, or a full \
         version", names.join(", ")
    )]
    NotOfSource {
        /// What was asked for.
        spec: String,
        /// Names which do exist.
        names: Vec<String>,
    },
    /// There is something, and no kernel in it.
    #[error(
        "{} is no Linux kernel (image, vmlinux, package, unpacked package, built tree): {why}",
        path.display()
    )]
    NotAKernel {
        /// The file as it was named.
        path: PathBuf,
        /// What is missing in it.
        why: String,
    },
    /// The file cannot be read.
    #[error("cannot read the kernel {}: {source}", path.display())]
    Unreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Says what was attempted when the system refuses it.
pub(crate) trait Attempt<T> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T, ObtainError>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, action: impl FnOnce() -> String) -> Result<T, ObtainError> {
        self.map_err(|source| ObtainError::Io {
            action: action(),
            source,
        })
    }
}
