//! A vendor's kernel: from the cache, or from the archives of its source.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalogue::identity::{Identity, Vendor, default_arch};
use crate::debian::archive::{Archives, Site};
use crate::debian::debian_version::{is_plain, newest_by};
use crate::debian::keyring::Signer;
use crate::debian::packages::Package;
use crate::debian::publisher::Publisher;
use crate::http::download::length;
use crate::http::locked;
use crate::messages::error::ObtainError;
use crate::messages::one_line::without_credentials;
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::sources::{Source, SourceOffer, UNKNOWN_SIZE, VendorKernel};
use crate::store::cache::{About, Cached};
use crate::store::pins::Pin;
use crate::store::{Image, Store};

/// The directory of a vendor's image in that of its version, which has the flavour.
const FLAVOUR: &str = "image";

/// An archive of a source, and what it has.
type SiteOffer = (Site, SourceOffer);

impl Store {
    /// Obtains a kernel of a vendor's source. May be called from several threads at once.
    ///
    /// What is pinned, and a version that is named, come from the cache, else from the
    /// archives. A release means what its archive says today; where no archive can be
    /// asked, the newest that it once meant and that is in the cache stands in.
    ///
    /// # Errors
    /// See [`ObtainError`]; `Unavailable` means only that no archive has it.
    pub fn obtain_vendored(
        &self,
        wanted: &VendorKernel,
        progress: &dyn Progress,
    ) -> Result<Image, ObtainError> {
        let (name, source) = (wanted.name(), self.source_of(wanted)?);
        let vendor = Vendor::named(&wanted.source).unwrap_or_default();
        self.pins.refresh();
        let pin = self.pins.named(&name, &vendor);
        let known = match &pin {
            Some(pin) => Some(pin.identity()),
            None => (!wanted.moves).then(|| identity(&vendor, &wanted.wanted)),
        };
        if let Some(cached) = known.as_ref().and_then(|kernel| self.kept(kernel)) {
            return Ok(Image::from_cache(cached));
        }
        if let Some(pin) = &pin {
            return self.obtain_pinned(source, &name, pin, progress);
        }
        // What an archive says of such a name does not change.
        if !wanted.moves
            && let Some(cached) = self.cached_answer(&name)
        {
            return Ok(Image::from_cache(cached));
        }
        if self.locked && wanted.moves {
            let why = format!("--locked refuses {name}, which is not pinned");
            return Err(ObtainError::unavailable(why));
        }
        match self.ask(source, &wanted.wanted, progress) {
            Ok(offer) => self.obtain_offered(source, wanted, offer, progress),
            Err(ObtainError::Unavailable { why }) => {
                let Some(cached) = self.cached_answer(&name) else {
                    return Err(ObtainError::unavailable(why));
                };
                let version = &cached.about.debian_version;
                progress.note(&format!("{name}: {version} of the cache serves: {why}"));
                Ok(Image::from_cache(cached))
            }
            Err(error) => Err(error),
        }
    }

    fn source_of(&self, wanted: &VendorKernel) -> Result<&Source, ObtainError> {
        let missing = || ObtainError::unavailable(format!("there is no source {}", wanted.source));
        self.sources.named(&wanted.source).ok_or_else(missing)
    }

    /// The archives of a source, once its keys were read.
    pub(super) fn archives_of(&self, source: &Source) -> Result<Arc<Archives>, ObtainError> {
        let mut all = locked(&self.of_sources);
        if let Some(known) = all.get(&source.name) {
            return Ok(known.clone());
        }
        let publisher = Publisher::vendor(&source.name, source.origin(), source.keyring()?);
        // With one client, hosts that are down, and the first source, are the same for all.
        let (cache, client) = (self.cache.dir.clone(), Arc::clone(&self.archives.client));
        let archives = Arc::new(Archives::new(publisher, cache, client));
        all.insert(source.name.clone(), archives.clone());
        Ok(archives)
    }

    /// What the first archive that has an answer says.
    fn ask(
        &self,
        source: &Source,
        wanted: &str,
        progress: &dyn Progress,
    ) -> Result<SiteOffer, ObtainError> {
        let archives = self.archives_of(source)?;
        let mut reasons = Reasons::default();
        for archive in &source.archives {
            match source.find(&archives, archive, wanted, progress) {
                Ok(offer) => return Ok((Site::live(archive), offer)),
                Err(error) => reasons.note(error, progress)?,
            }
        }
        Err(reasons.error())
    }

