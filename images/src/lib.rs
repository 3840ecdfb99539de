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

mod catalogue;
mod cpio;
mod debian;
pub mod files;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod kernel_image;
mod kernel_modules;
mod local;
mod messages;
mod package;
mod parallel;
mod root_files;
mod rpm;
mod sources;
mod store;
mod tools;

pub use catalogue::identity::{Identity, Vendor};
pub use catalogue::kernel_file::KernelFile;
pub use catalogue::spec::{ParseSpecError, Spec};
pub use catalogue::{Catalogue, Entry, Kernel};
pub use cpio::{Content, Initramfs};
pub use debian::keyring::Keyring;
pub use http::timeouts::Timeouts;
pub use kernel_image::config::{KernelConfig, OtherOption};
pub use kernel_modules::no_modules;
pub use local::{LocalKernel, banner, image_arch, look_for_modules};
pub use messages::error::{ObtainError, SelectError};
pub use messages::progress::{Progress, Silent};
pub use parallel::side_by_side;
pub use root_files::{RootEntry, RootFiles, RootKind};
pub use rpm::{RpmIdentity, RpmPackage, RpmSigner};
pub use sources::{ListedKernel, Sources, VendorKernel};
pub use store::cache::{About, Cached, CachedKind};
pub use store::kept_file::KeptFile;
pub use store::local::{LocalImage, LocalModules};
pub use store::sweep::{Removed, STALE};
pub use store::verify::Checked;
pub use store::{Image, Store, StoreBuilder};
pub use tools::ToolName;
pub use tools::launch::{Launch, Tool};
