//! What is claimed of each kernel, and what a kernel shows; may use: arch.

mod claim;
mod facts;
mod kernel;
mod observation;
mod observed;
mod scenario;
mod vendor_claim;
mod version;

pub use claim::{Claim, Commit};
pub use facts::{Facts, ProbeError};
pub use kernel::{Lineage, RunningKernel};
pub use observation::{Fact, Observation};
pub use observed::ObservedTable;
#[cfg(test)]
pub(crate) use observed::TABLE;
pub use scenario::{Probe, Scenario};
pub use vendor_claim::VendorClaim;
pub use version::{ParseVersionError, Version};
