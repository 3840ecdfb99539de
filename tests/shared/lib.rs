//! What tests of several crates share: an archive that is made, signed with a
//! throw-away key, served on loopback, and as faulty as a test wants it.
//!
//! It is made as Debian makes it, as of 2013 or of 2026; what cannot fail in a test
//! panics. Nothing of Strata is used here.

mod checksums;
mod key;
mod namespaces;
mod package;
mod pacman;
mod repository;
mod rpm;
mod server;
mod suite;

pub use checksums::publish_checksums;
pub use key::SigningKey;
pub use namespaces::{unshare_options, why_no_mounts};
pub use package::{Compression, TestPackage, kernel_image, kernel_module, zboot_image};
pub use pacman::{package_info, publish_pacman};
pub use repository::TestRepository;
pub use rpm::TestRpm;
pub use server::{Server, ServerFault};
pub use suite::{Files, TestSuite};
