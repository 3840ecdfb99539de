//! From the name of a kernel to a machine that boots it on this host. May use:
//! `payload` and below, `images`.

mod dir_name;
pub mod doctor;
mod fetch;
mod inventory;
mod machines;
mod modules;
mod probe;
mod prune_machines;
mod shown;
mod subject;

pub use fetch::fetch_all;
pub use inventory::{CachedStock, Stock, cached_kernels, inventory};
pub(crate) use machines::MEMORY_MIB;
pub use machines::{Bootable, LEAST_MIB, Machines};
pub use probe::{AcceleratorChoice, choose};
pub use prune_machines::prune_machines;
pub use shown::{ComparedKernels, ShownKernel};
pub(crate) use subject::upstream;
pub use subject::{Subject, claimed_version};
