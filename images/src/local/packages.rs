//! The members of a package in a file, whichever format it has.

use std::io::BufReader;
use std::path::Path;

use crate::debian::deb;
use crate::files::open_regular;
use crate::local::format::{self, FileFormat, PackageFormat};
use crate::package::{PackageError, Visit, WantedImage, malformed, tar, unpack};
use crate::rpm::{self, RpmPackage};

/// Of a kernel that was built here, modules may have debug information.
const MAX_UNPACKED: u64 = 8 << 30;

/// Visits the members of a package.
pub(super) fn each(path: &Path, visit: Visit<'_>) -> Result<(), PackageError> {
    let format = match format::of_file(path).map_err(malformed)? {
        Ok(FileFormat::Package(format)) => format,
        _ => return Err(malformed("it is no package: no .deb, .rpm, .apk or .tar")),
    };
    let file = || open_regular(path).map(BufReader::new).map_err(malformed);
    match format {
        PackageFormat::Rpm => {
            let bytes = rpm::read(path)?;
            let package = RpmPackage::parse(&bytes).map_err(malformed)?;
            package.each(MAX_UNPACKED, visit)
        }
        PackageFormat::Deb => tar::each(deb::data(file()?)?, MAX_UNPACKED, visit),
        PackageFormat::Tar => tar::each(unpack(file()?)?, MAX_UNPACKED, visit),
    }
}

/// The kernel image in a package.
pub(crate) fn image_in(path: &Path) -> Result<Vec<u8>, PackageError> {
    let mut wanted = WantedImage::default();
    each(path, &mut |member| wanted.see(member))?;
    wanted.found()
}
