//! The modules of a kernel, from the package that has them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalogue::{Entry, Kernel};
use crate::debian::archive::{Archive, Site};
use crate::debian::deb::{DebError, extract_modules};
use crate::debian::debian_version::without_rebuild;
use crate::debian::packages::{Package, read_index};
use crate::http::guard;
use crate::kernel_modules::modules_below;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::store::kept_file::KeptFile;
use crate::store::{Image, Store};

impl Store {
    /// The modules of a kernel that was obtained, as a file that a machine is given
    /// ([`guest::ModuleIndex`]). Its package is obtained when they are first asked for:
    /// verified by the signed index that lists it, in exactly the version of the image.
    ///
    /// # Errors
    /// See [`ObtainError`]; `Unavailable` means only that no source has the package.
    pub fn modules(
        &self,
        kernel: &Kernel,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<KeptFile, ObtainError> {
        let Some(all) = &self.modules else {
            let why = "there is no directory for modules to be kept";
            return Err(ObtainError::unavailable(why.to_owned()));
        };
        let found = || all.find(&image.sha256, &self.cache.verified);
        if let Some(there) = found() {
            return Ok(there);
        }
        let _lock = guard::lock(
            &self.cache.dir,
            &format!("modules-{}", image.sha256),
            progress,
        )?;
        // Another run may have obtained them while the lock was waited for.
        if let Some(there) = found() {
            return Ok(there);
        }
        let deb = match kernel {
            Kernel::Catalogued(entry) => self.modules_package(entry, image, progress)?,
            Kernel::Vendored(vendored) => self.vendor_modules(vendored, image, progress)?,
            Kernel::File(path) => {
                let why = format!("{} is of no package", path.display());
                return Err(ObtainError::unavailable(why));
            }
        };
        progress.step(&format!("{kernel}: unpacking its modules"));
        let modules = extract_modules(&deb).map_err(|error| {
            let file = deb.display().to_string();
            error.of(&file, "a package with kernel modules", || {
                format!("read {file}")
            })
        })?;
        let keeping = || "keep the modules".to_owned();
        all.keep(&image.sha256, &modules).attempt(keeping)?;
        let _ = fs::remove_file(&deb);
        found().ok_or_else(|| {
            let why = "the modules were altered as soon as they were kept";
            ObtainError::unavailable(why.to_owned())
        })
    }

    /// The verified package, downloaded.
    fn modules_package(
        &self,
        entry: &Entry,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
        let name = package_of_modules(&image.package);
        let mut reasons = Reasons::default();
        let others = self
            .substitutes
            .iter()
            .filter(|suite| **suite != entry.suite);
        for suite in std::iter::once(&entry.suite).chain(others) {
            let archive = Archive::of_suite(suite);
            let (mut sites, problems) = self.mirrors.live(archive, &self.archives, progress);
            problems.iter().for_each(|why| reasons.add(why.clone()));
            if *suite == entry.suite {
                sites.extend(self.mirrors.snapshots(archive, entry.uploaded));
            }
            for site in sites {
                match self.modules_from(&site, suite, &name, image, progress) {
                    Ok(deb) => return Ok(deb),
                    Err(error) => reasons.note(error, progress)?,
                }
            }
        }
        Err(reasons.error())
    }

    fn modules_from(
        &self,
        site: &Site,
        suite: &str,
        name: &str,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
        let read = |text| read_index(text, |listed| listed == name);
        let index = self.archives.suite(site, suite, read, progress)?;
        let is_wanted =
            |package: &&Package| without_rebuild(&package.version) == image.debian_version;
        let missing = || {
            let what = format!("{name} {}", image.debian_version);
            ObtainError::unavailable(self.has_no(site, &what))
        };
        let package = index.packages.iter().find(is_wanted).ok_or_else(missing)?;
        let deb = self.fetch_from(site, &package.file, progress)?;
        deb.ok_or_else(missing)
    }
}

/// The package with the modules of the image in a package. `linux-binary-*`, which holds
/// the image since 6.19, has them beside it.
fn package_of_modules(image: &str) -> String {
    match image.strip_prefix("linux-binary-") {
        Some(rest) => format!("linux-modules-{}", rest.trim_end_matches("-unsigned")),
        None => image.to_owned(),
    }
}

/// The modules in a package, or below a directory `lib/modules/RELEASE`, for a kernel that
/// is named by its path: a file that a machine is given.
///
/// # Errors
/// If it cannot be read, or has no modules.
pub fn modules_at(path: &Path) -> Result<Vec<u8>, ObtainError> {
    let action = || format!("read modules in {}", path.display());
    if path.is_dir() {
        return modules_below(path).attempt(action);
    }
    let modules = extract_modules(path).map_err(|error| match error {
        DebError::Malformed(why) => io::Error::other(why),
        DebError::Write(error) => error,
    });
    modules.attempt(action)
}
