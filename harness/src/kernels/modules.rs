//! The modules of a kernel, once its guest asks for them.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use images::{Image, Kernel, Progress, Store, modules_at, no_modules};

use crate::system::{anonymous, words};

/// Where a kernel's modules come from.
#[derive(Clone)]
pub(crate) enum ModuleSource {
    /// The package of a kernel that was obtained.
    Package(Arc<Store>, Box<(Kernel, Image)>),
    /// A package, or a directory such as `/lib/modules/6.1.0-50-amd64`.
    Path(PathBuf),
    /// Nowhere, of a kernel in this file.
    Unknown(PathBuf),
}

impl ModuleSource {
    /// Those of a kernel that is named by its path: what stands beside `/boot/vmlinuz-R` is
    /// `/lib/modules/R`.
    pub(super) fn of_path(kernel: &Path) -> Self {
        let name = kernel.file_name().and_then(|name| name.to_str());
        let release = name.and_then(|name| name.strip_prefix("vmlinuz-"));
        let root = kernel.parent().and_then(Path::parent);
        let beside = root.zip(release).map(|(root, release)| {
            let root = if root.as_os_str().is_empty() {
                Path::new(".")
            } else {
                root
            };
            root.join("lib/modules").join(release)
        });
        match beside.filter(|dir| dir.is_dir()) {
            Some(dir) => Self::Path(dir),
            None => Self::Unknown(kernel.to_owned()),
        }
    }

    /// The file; one that says why there are none, where they cannot be had.
    pub(crate) fn file(&self, progress: &dyn Progress) -> Result<File> {
        let found = match self {
            Self::Package(store, of) => {
                let (kernel, image) = &**of;
                match store.modules(kernel, image, progress) {
                    Ok(kept) => return File::open(&kept.path).context("opening the modules"),
                    Err(error) => {
                        let why = words(&error.into());
                        progress.note(&format!("{kernel}: its modules cannot be had: {why}"));
                        Err(why)
                    }
                }
            }
            Self::Path(path) => modules_at(path).map_err(|error| words(&error.into())),
            Self::Unknown(kernel) => Err(format!(
                "{} was named by its path: name its modules with --modules DIR or --modules DEB",
                kernel.display()
            )),
        };
        let bytes = found.or_else(no_modules).context("listing no modules")?;
        let mut file = anonymous::file("modules")?;
        file.write_all(&bytes).context("writing the modules")?;
        Ok(file)
    }
}

impl fmt::Debug for ModuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(_, of) => write!(f, "Package({})", of.1.package),
            Self::Path(path) => write!(f, "Path({})", path.display()),
            Self::Unknown(kernel) => write!(f, "Unknown({})", kernel.display()),
        }
    }
}
