//! Why a kernel could not be had, or not even be chosen.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::said::said;

/// Why [`Store::obtain`](crate::Store::obtain) has no image to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObtainError {
    /// Nobody within reach has the kernel. A row `not run`, not a failure.
    #[error("not available: {why}")]
    Unavailable {
        /// The reasons, on one line.
        why: String,
    },
    /// What came is not what was promised. Nothing of it is kept.
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
    /// Somebody else held something for too long.
    #[error("gave up waiting for {what} after {} s; {hint}", waited.as_secs())]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What to do next.
        hint: &'static str,
    },
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
            file: said(&file.to_string()),
            expected: said(&expected.to_string()),
            found: said(&found.to_string()),
        }
    }

    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        let why = said(&why.into());
        Self::Unavailable { why }
    }
}

/// Why a selection cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// No kernel of the catalogue is meant by this.
    #[error("no kernel in the catalogue is {spec}; the nearest are {}", nearest.join(", "))]
    Unknown {
        /// What was asked for.
        spec: String,
        /// Names which do exist, in version order.
        nearest: Vec<String>,
    },
    /// The file is there and is no x86 kernel image.
    #[error("{} is no x86 Linux kernel image (bzImage): {why}", path.display())]
    NotAKernel {
        /// The file as it was named.
        path: PathBuf,
        /// What is missing in it.
        why: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read the kernel image {}: {source}", path.display())]
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
