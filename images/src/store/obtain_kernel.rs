//! The search for one kernel: cache, mirrors, snapshot archive, another version.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::catalogue::identity::Identity;
use crate::catalogue::{Entry, Kernel};
use crate::debian::archive::{Archive, Site, SuiteIndex};
use crate::debian::debian_version::{is_plain, newest_by, without_rebuild};
use crate::debian::evidence::Evidence;
use crate::debian::keyring::Signer;
use crate::debian::packages::{Package, exactly, newest, read_kernels};
use crate::files::FileLock;
use crate::files::hash::Hasher;
use crate::http::guard;
use crate::local::foreign_image;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::store::cache::{About, Cached, CachedKind};
use crate::store::pins::Pin;
use crate::store::{Image, Store};

/// A package that may be used in place of another, and where it is listed.
type KernelSubstitute = (Site, Arc<SuiteIndex>, Package);

impl Store {
    /// Obtains a kernel that is named, of the catalogue or of a vendor's source.
    ///
    /// # Errors
    /// See [`ObtainError`]; a file is not obtained.
    pub fn obtain_any(
        &self,
        kernel: &Kernel,
        progress: &dyn Progress,
    ) -> Result<Image, ObtainError> {
        match kernel {
            Kernel::Catalogued(entry) => self.obtain(entry, progress),
            Kernel::Vendored(wanted) => self.obtain_vendored(wanted, progress),
            Kernel::File(path) => Err(ObtainError::unavailable(format!(
                "{} is a file of this machine",
                path.display()
            ))),
        }
    }

    /// Obtains a kernel of the catalogue. May be called from several threads at once.
    ///
    /// It comes from the cache, else from the mirrors that were named, those of
    /// this machine's apt, or the snapshot archive, in this order. Only when
    /// none of them has that version, and the store is not locked, the newest
    /// version of the same series that a mirror has is taken.
    ///
    /// # Errors
    /// See [`ObtainError`]; `Unavailable` means only that no source has it.
    pub fn obtain(&self, entry: &Entry, progress: &dyn Progress) -> Result<Image, ObtainError> {
        // It becomes the name of a directory.
        if !is_plain(&entry.debian) {
            let why = format!("{:?} is no Debian version", entry.debian);
            return Err(ObtainError::unavailable(why));
        }
        if let Some(image) = self.at_hand(entry) {
            return Ok(image);
        }
        let result = self.search(entry, progress);
        let Err(ObtainError::Io { source, .. }) = &result else {
            return result;
        };
        // The cache may be another user's, to be read only.
        if !may_only_be_read(source) || self.locked {
            return result;
        }
        let Some(image) = self.cached_substitute(entry) else {
            return result;
        };
        let there = self.cache.dir.display();
        progress.note(&format!("{there} cannot be written to: what it has serves"));
        Ok(image)
    }

    /// What is asked for, if it is there, intact, and pinned or proved.
    fn at_hand(&self, entry: &Entry) -> Option<Image> {
        let kernel = entry.identity();
        let cached = match self.pins.pin(&entry.name, &kernel) {
            Some(pin) => self.cache.find(&kernel, Some(&pin.image_sha256)),
            None => self.kept(&kernel),
        };
        cached.map(Image::from_cache)
    }

    /// The search for what is not in the cache.
    fn search(&self, entry: &Entry, progress: &dyn Progress) -> Result<Image, ObtainError> {
        let mut reasons = Reasons::default();
        {
            let kernel = entry.identity();
            let _lock = self.lock(&kernel, progress)?;
            self.pins.refresh();
            // Another run may have obtained it while the lock was waited for.
            if let Some(image) = self.at_hand(entry) {
                return Ok(image);
            }
            let pin = self.pins.pin(&entry.name, &kernel);
            let sha256 = pin.as_ref().map(|pin| pin.image_sha256.as_str());
            self.cache.remove_altered(&kernel, sha256, progress)?;
            if let Some(image) = self.obtain_exactly(entry, pin.as_ref(), &mut reasons, progress)? {
                return Ok(image);
            }
        }
        if self.locked {
            reasons.add("--locked refuses another version".to_owned());
        } else if let Some(image) = self.obtain_substitute(entry, &mut reasons, progress)? {
            return Ok(image);
        }
        Err(reasons.error())
    }

