//! Scenarios on kernels: run, judged, and put in rows. May use: `kernels` and below.

mod examine;
mod found;
mod judge;
mod native;
mod selection;
mod shared_boot;
mod suite;
mod target;

pub use examine::examine;
pub(crate) use examine::lost;
pub use found::{Found, Mention};
pub use judge::judge;
pub use native::native;
pub use selection::{UnknownScenario, scenarios_named};
pub use suite::Suite;
pub use target::{Target, Targets};
