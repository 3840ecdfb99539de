//! The search for one kernel: cache, mirrors, snapshot archive, another version.

use std::fs;
use std::io;

use jiff::Timestamp;

use crate::archive::{Site, Suite};
use crate::cache::{About, Cached};
use crate::catalogue::Entry;
use crate::deb::MAX_DEB;
use crate::debian_version::is_newer;
use crate::download::fetch_file;
use crate::error::ObtainError;
use crate::guard::Guard;
use crate::keyring::Signer;
use crate::lock::{Archive, Pin};
use crate::packages::{Package, exactly, is_plain, newest, without_rebuild};
use crate::progress::Progress;
use crate::reasons::Reasons;
use crate::release::FileSum;
use crate::said::without_credentials;
use crate::store::{Image, Store};

impl Store {
    /// Obtains a kernel. May be called from several threads at once.
    ///
    /// It comes from the cache, else from the mirrors that were named, those of
    /// this machine's apt, or the snapshot archive, in this order. Only when
    /// none of them has that version, and the store is not locked, the newest
    /// version of the same series that a mirror has is taken.
    ///
    /// # Errors
    /// See [`ObtainError`]; only `Unavailable` says nothing bad about anybody.
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
        let cached = match self.lock.pin(&entry.name, &entry.debian) {
            Some(pin) => self.cache.find(&entry.debian, Some(&pin.image_sha256)),
            None => self.kept(&entry.debian),
        };
        cached.map(Image::from_cache)
    }

    /// The search for what is not in the cache.
    fn search(&self, entry: &Entry, progress: &dyn Progress) -> Result<Image, ObtainError> {
        let mut reasons = Reasons::default();
        {
            let _guard = self.guard(&entry.debian, progress)?;
            self.lock.refresh();
            if let Some(image) = self.at_hand(entry) {
                return Ok(image);
            }
            let pin = self.lock.pin(&entry.name, &entry.debian);
            let sha256 = pin.as_ref().map(|pin| pin.image_sha256.as_str());
            self.cache.remove_altered(&entry.debian, sha256, progress)?;
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

    fn guard(&self, debian: &str, progress: &dyn Progress) -> Result<Guard, ObtainError> {
        Guard::acquire(&self.cache.dir, &format!("kernel-{debian}"), progress)
    }

    fn obtain_exactly(
        &self,
        entry: &Entry,
        pin: Option<&Pin>,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Option<Image>, ObtainError> {
        let archive = pin.map_or(Archive::of_suite(&entry.suite), |pin| pin.archive);
        let (mut sites, problems) = self.mirrors.live(archive, &self.archives, progress);
        problems
            .iter()
            .for_each(|problem| reasons.add(problem.clone()));
        sites.extend(self.mirrors.snapshots(entry));
        for site in sites {
            match self.obtain_from(&site, entry, pin, progress) {
                Ok(image) => return Ok(Some(image)),
                Err(ObtainError::Unavailable { why }) => reasons.add(why),
                Err(error) => reasons.refuse(error, progress)?,
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
        // With a pin nobody has to be asked what the hash is.
        if let Some(pin) = pin
            && let Some(package) = Package::pinned(pin)
            && let Some(cached) = self.take(site, &package, Some(pin), None, progress)?
        {
            return Ok(Image::fresh(cached));
        }
        let missing = || {
            let host = self.archives.client.title(&site.base);
            ObtainError::unavailable(format!("{host} has no {}", entry.debian))
        };
        let suite = self.archives.suite(site, &entry.suite, progress)?;
        let package = exactly(&suite.packages, &entry.debian).ok_or_else(missing)?;
        if let Some(pin) = pin.filter(|pin| pin.sha256 != package.file.sha256) {
            let file = format!("{} ({} in kernels.lock)", package.file.path, entry.name);
            return Err(ObtainError::verification(
                file,
                &pin.sha256,
                &package.file.sha256,
            ));
        }
        let cached = self
            .take(site, package, pin, Some(&suite), progress)?
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
        let version = without_rebuild(&package.version);
        if let Some(cached) = self.kept(version) {
            return Ok(Some(Image::from_cache(cached).instead_of(entry)));
        }
        let _guard = self.guard(version, progress)?;
        if let Some(cached) = self.kept(version) {
            return Ok(Some(Image::from_cache(cached).instead_of(entry)));
        }
        self.cache.remove_altered(version, None, progress)?;
        let taken = match self.take(&site, &package, None, Some(&suite), progress) {
            Err(error) => {
                reasons.refuse(error, progress)?;
                None
            }
            Ok(taken) => taken,
        };
        let Some(cached) = taken else {
            return Ok(None);
        };
        if version == entry.debian {
            // It was in another suite than the catalogue says.
            self.remember(entry, &package, &suite.signer, &cached, progress);
        }
        Ok(Some(Image::fresh(cached).instead_of(entry)))
    }

    /// An image of this version that is intact, and pinned or proved.
    fn kept(&self, debian: &str) -> Option<Cached> {
        let pinned = self.lock.image_of(debian);
        let cached = self.cache.find(debian, pinned.as_deref())?;
        (pinned.is_some() || self.is_proved(&cached)).then_some(cached)
    }

    /// The newest of the same series that the cache has.
    fn cached_substitute(&self, entry: &Entry) -> Option<Image> {
        let series = entry.version().series();
        let of_series = |cached: &Cached| {
            guest::Version::leading(&cached.about.debian_version)
                .is_ok_and(|(version, _)| version.series() == series)
        };
        let versions = self.cache.kernel_images().into_iter().filter(of_series);
        let newest = versions
            .map(|cached| cached.about.debian_version)
            .reduce(|best, other| if is_newer(&other, &best) { other } else { best })?;
        let cached = self.kept(&newest)?;
        Some(Image::from_cache(cached).instead_of(entry))
    }

    fn find_substitute(
        &self,
        entry: &Entry,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Option<(Site, std::sync::Arc<Suite>, Package)>, ObtainError> {
        let series = entry.version().series();
        let mut best: Option<(Site, std::sync::Arc<Suite>, Package)> = None;
        let own = std::iter::once(&entry.suite);
        for name in own.chain(self.substitutes.iter().filter(|name| **name != entry.suite)) {
            let (sites, _) = self
                .mirrors
                .live(Archive::of_suite(name), &self.archives, progress);
            for site in sites {
                let suite = match self.archives.suite(&site, name, progress) {
                    Ok(suite) => suite,
                    Err(ObtainError::Unavailable { .. }) => continue,
                    Err(error) => {
                        reasons.refuse(error, progress)?;
                        continue;
                    }
                };
                let Some(package) = newest(&suite.packages, series).cloned() else {
                    continue;
                };
                // What was refused is not asked for a second time.
                let is_it = without_rebuild(&package.version) == entry.debian;
                if is_it && reasons.refused.is_some() || self.contradicts_a_pin(entry, &package) {
                    continue;
                }
                if best
                    .as_ref()
                    .is_none_or(|(.., best)| is_newer(&package.version, &best.version))
                {
                    best = Some((site, suite, package));
                }
            }
        }
        Ok(best)
    }

    /// Whether a package says it is the pinned version, and is another.
    fn contradicts_a_pin(&self, entry: &Entry, package: &Package) -> bool {
        let pin = self
            .lock
            .pin(&entry.name, without_rebuild(&package.version));
        pin.is_some_and(|pin| pin.sha256 != package.file.sha256)
    }

    /// Downloads a package and keeps its kernel; `None` where the site has no
    /// such file.
    fn take(
        &self,
        site: &Site,
        package: &Package,
        pin: Option<&Pin>,
        suite: Option<&Suite>,
        progress: &dyn Progress,
    ) -> Result<Option<Cached>, ObtainError> {
        let FileSum { path, size, .. } = &package.file;
        let url = format!("{}/{path}", site.base);
        if *size > MAX_DEB {
            let limit = format!("at most {MAX_DEB} bytes");
            return Err(ObtainError::verification(
                url,
                limit,
                format!("{size} bytes"),
            ));
        }
        let client = &self.archives.client;
        let partial = self.cache.partial();
        let Some(deb) = fetch_file(client, &url, &package.file, &partial, progress)? else {
            return Ok(None);
        };
        let about = About {
            debian_version: without_rebuild(&package.version).to_owned(),
            package: package.name.clone(),
            source: without_credentials(&url),
            size: 0,
            sha256: String::new(),
            obtained: Timestamp::now(),
            substituted_for: None,
        };
        progress.step(&format!("{}: unpacking its kernel", package.name));
        let sha256 = pin.map(|pin| pin.image_sha256.as_str());
        // What is pinned needs no proof.
        let evidence = suite.filter(|_| pin.is_none()).map(|suite| &suite.evidence);
        let cached = (self.cache).insert(&deb, package.flavour, about, sha256, evidence);
        self.thin_out_proofs();
        // Where the disk was full, it need not be downloaded again.
        if !matches!(cached, Err(ObtainError::Io { .. })) {
            let _ = fs::remove_file(&deb);
        }
        cached.map(Some)
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
        if self.locked || self.lock.pin(&entry.name, &entry.debian).is_some() {
            return;
        }
        let pin = Pin {
            debian: entry.debian.clone(),
            package: package.name.clone(),
            archive: match package.file.path.starts_with("pool/updates/") {
                true => Archive::Security,
                false => Archive::Debian,
            },
            path: package.file.path.clone(),
            size: package.file.size,
            sha256: package.file.sha256.clone(),
            image_size: cached.about.size,
            image_sha256: cached.about.sha256.clone(),
            signer: signer.fingerprint.clone(),
            signed: signer.signed,
        };
        // The kernel is verified all the same; a read-only checkout is no reason to fail.
        if let Err(error) = self.lock.add(&entry.name, pin) {
            progress.note(&format!("{} is not pinned: {error}", entry.name));
        }
        if self.lock.pin(&entry.name, &entry.debian).is_some() {
            let _ = fs::remove_dir_all(cached.dir().join("proof"));
        }
    }
}

impl Image {
    fn fresh(cached: Cached) -> Self {
        Self {
            path: cached.path,
            debian_version: cached.about.debian_version,
            substituted_for: None,
            source: cached.about.source,
            size: cached.about.size,
            sha256: cached.about.sha256,
        }
    }

    fn from_cache(cached: Cached) -> Self {
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

/// Whether an error is that of a cache which somebody else looks after.
fn may_only_be_read(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
}
