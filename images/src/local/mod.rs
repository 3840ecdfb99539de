//! Kernels that are named by a path of this machine: an image, a package, an unpacked
//! package, a built kernel tree. May use: rpm, debian, package, kernel_image, kernel_modules,
//! messages, files.

mod beside;
mod config;
mod directory;
mod format;
mod modules;
mod packages;
mod tree;

pub use modules::look_for_modules;
pub(crate) use modules::pack_modules;
pub(crate) use packages::{foreign_config, foreign_image, foreign_modules, image_in};

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use guest::Arch;

use crate::kernel_image::{self, compressed, vmlinux};
use crate::local::format::FileFormat;
use crate::messages::error::SelectError;

/// A kernel at a path, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalKernel {
    pub(crate) image: ImageAt,
    modules: Vec<PathBuf>,
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImageAt {
    /// In this file: as it is packaged, or a vmlinux.
    File(PathBuf),
    /// In this package.
    Package(PathBuf),
}

impl LocalKernel {
    /// The kernel at a path. What a file is, its content says; a package is opened only
    /// when its image is needed.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn at(path: &Path) -> Result<Self, SelectError> {
        let unreadable = |source| SelectError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let no_kernel = |why| SelectError::NotAKernel {
            path: path.to_owned(),
            why,
        };
        if path.is_dir() {
            let found = match tree::is_tree(path) {
                true => tree::kernel(path),
                false => directory::kernel(path),
            };
            return found.map_err(unreadable)?.map_err(no_kernel);
        }
        match format::of_file(path).map_err(unreadable)? {
            Ok(FileFormat::Image(_)) => {}
            Ok(FileFormat::Vmlinux) => {
                vmlinux::check_file(path).map_err(|error| no_kernel(error.to_string()))?;
            }
            Ok(FileFormat::Package(_)) => {
                let mut modules = vec![path.to_owned()];
                modules.extend(beside::packages_with_modules(path));
                return Ok(Self {
                    image: ImageAt::Package(path.to_owned()),
                    modules,
                });
            }
            Err(why) => return Err(no_kernel(why)),
        }
        Ok(Self {
            image: ImageAt::File(path.to_owned()),
            modules: directory::modules_of_image(path).into_iter().collect(),
        })
    }

    /// The architecture of its image; none of one that cannot be read.
    pub(crate) fn arch(&self) -> Option<&'static Arch> {
        match &self.image {
            ImageAt::File(path) => image_arch(path).ok(),
            ImageAt::Package(path) => kernel_image::arch_of(&image_in(path).ok()?).ok(),
        }
    }

    /// The file that has its image.
    #[must_use]
    pub fn file(&self) -> &Path {
        match &self.image {
            ImageAt::File(path) | ImageAt::Package(path) => path,
        }
    }

    /// Where its modules are: packages, directories, a built kernel tree. None if the path
    /// does not tell.
    #[must_use]
    pub fn modules(&self) -> &[PathBuf] {
        &self.modules
    }

    /// What the kernel says of itself, without being booted:
    /// `6.1.0-50-cloud-amd64 (builder@host) #1 SMP …`; empty where it says nothing.
    ///
    /// # Errors
    /// If it cannot be read, or its package has no kernel.
    pub fn banner(&self) -> Result<String, SelectError> {
        match &self.image {
            ImageAt::File(path) => banner(path),
            ImageAt::Package(path) => {
                let of = |why| SelectError::NotAKernel {
                    path: path.clone(),
                    why,
                };
                let image = image_in(path).map_err(|error| of(error.to_string()))?;
                kernel_image::read_banner(Cursor::new(image)).map_err(|error| of(error.to_string()))
            }
        }
    }
}

/// The architecture of a kernel in a file.
///
/// # Errors
/// If the file cannot be read or is no kernel image.
pub fn image_arch(path: &Path) -> Result<&'static Arch, SelectError> {
    let format = format::of_file(path).map_err(|source| SelectError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let why = match format {
        Ok(FileFormat::Image(arch)) => return Ok(arch),
        // Only one has an entry by which QEMU starts it.
        Ok(FileFormat::Vmlinux) => return Ok(vmlinux::ARCH),
        Ok(FileFormat::Package(_)) => "it is a package".to_owned(),
        Err(why) => why,
    };
    Err(SelectError::NotAKernel {
        path: path.to_owned(),
        why,
    })
}

/// Whether a file is a kernel that others than QEMU unpack: older ones start no EFI zboot.
pub(crate) fn is_compressed(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let file = crate::files::open_regular(path)?;
    file.take(kernel_image::START as u64)
        .read_to_end(&mut start)?;
    Ok(compressed::check(&start).is_ok())
}

/// What a kernel in a file, as it is packaged or a vmlinux, says of itself, as
/// [`LocalKernel::banner`].
///
/// # Errors
/// If the file cannot be read or is no kernel image.
pub fn banner(path: &Path) -> Result<String, SelectError> {
    let unreadable = |source| SelectError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = || crate::files::open_regular(path).map_err(unreadable);
    let why = match format::of_file(path).map_err(unreadable)? {
        Ok(FileFormat::Image(_)) => return kernel_image::read_banner(file()?).map_err(unreadable),
        Ok(FileFormat::Vmlinux) => return vmlinux::read_banner(file()?).map_err(unreadable),
        Ok(FileFormat::Package(_)) => "it is a package".to_owned(),
        Err(why) => why,
    };
    Err(SelectError::NotAKernel {
        path: path.to_owned(),
        why,
    })
}
