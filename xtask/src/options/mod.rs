//! Options that several commands have.

mod host;
mod machine;
mod part;
mod program;
mod values;

pub(crate) use host::*;
pub(crate) use machine::*;
pub(crate) use part::*;
pub(crate) use program::*;
pub(crate) use values::{memory, time};