    fn obtain_offered(
        &self,
        source: &Source,
        wanted: &VendorKernel,
        (site, offer): SiteOffer,
        progress: &dyn Progress,
    ) -> Result<Image, ObtainError> {
        let (name, vendor) = (wanted.name(), Vendor::named(&wanted.source));
        // It becomes the name of a directory.
        if !is_plain(&offer.version) {
            let why = format!("{:?} is no version of a package", offer.version);
            return Err(ObtainError::unavailable(why));
        }
        let kernel = identity(&vendor.unwrap_or_default(), &offer.version);
        let _lock = self.lock(&kernel, progress)?;
        // Another run may have obtained it, or this name may have meant it before.
        if let Some(cached) = self.kept(&kernel) {
            return Ok(Image::from_cache(cached));
        }
        self.cache.remove_altered(&kernel, None, progress)?;
        let (package, own) = self.fetch_checked(source, &site, &offer, &offer.image, progress)?;
        if wanted.moves {
            let archives = self.archives_of(source)?;
            source.saw(&archives, &wanted.wanted, &offer.version);
        }
        progress.step(&format!("{}: unpacking its kernel", offer.image.name));
        let about = About {
            asked_for: Some(name.clone()),
            ..About::of_package(kernel.clone(), &site, &offer.image)
        };
        let cached = self.keep_image(&package, about, FLAVOUR, None, Some(&offer.evidence))?;
        if let Some(signer) = own.or(offer.signer) {
            let image = &offer.image;
            self.pin_image(&name, kernel, None, image, &signer, &cached, progress);
        }
        Ok(Image::fresh(cached))
    }

    /// The pinned package, from any archive of the source; its hash says that it is right.
    fn obtain_pinned(
        &self,
        source: &Source,
        name: &str,
        pin: &Pin,
        progress: &dyn Progress,
    ) -> Result<Image, ObtainError> {
        let malformed = || ObtainError::unavailable(format!("the pin of {name} is malformed"));
        let package = pin.package().ok_or_else(malformed)?;
        let kernel = pin.identity();
        let _lock = self.lock(&kernel, progress)?;
        if let Some(cached) = self.kept(&kernel) {
            return Ok(Image::from_cache(cached));
        }
        self.cache
            .remove_altered(&kernel, Some(&pin.image_sha256), progress)?;
        let mut reasons = Reasons::default();
        for archive in &source.archives {
            let site = Site::live(archive);
            match self.fetch_sized(source, &site, &package, progress) {
                Ok(deb) => {
                    let about = About::of_package(kernel, &site, &package);
                    let image = Some(pin.image_sha256.as_str());
                    return self
                        .keep_image(&deb, about, FLAVOUR, image, None)
                        .map(Image::fresh);
                }
                Err(error) => reasons.note(error, progress)?,
            }
        }
        Err(reasons.error())
    }

    /// Downloads a package and verifies it. Where only its hash is known, the archive says
    /// how large it is, within the limit of all packages.
    fn fetch_sized(
        &self,
        source: &Source,
        site: &Site,
        package: &Package,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
        let missing = || {
            let title = &source.name;
            let (archive, file) = (without_credentials(&site.base), package.file.name());
            ObtainError::unavailable(format!("{title}: {archive} has no {file}"))
        };
        let mut file = package.file.clone();
        if file.size == UNKNOWN_SIZE {
            let url = format!("{}/{}", site.base, file.path);
            file.size = length(&self.archives.client, &url)?.ok_or_else(missing)?;
        }
        self.fetch_from(site, &file, progress)?.ok_or_else(missing)
    }

    /// The same; and who signed it, where it vouches for itself. What is not signed as it
    /// should be is not kept.
    fn fetch_checked(
        &self,
        source: &Source,
        site: &Site,
        offer: &SourceOffer,
        package: &Package,
        progress: &dyn Progress,
    ) -> Result<(PathBuf, Option<Signer>), ObtainError> {
        let archives = self.archives_of(source)?;
        let file = self.fetch_sized(source, site, package, progress)?;
        match source.check_package(&archives, &offer.evidence, package, &file, progress) {
            Ok(signer) => Ok((file, signer)),
            Err(error) => {
                let _ = fs::remove_file(file);
                Err(error)
            }
        }
    }

    /// The newest image in the cache that the archive once answered this name with.
    fn cached_answer(&self, name: &str) -> Option<Cached> {
        let images = self.cache.kernel_images().into_iter();
        let answers = images.filter(|cached| cached.about.asked_for.as_deref() == Some(name));
        let newest = newest_by(answers, |cached| &cached.about.debian_version)?;
        self.kept(&newest.about.identity())
    }

    /// The verified packages with the modules and the configuration of an image, downloaded.
    pub(super) fn vendor_modules(
        &self,
        wanted: &VendorKernel,
        image: &Image,
        progress: &dyn Progress,
    ) -> Result<Vec<PathBuf>, ObtainError> {
        let source = self.source_of(wanted)?;
        // A release means another kernel by now, perhaps.
        let asked = match wanted.moves {
            true => &image.debian_version,
            false => &wanted.wanted,
        };
        let (site, offer) = self.ask(source, asked, progress)?;
        let fetch = |package| self.fetch_checked(source, &site, &offer, package, progress);
        let packages = offer.modules.iter().map(fetch);
        packages.map(|fetched| Ok(fetched?.0)).collect()
    }
}

fn identity(vendor: &Vendor, version: &str) -> Identity {
    Identity {
        vendor: vendor.clone(),
        version: version.to_owned(),
        arch: default_arch(),
    }
}
