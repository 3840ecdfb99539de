//! What is in a package, of whichever format: its members, and what is taken from them.
//! May use: kernel_image, kernel_modules, messages, files.
//!
//! A package is not trusted, even where it was verified: every size has a limit, and no
//! path in it names a file of this machine.

mod contents;
mod members;
pub(crate) mod tar;
mod unpack;

pub(crate) use contents::{WantedConfig, WantedImage, WantedModules};
pub(crate) use members::{MemberKind, Next, PackageMember, Visit};
pub(crate) use unpack::unpack;

use std::io;

use crate::messages::error::ObtainError;

/// The largest package, of the plain flavour, has some 110 MB.
pub(crate) const MAX_PACKAGE: u64 = 256 << 20;
/// Kernel images have 2 to 15 MB.
pub(crate) const MAX_IMAGE: u64 = 64 << 20;
/// Of all that comes before the image; the modules of the plain flavour have some
/// 400 MB.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;

/// Why something is not taken from a package.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    /// The package is not as it should be.
    #[error("{0}")]
    Malformed(String),
    /// What was taken could not be written.
    #[error(transparent)]
    Write(io::Error),
}

impl PackageError {
    /// The same, of a package from `file` that should be `expected`, while doing
    /// `action`.
    pub(crate) fn of(
        self,
        file: &str,
        expected: &str,
        action: impl FnOnce() -> String,
    ) -> ObtainError {
        match self {
            Self::Malformed(found) => ObtainError::verification(file, expected, found),
            Self::Write(source) => ObtainError::Io {
                action: action(),
                source,
            },
        }
    }
}

impl From<PackageError> for io::Error {
    fn from(error: PackageError) -> Self {
        match error {
            PackageError::Malformed(why) => Self::other(why),
            PackageError::Write(error) => error,
        }
    }
}

pub(crate) fn malformed(error: impl ToString) -> PackageError {
    PackageError::Malformed(error.to_string())
}
