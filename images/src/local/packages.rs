//! The members of a package in a file, whichever format it has.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::debian::deb;
use crate::files::open_regular;
use crate::kernel_modules::ModulePacker;
use crate::local::format::{self, FileFormat, PackageFormat};
use crate::package::{
    MAX_UNPACKED, PackageError, Visit, WantedConfig, WantedImage, WantedModules, malformed, tar,
    unpack,
};
use crate::rpm::{self, RpmPackage};

/// Of a kernel that was built here, modules may have debug information.
pub(super) const MAX_BUILT_HERE: u64 = 8 << 30;

/// Visits the members of a package, which unpacks to no more than `limit` bytes.
pub(super) fn each(path: &Path, limit: u64, visit: Visit<'_>) -> Result<(), PackageError> {
    let format = match format::of_file(path).map_err(malformed)? {
        Ok(FileFormat::Package(format)) => format,
        _ => return Err(malformed("it is no package: no .deb, .rpm, .apk or .tar")),
    };
    let file = || open_regular(path).map(BufReader::new).map_err(malformed);
    match format {
        PackageFormat::Rpm => {
            let bytes = rpm::read(path)?;
            let package = RpmPackage::parse(&bytes).map_err(malformed)?;
            package.each(limit, visit)
        }
        PackageFormat::Deb => tar::each(deb::data(file()?)?, limit, visit),
        PackageFormat::Tar => tar::each(unpack(file()?)?, limit, visit),
    }
}

/// The kernel image in a package that was built here.
pub(crate) fn image_in(path: &Path) -> Result<Vec<u8>, PackageError> {
    image_within(path, MAX_BUILT_HERE)
}

/// The kernel image in a package.
fn image_within(path: &Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    let mut wanted = WantedImage::default();
    each(path, limit, &mut |member| wanted.see(member))?;
    wanted.found()
}

/// The kernel image in a package from elsewhere.
pub(crate) fn foreign_image(path: &Path) -> Result<Vec<u8>, PackageError> {
    image_within(path, MAX_UNPACKED)
}

/// The modules in packages from elsewhere, as a file that a machine is given.
pub(crate) fn foreign_modules(paths: &[PathBuf]) -> Result<Vec<u8>, PackageError> {
    let mut packer = ModulePacker::default();
    for path in paths {
        let mut wanted = WantedModules(&mut packer);
        each(path, MAX_UNPACKED, &mut |member| wanted.see(member))?;
    }
    let modules = packer.finish().map_err(malformed)?;
    modules.ok_or_else(|| malformed("a package without kernel modules"))
}

/// The configuration in the first of some packages from elsewhere that has one, a text.
pub(crate) fn foreign_config(paths: &[PathBuf]) -> Result<Vec<u8>, PackageError> {
    for path in paths {
        let mut wanted = WantedConfig::default();
        each(path, MAX_UNPACKED, &mut |member| wanted.see(member))?;
        if let Some(config) = wanted.0 {
            return Ok(config);
        }
    }
    Err(malformed("a package without a kernel's configuration"))
}
