//! From the name of a kernel to bytes that boot.
//!
//! ```no_run
//! use images::{Catalogue, Kernel, Silent, Spec, Store};
//!
//! let catalogue = Catalogue::builtin();
//! let store = Store::builder(&catalogue).build()?;
//! for kernel in catalogue.select(&["3.8..3.13".parse()?])? {
//!     if let Kernel::Catalogued(entry) = &kernel {
//!         let image = store.obtain(entry, &Silent)?;
//!         println!("{kernel}: {}", image.path.display());
//!     }
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```

mod apt;
mod ar;
mod archive;
mod bzimage;
mod cache;
mod catalogue;
mod cleartext;
mod deb;
mod debian_version;
mod download;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod guard;
mod hash;
mod headers;
mod http;
mod initramfs;
mod keyring;
mod listed;
mod lock;
mod memory;
mod mirrors;
mod newest;
mod obtain;
mod packages;
mod progress;
mod proof;
mod proxy;
mod reasons;
mod release;
mod said;
mod select;
mod spec;
mod store;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
mod timeouts;
mod tools;
mod unpacked;
mod upkeep;
mod uploads;
mod validity;
mod vmlinux;

pub use bzimage::banner;
pub use cache::{About, Cached, Kind};
pub use catalogue::{Catalogue, Entry, Kernel};
pub use error::{ObtainError, SelectError};
pub use initramfs::{Content, Initramfs};
pub use keyring::Keyring;
pub use progress::{Progress, Silent};
pub use spec::{ParseSpecError, Spec};
pub use store::{Image, Store, StoreBuilder};
pub use timeouts::Timeouts;
pub use tools::{Launch, Tool, ToolName};
pub use unpacked::Unpacked;
pub use upkeep::{Checked, Removed};
