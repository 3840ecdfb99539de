//! From the name of a kernel to bytes that boot.
//!
//! ```no_run
//! # use strata_images as images;
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

mod bzimage;
mod cache;
mod catalogue;
mod error;
mod keyring;
mod initramfs;
mod progress;
mod spec;
mod store;
mod uploads;

pub use bzimage::banner;
pub use cache::Cached;
pub use catalogue::{Catalogue, Entry, Kernel};
pub use initramfs::{Content, Initramfs};
pub use keyring::Keyring;
pub use error::ObtainError;
pub use progress::{Progress, Silent};
pub use spec::{ParseSpecError, SelectError, Spec};
pub use store::{Image, Store, StoreBuilder};
