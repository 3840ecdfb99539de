//! A Debian archive: from its signed release file to the packages it has.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use guest::Arch;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debian::cleartext;
use crate::debian::evidence::Evidence;
use crate::debian::keyring::{Keyring, Signer};
use crate::debian::newest_release;
use crate::debian::packages::{IndexText, MAX_INDEX, Package, open_index};
use crate::debian::publisher::Publisher;
use crate::debian::release::Release;
use crate::files::hash::FileSum;
use crate::http::by_hash::fetch_kept;
use crate::http::client::Client;
use crate::http::download::fetch_small;
use crate::http::locked;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;

/// Release files have some 200 kB.
const MAX_RELEASE: u64 = 8 << 20;
/// Debian's archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Archive {
    #[serde(rename = "debian")]
    Debian,
    #[serde(rename = "debian-security")]
    Security,
}

impl Archive {
    /// The archive in which a suite is.
    pub(crate) fn of_suite(suite: &str) -> Self {
        match suite.ends_with("-security") {
            true => Self::Security,
            false => Self::Debian,
        }
    }

    /// Its directory on the servers.
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Security => "debian-security",
        }
    }
}

/// The root of an archive, below which are `dists/` and `pool/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    /// Base URL without a final slash.
    pub(crate) base: String,
    /// Whether it is kept up to date, so that an old release file is suspect.
    pub(crate) live: bool,
}

impl Site {
    /// One that is kept up to date.
    pub(crate) fn live(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            live: true,
        }
    }
}

/// Packages of a suite, for which a trusted key vouches.
#[derive(Debug)]
pub(crate) struct SuiteIndex {
    pub(crate) packages: Vec<Package>,
    pub(crate) signer: Signer,
    pub(crate) evidence: Evidence,
}

