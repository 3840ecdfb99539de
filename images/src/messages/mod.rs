//! What a caller is told: errors, and progress. May use: files.

pub(crate) mod error;
pub(crate) mod one_line;
pub(crate) mod progress;
pub(crate) mod reasons;
