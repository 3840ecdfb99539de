//! The modules of a kernel, and its configuration, from the package that has them.

use std::fs;
use std::path::PathBuf;

use guest::Arch;

use crate::catalogue::{Entry, Kernel};
use crate::debian::archive::{Archive, Site};
use crate::debian::debian_version::without_rebuild;
use crate::debian::packages::{Package, read_index};
use crate::http::guard;
use crate::local::{foreign_config, foreign_modules};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::package::PackageError;
use crate::store::kept_file::{KeptFile, KeptFiles};
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
        let part = Part {
            kept: self.modules.as_ref(),
            what: "modules",
            package: package_beside(&image.package, "modules"),
            take: foreign_modules,
        };
        let found = self.part(part, kernel, image, progress)?;
        // Where it is in a package of its own, the index that lists it is at hand.
        let is_apart = package_beside(&image.package, "base") != *image.package;
        if is_apart && self.config_at_hand(image).is_none() {
            let _ = self.config(kernel, image, progress);
        }
        Ok(found)
    }

    /// The configuration of a kernel, if it is kept: it comes along with the packages of
    /// its image and of its modules.
    #[must_use]
    pub fn config_at_hand(&self, image: &Image) -> Option<KeptFile> {
        let configs = self.configs.as_ref()?;
        configs.find(&image.sha256, &self.cache.verified)
    }

    /// Keeps the configuration that is in the verified packages of an image with this hash,
    /// if it is there and there is a place for it.
    pub(super) fn keep_config(&self, packages: &[PathBuf], image: &str) {
        if let (Some(configs), Ok(text)) = (&self.configs, foreign_config(packages)) {
            let _ = configs.keep(image, &text);
        }
    }

    /// The configuration of a kernel that was obtained, a text, from the package that has
    /// it.
    ///
    /// # Errors
    /// As of [`Store::modules`].
    pub fn config(
        &self,
        kernel: &Kernel,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<KeptFile, ObtainError> {
        let part = Part {
            kept: self.configs.as_ref(),
            what: "configuration",
            package: package_beside(&image.package, "base"),
            take: foreign_config,
        };
        self.part(part, kernel, image, progress)
    }

    fn part(
        &self,
        part: Part<'_>,
        kernel: &Kernel,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<KeptFile, ObtainError> {
        let what = part.what;
        let Some(all) = part.kept else {
            let why = format!("there is no directory for its {what} to be kept");
            return Err(ObtainError::unavailable(why));
        };
        let found = || all.find(&image.sha256, &self.cache.verified);
        if let Some(there) = found() {
            return Ok(there);
        }
        let _lock = guard::lock(
            &self.cache.dir,
            // One for both, which may be in the same package.
            &format!("modules-{}", image.sha256),
            progress,
        )?;
        // Another run may have obtained it while the lock was waited for.
        if let Some(there) = found() {
            return Ok(there);
        }
        let packages = match kernel {
            Kernel::Catalogued(entry) => {
                vec![self.package_of_part(&part.package, entry, image, progress)?]
            }
            Kernel::Vendored(vendored) => self.vendor_modules(vendored, image, progress)?,
            Kernel::File(path) => {
                let why = format!("{} is of no package", path.display());
                return Err(ObtainError::unavailable(why));
            }
        };
        progress.step(&format!("{kernel}: unpacking its {what}"));
        let taken = (part.take)(&packages).map_err(|error| {
            let files = packages.iter().map(|it| it.display().to_string());
            let file = files.collect::<Vec<_>>().join(", ");
            error.of(&file, &format!("a package with its {what}"), || {
                format!("read {file}")
            })
        })?;
        let keeping = || format!("keep its {what}");
        all.keep(&image.sha256, &taken).attempt(keeping)?;
        if self.config_at_hand(image).is_none() {
            self.keep_config(&packages, &image.sha256);
        }
        for package in packages {
            let _ = fs::remove_file(package);
        }
        found().ok_or_else(|| {
            let why = format!("its {what} was altered as soon as it was kept");
            ObtainError::unavailable(why)
        })
    }

    /// The verified package, downloaded.
    fn package_of_part(
        &self,
        name: &str,
        entry: &Entry,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
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
                match self.package_from(&site, suite, entry.arch(), name, image, progress) {
                    Ok(deb) => return Ok(deb),
                    Err(error) => reasons.note(error, progress)?,
                }
            }
        }
        Err(reasons.error())
    }

    fn package_from(
        &self,
        site: &Site,
        suite: &str,
        arch: &Arch,
        name: &str,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
        let read = |text| read_index(text, |listed| listed == name);
        let index = (self.archives).suite(site, suite, arch, read, progress)?;
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

/// What belongs to an image, and is taken out of its packages once.
struct Part<'a> {
    kept: Option<&'a KeptFiles>,
    what: &'static str,
    package: String,
    take: fn(&[PathBuf]) -> Result<Vec<u8>, PackageError>,
}

/// The package with the modules of the image in a package, or with its configuration
/// (`base`). `linux-binary-*`, which holds the image since 6.19, has them beside it.
fn package_beside(image: &str, kind: &str) -> String {
    match image.strip_prefix("linux-binary-") {
        Some(rest) => format!("linux-{kind}-{}", rest.trim_end_matches("-unsigned")),
        None => image.to_owned(),
    }
}