/// Reads suites; their kernels at most once in a run.
pub(crate) struct Archives {
    pub(crate) client: Arc<Client>,
    pub(crate) publisher: Publisher,
    pub(crate) cache: PathBuf,
    kernels: Mutex<HashMap<(Site, String, &'static Arch), Slot>>,
}

/// Locked while one thread reads the suite, so that others wait for the result.
type Slot = Arc<Mutex<Option<Result<Arc<SuiteIndex>, String>>>>;

impl Archives {
    pub(crate) fn new(publisher: Publisher, cache: PathBuf, client: Arc<Client>) -> Self {
        Self {
            client,
            publisher,
            cache,
            kernels: Mutex::default(),
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        self.publisher.keyring()
    }

    /// The kernels of a suite, as `read` takes them from its index. What is unavailable stays so for this run.
    pub(crate) fn kernels(
        &self,
        site: &Site,
        suite: &str,
        arch: &'static Arch,
        read: fn(IndexText, &'static Arch) -> io::Result<Vec<Package>>,
        progress: &dyn Progress,
    ) -> Result<Arc<SuiteIndex>, ObtainError> {
        let key = (site.clone(), suite.to_owned(), arch);
        let slot = locked(&self.kernels).entry(key).or_default().clone();
        let mut slot = locked(&slot);
        if let Some(known) = &*slot {
            return known.clone().map_err(ObtainError::unavailable);
        }
        let read = |text| read(text, arch);
        let result = self.suite(site, suite, arch, read, progress).map(Arc::new);
        match &result {
            Ok(suite) => *slot = Some(Ok(suite.clone())),
            Err(ObtainError::Unavailable { why }) => *slot = Some(Err(why.clone())),
            Err(_) => {}
        }
        result
    }

    /// What `read` takes from the index of a suite, what vouches for it, and who
    /// signed that.
    pub(crate) fn suite(
        &self,
        site: &Site,
        suite: &str,
        arch: &Arch,
        read: impl FnOnce(IndexText) -> io::Result<Vec<Package>>,
        progress: &dyn Progress,
    ) -> Result<SuiteIndex, ObtainError> {
        let (dir, release) = self.checked_release(site, suite, progress)?;
        let index = |suffix| release.file(&format!("{}{suffix}", arch.debian_index));
        let Some(sum) = index(".xz").or_else(|| index(".gz")) else {
            // The suite never had this architecture.
            let why = format!("no {} in {dir}", arch.debian);
            return Err(ObtainError::unavailable(why));
        };
        let path = self.index(&dir, &release, sum, progress)?;
        // No more is read than the release file says there is.
        let limit = release
            .file(arch.debian_index)
            .map_or(MAX_INDEX, |it| it.size);
        let text = open_index(&path, sum.name(), limit.min(MAX_INDEX));
        let text = text.attempt(|| format!("open {}", path.display()))?;
        let url = format!("{dir}/{}", sum.path);
        let packages =
            read(text).map_err(|error| ObtainError::verification(url, "a package index", error))?;
        Ok(SuiteIndex {
            packages,
            evidence: Evidence {
                name: sum.name().to_owned(),
                index: Some(path),
                release: release.bytes,
            },
            signer: release.signer,
        })
    }

    /// The directory of a suite, and the release file in it: of this suite, signed
    /// and, where the site is live, still valid.
    fn checked_release(
        &self,
        site: &Site,
        suite: &str,
        progress: &dyn Progress,
    ) -> Result<(String, Release), ObtainError> {
        let dir = format!("{}/dists/{suite}", site.base);
        let host = self.client.title(&site.base);
        let Some(release) = self.release(&dir, progress)? else {
            return Err(ObtainError::unavailable(format!("{host} has no {suite}")));
        };
        if !self.publisher.heads(&release, suite) {
            let expected = format!("{} {suite}", self.publisher.title());
            let url = format!("{dir}/InRelease");
            return Err(ObtainError::verification(url, expected, release.title()));
        }
        let outdated = |why: String| {
            let why = format!("{host}: its release file of {suite} {why}");
            progress.note(&why);
            Err(ObtainError::unavailable(why))
        };
        if let Some(until) = release.expired(Timestamp::now()).filter(|_| site.live) {
            return outdated(format!("expired on {}", until.strftime("%F")));
        }
        let signed = release.signer.signed;
        match newest_release::saw(&self.cache, &self.publisher.note_of(suite), signed) {
            Err(newer) if site.live => outdated(format!(
                "is of {}, older than one of {} that was seen before",
                signed.strftime("%F"),
                newer.strftime("%F")
            )),
            _ => Ok((dir, release)),
        }
    }

    /// The release file in a directory, once its signature has been checked;
    /// `None` where there is none.
    pub(crate) fn release(
        &self,
        dir: &str,
        progress: &dyn Progress,
    ) -> Result<Option<Release>, ObtainError> {
        let host = self.client.title(dir);
        progress.step(&format!("asking {host} for its release file"));
        let now = Timestamp::now();
        let small = |name: &str, is_whole: &dyn Fn(&[u8]) -> bool| {
            let url = format!("{dir}/{name}");
            fetch_small(&self.client, &url, MAX_RELEASE, is_whole)
        };
        let any = |_: &[u8]| true;
        let (bytes, opened) = if let Some(file) = small("InRelease", &cleartext::is_whole)? {
            let opened = self.keyring().open(&file, now);
            (vec![("InRelease", file)], opened)
        } else if let Some(file) = small("Release", &any)? {
            let signature = small("Release.gpg", &cleartext::is_whole)?.unwrap_or_default();
            let signer = self.keyring().verify(&file, &signature, now);
            let opened = signer.map(|signer| (String::from_utf8_lossy(&file).into_owned(), signer));
            (vec![("Release", file), ("Release.gpg", signature)], opened)
        } else {
            return Ok(None);
        };
        let url = format!("{dir}/{}", bytes[0].0);
        let wrong = |expected: &str, found| ObtainError::verification(&url, expected, found);
        let publisher = self.publisher.title();
        let expected = format!("a valid signature by a key of the {publisher} archive");
        let (text, signer) = opened.map_err(|found| wrong(&expected, found))?;
        let mut release =
            Release::parse(&text, signer).map_err(|found| wrong("a release file", found))?;
        release.bytes = bytes;
        Ok(Some(release))
    }

    /// A verified index file. It is kept under the name of its hash, so that it
    /// is downloaded again only after the archive has changed.
    fn index(
        &self,
        dir: &str,
        release: &Release,
        sum: &FileSum,
        progress: &dyn Progress,
    ) -> Result<PathBuf, ObtainError> {
        let parent = sum.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        // The name by hash is the same file still while the mirror is being updated.
        let by_hash = format!("{dir}/{parent}/by-hash/SHA256/{}", sum.sha256);
        let plain = format!("{dir}/{}", sum.path);
        let urls = [release.by_hash.then_some(by_hash), Some(plain)];
        let urls: Vec<String> = urls.into_iter().flatten().collect();
        let found = fetch_kept(&self.client, &self.cache, &urls, sum, progress)?;
        found.ok_or_else(|| {
            let why = format!("{dir}/{} is missing", sum.path);
            ObtainError::unavailable(why)
        })
    }
}
