//! Debian's archives and the formats of their files: signed release files, package
//! indexes, packages. May use: http, package, messages, files.

pub(crate) mod apt;
pub(crate) mod ar;
pub(crate) mod archive;
pub(crate) mod cleartext;
pub(crate) mod deb;
pub(crate) mod debian_version;
pub(crate) mod evidence;
pub(crate) mod keyring;
pub(crate) mod mirrors;
pub(crate) mod newest_release;
pub(crate) mod packages;
pub(crate) mod publisher;
pub(crate) mod release;
pub(crate) mod validity;