    pub(super) fn lock(
        &self,
        kernel: &Identity,
        progress: &dyn Progress,
    ) -> Result<FileLock, ObtainError> {
        let name = format!("kernel-{}", kernel.dir_name());
        guard::lock(&self.cache.dir, &name, progress)
    }

    fn obtain_exactly(
        &self,
        entry: &Entry,
        pin: Option<&Pin>,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Option<Image>, ObtainError> {
        let of_suite = Archive::of_suite(&entry.suite);
        let archive = pin.and_then(|pin| pin.archive).unwrap_or(of_suite);
        let (mut sites, problems) = self.mirrors.live(archive, &self.archives, progress);
        problems.iter().for_each(|why| reasons.add(why.clone()));
        sites.extend(self.mirrors.snapshots(of_suite, entry.uploaded));
        for site in sites {
            match self.obtain_from(&site, entry, pin, progress) {
                Ok(image) => return Ok(Some(image)),
                Err(error) => reasons.note(error, progress)?,
            }
        }
        Ok(None)
    }

    fn obtain_from(
        &self,
        site: &Site,
        entry: &Entry,
        pin: Option<&Pin>,
        progress: &dyn Progress,
    ) -> Result<Image, ObtainError> {
        // A pin already has the hash: the index is not needed.
        if let Some(pin) = pin
            && let Some(package) = pin.package()
            && let Some(cached) = self.take(site, &package, entry, Some(pin), None, progress)?
        {
            return Ok(Image::fresh(cached));
        }
        let missing = || ObtainError::unavailable(self.has_no(site, &entry.debian));
        let suite =
            (self.archives).kernels(site, &entry.suite, entry.arch(), read_kernels, progress)?;
        let package = exactly(&suite.packages, &entry.debian).ok_or_else(missing)?;
        if let Some(pin) = pin.filter(|pin| pin.sha256 != package.file.sha256) {
            let file = format!("{} ({} in kernels.lock)", package.file.path, entry.name);
            let found = &package.file.sha256;
            return Err(ObtainError::verification(file, &pin.sha256, found));
        }
        let cached = self
            .take(site, package, entry, pin, Some(&suite), progress)?
            .ok_or_else(missing)?;
        self.remember(entry, package, &suite.signer, &cached, progress);
        Ok(Image::fresh(cached))
    }

    /// The newest kernel of the same series that a mirror or the cache has.
    fn obtain_substitute(
        &self,
        entry: &Entry,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Option<Image>, ObtainError> {
        let Some((site, suite, package)) = self.find_substitute(entry, reasons, progress)? else {
            return Ok(self.cached_substitute(entry));
        };
        let kernel = entry
            .identity()
            .with_version(without_rebuild(&package.version));
        let kept = || {
            let cached = self.kept(&kernel)?;
            Some(Image::from_cache(cached).instead_of(entry))
        };
        if let Some(image) = kept() {
            return Ok(Some(image));
        }
        let _lock = self.lock(&kernel, progress)?;
        // Another run may have obtained it while the lock was waited for.
        if let Some(image) = kept() {
            return Ok(Some(image));
        }
        self.cache.remove_altered(&kernel, None, progress)?;
        let cached = match self.take(&site, &package, entry, None, Some(&suite), progress) {
            Ok(Some(cached)) => cached,
            Ok(None) => return Ok(None),
            Err(error) => {
                reasons.note(error, progress)?;
                return Ok(None);
            }
        };
        if kernel.version == entry.debian {
            // It was in another suite than the catalogue says.
            self.remember(entry, &package, &suite.signer, &cached, progress);
        }
        Ok(Some(Image::fresh(cached).instead_of(entry)))
    }

    /// An image of this kernel that is intact, and pinned or proved.
    pub(super) fn kept(&self, kernel: &Identity) -> Option<Cached> {
        let pinned = self.pins.image_of(kernel);
        let cached = self.cache.find(kernel, pinned.as_deref())?;
        (pinned.is_some() || self.is_proved(&cached)).then_some(cached)
    }

    /// The newest of the same series that the cache has.
    fn cached_substitute(&self, entry: &Entry) -> Option<Image> {
        let series = entry.version().series();
        let of_series = |cached: &Cached| {
            cached.about.arch == entry.arch
                && guest::Version::leading(&cached.about.debian_version)
                    .is_ok_and(|(version, _)| version.series() == series)
        };
        let images = self.cache.kernel_images().into_iter().filter(of_series);
        let newest = newest_by(images, |cached| &cached.about.debian_version)?;
        let kernel = entry.identity().with_version(&newest.about.debian_version);
        Some(Image::from_cache(self.kept(&kernel)?).instead_of(entry))
    }

    fn find_substitute(
        &self,
        entry: &Entry,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Option<KernelSubstitute>, ObtainError> {
        let refused = reasons.refused.is_some();
        let others = self.substitutes.iter().filter(|name| **name != entry.suite);
        let suites = std::iter::once(&entry.suite).chain(others);
        let offers = self.offers(
            suites.map(String::as_str),
            |site, suite| {
                (self.archives).kernels(site, suite, entry.arch(), read_kernels, progress)
            },
            reasons,
            progress,
        )?;
        let candidates = offers.into_iter().filter_map(|(site, suite)| {
            let package = newest(&suite.packages, entry.version().series())?.clone();
            // What was refused is not asked for a second time.
            let is_refused = refused && without_rebuild(&package.version) == entry.debian;
            let candidate = !is_refused && !self.contradicts_a_pin(entry, &package);
            candidate.then_some((site, suite, package))
        });
        Ok(newest_by(candidates, |(.., package)| &package.version))
    }

    /// Whether a package claims to be the pinned version, and is another.
    fn contradicts_a_pin(&self, entry: &Entry, package: &Package) -> bool {
        let kernel = entry
            .identity()
            .with_version(without_rebuild(&package.version));
        let pin = self.pins.pin(&entry.name, &kernel);
        pin.is_some_and(|pin| pin.sha256 != package.file.sha256)
    }

    /// Downloads a package and keeps its kernel; `None` where the site has no
    /// such file.
    fn take(
        &self,
        site: &Site,
        package: &Package,
        entry: &Entry,
        pin: Option<&Pin>,
        suite: Option<&SuiteIndex>,
        progress: &dyn Progress,
    ) -> Result<Option<Cached>, ObtainError> {
        let Some(deb) = self.fetch_from(site, &package.file, progress)? else {
            return Ok(None);
        };
        progress.step(&format!("{}: unpacking its kernel", package.name));
        let kernel = entry
            .identity()
            .with_version(without_rebuild(&package.version));
        let about = About::of_package(kernel, site, package);
        let flavour = Package::flavour_of(&package.name).map_or("other", |(_, flavour)| flavour);
        let image = pin.map(|pin| pin.image_sha256.as_str());
        let evidence = suite.map(|suite| &suite.evidence);
        self.keep_image(&deb, about, flavour, image, evidence)
            .map(Some)
    }

    /// Keeps the kernel of a verified package: with what proves it, unless the hash of the
    /// image is pinned.
    pub(super) fn keep_image(
        &self,
        deb: &Path,
        mut about: About,
        flavour: &str,
        pinned: Option<&str>,
        evidence: Option<&Evidence>,
    ) -> Result<Cached, ObtainError> {
        let kernel = about.identity();
        let name = format!("{}-{flavour}", kernel.dir_name());
        let cached = self.cache.insert(CachedKind::Kernel, &name, |new| {
            let action = || format!("write {}", new.display());
            let mut image = File::create_new(new.join("vmlinuz")).attempt(action)?;
            let bytes = foreign_image(deb).map_err(|error| {
                error.of(&about.source, "a package with a kernel image", action)
            })?;
            image.write_all(&bytes).attempt(action)?;
            about.size = bytes.len() as u64;
            about.sha256 = Hasher::of(&bytes);
            if let Some(expected) = pinned.filter(|it| **it != about.sha256) {
                let file = format!("the image in {}", about.source);
                return Err(ObtainError::verification(file, expected, &about.sha256));
            }
            // What is pinned needs no proof.
            if let Some(evidence) = evidence.filter(|_| pinned.is_none()) {
                let package = [(deb, "package.deb".to_owned())];
                (evidence.keep(&new.join("proof"), &package)).attempt(action)?;
            }
            image.sync_all().attempt(action)?;
            self.keep_config(&[deb.to_owned()], &about.sha256);
            Ok((about, self.cache.kernel_dir(&kernel).join(flavour)))
        });
        self.thin_out_proofs();
        // Where the disk was full, it need not be downloaded again.
        if !matches!(cached, Err(ObtainError::Io { .. })) {
            let _ = fs::remove_file(deb);
        }
        cached
    }

    /// Pins what was verified through signatures.
    fn remember(
        &self,
        entry: &Entry,
        package: &Package,
        signer: &Signer,
        cached: &Cached,
        progress: &dyn Progress,
    ) {
        let archive = match package.file.path.starts_with("pool/updates/") {
            true => Archive::Security,
            false => Archive::Debian,
        };
        let kernel = entry.identity();
        self.pin_image(
            &entry.name,
            kernel,
            Some(archive),
            package,
            signer,
            cached,
            progress,
        );
    }

    /// Pins an image under a name, unless that is pinned.
    #[expect(clippy::too_many_arguments, reason = "all of them are what a pin says")]
    pub(super) fn pin_image(
        &self,
        name: &str,
        kernel: Identity,
        archive: Option<Archive>,
        package: &Package,
        signer: &Signer,
        cached: &Cached,
        progress: &dyn Progress,
    ) {
        let is_pinned = || self.pins.pin(name, &kernel).is_some();
        if self.locked || is_pinned() {
            return;
        }
        let pin = Pin {
            debian: kernel.version.clone(),
            vendor: kernel.vendor.clone(),
            arch: kernel.arch.clone(),
            package: package.name.clone(),
            archive,
            path: package.file.path.clone(),
            size: package.file.size,
            sha256: package.file.sha256.clone(),
            image_size: cached.about.size,
            image_sha256: cached.about.sha256.clone(),
            signer: signer.fingerprint.clone(),
            signed: signer.signed,
        };
        // The kernel is verified all the same; a read-only checkout is no reason to fail.
        if let Err(error) = self.pins.add(name, pin) {
            progress.note(&format!("{name} is not pinned: {error}"));
        }
        if is_pinned() {
            let _ = fs::remove_dir_all(cached.dir().join("proof"));
        }
    }
}

impl Image {
    pub(super) fn fresh(cached: Cached) -> Self {
        Self {
            path: cached.path,
            debian_version: cached.about.debian_version,
            substituted_for: None,
            package: cached.about.package,
            source: cached.about.source,
            size: cached.about.size,
            sha256: cached.about.sha256,
        }
    }

    pub(super) fn from_cache(cached: Cached) -> Self {
        let image = Self::fresh(cached);
        Self {
            source: format!("cache, from {}", image.source),
            ..image
        }
    }

    fn instead_of(self, entry: &Entry) -> Self {
        let substituted = self.debian_version != entry.debian;
        Self {
            substituted_for: substituted.then(|| entry.debian.clone()),
            ..self
        }
    }
}

/// Whether the error says that the cache cannot be written to.
fn may_only_be_read(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
}
