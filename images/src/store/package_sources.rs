//! Packages from the sources that may have them. Kernels and tools share it.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::debian::archive::{Archive, Site};
use crate::files::hash::FileSum;
use crate::http::download::fetch_file;
use crate::http::locked;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::messages::reasons::Reasons;
use crate::package::MAX_PACKAGE;
use crate::parallel::side_by_side;
use crate::store::Store;

/// How many packages are downloaded at the same time.
const STREAMS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// A package to be downloaded, and the sites that may have it, in the order in which
/// they are asked.
pub(crate) struct WantedPackage {
    pub(crate) file: FileSum,
    pub(crate) sites: Vec<Site>,
}

/// A package that was downloaded and verified, and the site that had it.
pub(crate) type Fetched = (PathBuf, Site);

impl Store {
    /// What `read` finds of each suite at each live mirror. A mirror without the suite
    /// is passed over; why others are of no use goes to `reasons`.
    pub(crate) fn offers<'a, T>(
        &self,
        suites: impl IntoIterator<Item = &'a str>,
        read: impl Fn(&Site, &str) -> Result<T, ObtainError>,
        reasons: &mut Reasons,
        progress: &dyn Progress,
    ) -> Result<Vec<(Site, T)>, ObtainError> {
        let mut offers = Vec::new();
        for suite in suites {
            let archive = Archive::of_suite(suite);
            let (sites, _) = self.mirrors.live(archive, &self.archives, progress);
            for site in sites {
                match read(&site, suite) {
                    Ok(offer) => offers.push((site, offer)),
                    Err(ObtainError::Unavailable { .. }) => {}
                    Err(error) => reasons.note(error, progress)?,
                }
            }
        }
        Ok(offers)
    }

    /// Downloads a package from a site and verifies it; `None` where the site has no
    /// such file. The caller holds the lock of what it is for.
    pub(crate) fn fetch_from(
        &self,
        site: &Site,
        file: &FileSum,
        progress: &dyn Progress,
    ) -> Result<Option<PathBuf>, ObtainError> {
        let url = format!("{}/{}", site.base, file.path);
        if file.size > MAX_PACKAGE {
            let limit = format!("at most {MAX_PACKAGE} bytes");
            let found = format!("{} bytes", file.size);
            return Err(ObtainError::verification(url, limit, found));
        }
        let partial = self.cache.partial();
        fetch_file(&self.archives.client, &url, file, &partial, progress)
    }

    /// The reason where a site has no such file or version.
    pub(crate) fn has_no(&self, site: &Site, what: &str) -> String {
        format!("{} has no {what}", self.archives.client.title(&site.base))
    }

    /// Downloads many packages, several at a time, told of as one transfer. A package
    /// that fails verification is an error only where no other site has the right one.
    pub(crate) fn fetch_all(
        &self,
        title: &str,
        wanted: &[WantedPackage],
        progress: &dyn Progress,
    ) -> Result<Vec<Fetched>, ObtainError> {
        let together = Together::new(title, wanted, progress);
        let failed = AtomicBool::new(false);
        let fetch = |one: &WantedPackage| {
            // The others are of no use without one that failed.
            let result =
                (!failed.load(Ordering::Relaxed)).then(|| self.fetch_one(one, &together))?;
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            Some(result)
        };
        let mut all = Vec::new();
        let mut reasons = Reasons::default();
        side_by_side(STREAMS, wanted, fetch, |result| match result {
            Some(Ok(fetched)) => all.push(fetched),
            Some(Err(of_one)) => reasons.extend(of_one),
            None => {}
        });
        progress.finished(title);
        match all.len() == wanted.len() {
            true => Ok(all),
            false => Err(reasons.error()),
        }
    }

    fn fetch_one(
        &self,
        wanted: &WantedPackage,
        progress: &dyn Progress,
    ) -> Result<Fetched, Reasons> {
        let mut reasons = Reasons::default();
        for site in &wanted.sites {
            match self.fetch_from(site, &wanted.file, progress) {
                Ok(Some(path)) => return Ok((path, site.clone())),
                Ok(None) => reasons.add(self.has_no(site, wanted.file.name())),
                Err(error) => {
                    if let Err(error) = reasons.note(error, progress) {
                        reasons.refused = Some(error);
                        break;
                    }
                }
            }
        }
        Err(reasons)
    }
}

/// Reports many transfers as one.
struct Together<'a> {
    title: &'a str,
    inner: &'a dyn Progress,
    /// Bytes there are of each, and how many of them were reported.
    under_way: Mutex<HashMap<String, (u64, u64)>>,
}

impl<'a> Together<'a> {
    fn new(title: &'a str, wanted: &[WantedPackage], inner: &'a dyn Progress) -> Self {
        let total = wanted.iter().map(|wanted| wanted.file.size).sum();
        inner.started(title, Some(total));
        Self {
            title,
            inner,
            under_way: Mutex::default(),
        }
    }
}

impl Progress for Together<'_> {
    fn started(&self, name: &str, _: Option<u64>) {
        let mut under_way = locked(&self.under_way);
        under_way.entry(name.to_owned()).or_default().0 = 0;
    }

    fn advanced(&self, name: &str, bytes: u64) {
        let mut under_way = locked(&self.under_way);
        let (there, told) = under_way.entry(name.to_owned()).or_default();
        *there += bytes;
        // What comes for the second time was reported before.
        let new = there.saturating_sub(*told);
        *told += new;
        drop(under_way);
        self.inner.advanced(self.title, new);
    }

    fn note(&self, text: &str) {
        self.inner.note(text);
    }
}
