//! What the host and the guest share.

mod version;

pub use version::{ParseVersionError, Version};
