//! What travels into a machine: the guest, its job, and programs of this host with all
//! they need. May use: `machine` and below.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod guest_binary;
pub mod initramfs;
mod program;
mod split_archive;
mod volume;

pub use guest_binary::guest_binary;
pub(crate) use guest_binary::guest_of;
pub(crate) use program::LoadedProgram;
pub use program::{BadRequest, PackedProgram, Program};
pub(crate) use split_archive::SplitArchive;
