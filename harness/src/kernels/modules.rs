//! The modules of a kernel, once its guest asks for them.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use images::{Image, Kernel, LocalKernel, LocalModules, Progress, Store, no_modules};

use crate::system::{anonymous, words};

/// Where a kernel's modules come from.
#[derive(Clone)]
pub(crate) enum ModuleSource {
    /// The package of a kernel that was obtained.
    Package(Arc<Store>, Box<(Kernel, Image)>),
    /// These packages, directories such as `/lib/modules/6.1.0-50-amd64`, built kernel trees.
    Paths(Arc<Store>, Vec<PathBuf>),
    /// Nowhere, of the kernel at this path.
    Unknown(PathBuf),
}

impl ModuleSource {
    /// Those of a kernel that is named by its path, as far as that tells.
    pub(super) fn of_local(store: &Arc<Store>, path: &Path, kernel: &LocalKernel) -> Self {
        match kernel.modules() {
            [] => Self::Unknown(path.to_owned()),
            paths => Self::Paths(Arc::clone(store), paths.to_vec()),
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
            Self::Paths(store, paths) => match store.local_modules(paths, progress) {
                Ok(LocalModules::Kept(kept)) => {
                    return File::open(&kept.path).context("opening the modules");
                }
                Ok(LocalModules::Made(bytes)) => Ok(bytes),
                Err(error) => Err(words(&error.into())),
            },
            Self::Unknown(kernel) => Err(format!(
                "{} was named by its path: name its modules with --modules, a directory or a package",
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
            Self::Paths(_, paths) => write!(f, "Paths({paths:?})"),
            Self::Unknown(kernel) => write!(f, "Unknown({})", kernel.display()),
        }
    }
}
