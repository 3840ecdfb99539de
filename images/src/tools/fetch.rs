//! Many small packages, several at a time, told of as one download.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::archive::Site;
use crate::deb::MAX_DEB;
use crate::download::fetch_file;
use crate::error::ObtainError;
use crate::progress::Progress;
use crate::release::FileSum;
use crate::store::Store;

/// How many come at the same time.
const STREAMS: usize = 4;

/// A package to be downloaded, and who may have it.
pub(super) struct Wanted {
    pub(super) file: FileSum,
    /// In the order in which they are asked.
    pub(super) sites: Vec<Site>,
}

/// What came of it.
pub(super) enum Fetched {
    /// All of them: where each is, and which site had it.
    All(Vec<(PathBuf, Site)>),
    /// Somebody was asked for one and nobody has it; why.
    Missing(Vec<String>),
}

impl Store {
    /// Downloads packages; the caller holds the lock of the tools. What is not what
    /// it should be is an error only where no other site has the right one.
    pub(super) fn fetch_packages(
        &self,
        title: &str,
        wanted: &[Wanted],
        progress: &dyn Progress,
    ) -> Result<Fetched, ObtainError> {
        let together = Together::new(title, wanted, progress);
        let next = AtomicUsize::new(0);
        let found: Vec<Mutex<Option<Found>>> = wanted.iter().map(|_| Mutex::default()).collect();
        thread::scope(|scope| {
            for _ in 0..STREAMS.min(wanted.len()) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(one), Some(slot)) = (wanted.get(at), found.get(at)) else {
                            return;
                        };
                        let result = self.fetch_one(one, &together);
                        if !matches!(result, Found::Here(..)) {
                            // The others are of no use without it.
                            next.store(wanted.len(), Ordering::Relaxed);
                        }
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    }
                });
            }
        });
        progress.finished(title);
        let mut all = Vec::new();
        let mut missing = Vec::new();
        for slot in found {
            match slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(Found::Here(path, site)) => all.push((path, site)),
                Some(Found::Nowhere(why)) => missing.extend(why),
                Some(Found::Failed(error)) => return Err(error),
                None => {}
            }
        }
        missing.sort();
        missing.dedup();
        match all.len() == wanted.len() {
            true => Ok(Fetched::All(all)),
            false => Ok(Fetched::Missing(missing)),
        }
    }

    fn fetch_one(&self, wanted: &Wanted, progress: &Together<'_>) -> Found {
        let client = &self.archives.client;
        let mut reasons = Vec::new();
        let mut refused = None;
        let name = wanted.file.path.rsplit('/').next().unwrap_or_default();
        if wanted.file.size > MAX_DEB {
            let limit = format!("at most {MAX_DEB} bytes");
            let found = format!("{} bytes", wanted.file.size);
            return Found::Failed(ObtainError::verification(name, limit, found));
        }
        for site in &wanted.sites {
            let url = format!("{}/{}", site.base, wanted.file.path);
            let partial = self.cache.partial();
            match fetch_file(client, &url, &wanted.file, &partial, progress) {
                Ok(Some(path)) => return Found::Here(path, site.clone()),
                Ok(None) => reasons.push(format!("{} has no {name}", client.title(&site.base))),
                Err(ObtainError::Unavailable { why }) => reasons.push(why),
                Err(error @ ObtainError::Verification { .. }) => {
                    progress.inner.note(&error.to_string());
                    refused.get_or_insert(error);
                }
                Err(error) => return Found::Failed(error),
            }
        }
        refused.map_or(Found::Nowhere(reasons), Found::Failed)
    }
}

enum Found {
    Here(PathBuf, Site),
    Nowhere(Vec<String>),
    Failed(ObtainError),
}

/// Makes one transfer of all.
struct Together<'a> {
    title: &'a str,
    inner: &'a dyn Progress,
    /// Bytes there are of each, and how many of them were told.
    under_way: Mutex<HashMap<String, (u64, u64)>>,
}

impl<'a> Together<'a> {
    fn new(title: &'a str, wanted: &[Wanted], inner: &'a dyn Progress) -> Self {
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
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.entry(name.to_owned()).or_default().0 = 0;
    }

    fn advanced(&self, name: &str, bytes: u64) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (there, told) = under_way.entry(name.to_owned()).or_default();
        *there += bytes;
        // What comes for the second time was told.
        let new = there.saturating_sub(*told);
        *told += new;
        drop(under_way);
        self.inner.advanced(self.title, new);
    }

    fn note(&self, text: &str) {
        self.inner.note(text);
    }
}
