//! Kernel modules: files in, one file out that a machine is given. May use: kernel_image, messages, files.

mod below;
mod modinfo;
mod pack;

pub(crate) use below::{is_one_below, take_below};
pub(crate) use pack::ModulePacker;
pub use pack::no_modules;
