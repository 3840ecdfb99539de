//! A Debian archive: from its signed release file to the kernels it has.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use crate::cache::Guard;
use crate::cleartext;
use crate::download::{fetch_file, fetch_small};
use crate::error::{Attempt, ObtainError};
use crate::hash::{Hasher, Limited, unxz};
use crate::http::Client;
use crate::keyring::{Keyring, Signer};
use crate::listed::{Listed, read_listed};
use crate::packages::{Package, read_index};
use crate::progress::Progress;
use crate::release::{FileSum, Release};
use crate::timeouts::Timeouts;

/// Release files have some 200 kB.
const MAX_RELEASE: u64 = 8 << 20;
/// The index of a suite has some 60 MB, unpacked.
const MAX_INDEX: u64 = 512 << 20;

/// The root of an archive, below which are `dists/` and `pool/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    /// Base URL without a final slash.
    pub(crate) base: String,
    /// Whether it is kept up to date, so that an old release file is suspect.
    pub(crate) live: bool,
}

/// The kernels of a suite, as somebody with a trusted key says.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) packages: Vec<Package>,
    pub(crate) signer: Signer,
}

/// Reads suites, each at most once in a run.
pub(crate) struct Archives {
    pub(crate) client: Client,
    /// Debian's where no other is given. To read that takes 25 ms, and it is
    /// needed only where something is obtained.
    keyring: OnceLock<Keyring>,
    cache: PathBuf,
    suites: Mutex<HashMap<(Site, String), Slot>>,
}

/// Locked while somebody reads the suite, so that others wait for the result.
type Slot = Arc<Mutex<Option<Result<Arc<Suite>, String>>>>;

impl Archives {
    pub(crate) fn new(keyring: Option<Keyring>, cache: PathBuf, timeouts: Timeouts) -> Self {
        Self {
            client: Client::new(timeouts),
            keyring: keyring.map_or_else(OnceLock::new, OnceLock::from),
            cache,
            suites: Mutex::default(),
        }
    }

    fn keyring(&self) -> &Keyring {
        self.keyring.get_or_init(Keyring::debian)
    }

    /// The kernels of a suite. What is unavailable stays so for this run.
    pub(crate) fn suite(
        &self,
        site: &Site,
        suite: &str,
        progress: &dyn Progress,
    ) -> Result<Arc<Suite>, ObtainError> {
        let slot = {
            let mut suites = self.suites.lock().unwrap_or_else(PoisonError::into_inner);
            suites
                .entry((site.clone(), suite.to_owned()))
                .or_default()
                .clone()
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*slot {
            return known.clone().map_err(ObtainError::unavailable);
        }
        let result = self.read_suite(site, suite, progress).map(Arc::new);
        match &result {
            Ok(suite) => *slot = Some(Ok(suite.clone())),
            Err(ObtainError::Unavailable { why }) => *slot = Some(Err(why.clone())),
            Err(_) => {}
        }
        result
    }

    fn read_suite(
        &self,
        site: &Site,
        suite: &str,
        progress: &dyn Progress,
    ) -> Result<Suite, ObtainError> {
        let (dir, release) = self.checked_release(site, suite, progress)?;
        let packages = self.packages(&dir, &release, progress)?;
        Ok(Suite {
            packages,
            signer: release.signer,
        })
    }

    /// All packages of a suite whose name is wanted, and its release file.
    pub(crate) fn listed(
        &self,
        site: &Site,
        suite: &str,
        wanted: &dyn Fn(&str) -> bool,
        progress: &dyn Progress,
    ) -> Result<(Vec<Listed>, Release), ObtainError> {
        let (dir, release) = self.checked_release(site, suite, progress)?;
        let (url, index) = self.open_index(&dir, &release, progress)?;
        let listed = read_listed(index, wanted)
            .map_err(|error| ObtainError::verification(url, "a package index", error))?;
        Ok((listed, release))
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
        let Some(release) = self.release(&dir)? else {
            return Err(ObtainError::unavailable(format!(
                "{} has no {suite}",
                self.client.title(&site.base)
            )));
        };
        if !release.heads(suite) {
            let url = format!("{dir}/InRelease");
            return Err(ObtainError::verification(
                url,
                format!("Debian {suite}"),
                release.title(),
            ));
        }
        if let Some(until) = release.expired(Timestamp::now()).filter(|_| site.live) {
            let why = format!(
                "its release file of {suite} expired on {}",
                until.strftime("%F")
            );
            let why = format!("{}: {why}", self.client.title(&site.base));
            progress.note(&why);
            return Err(ObtainError::unavailable(why));
        }
        Ok((dir, release))
    }

    /// The release file in a directory, once its signature has been checked;
    /// `None` where there is none.
    pub(crate) fn release(&self, dir: &str) -> Result<Option<Release>, ObtainError> {
        let now = Timestamp::now();
        let small = |name: &str, is_whole: &dyn Fn(&[u8]) -> bool| {
            fetch_small(
                &self.client,
                &format!("{dir}/{name}"),
                MAX_RELEASE,
                is_whole,
            )
        };
        let any = |_: &[u8]| true;
        let (file, opened) = if let Some(file) = small("InRelease", &cleartext::is_whole)? {
            ("InRelease", self.keyring().open(&file, now))
        } else if let Some(file) = small("Release", &any)? {
            let signature = small("Release.gpg", &cleartext::is_whole)?.unwrap_or_default();
            let signer = self.keyring().verify(&file, &signature, now);
            let text = String::from_utf8_lossy(&file).into_owned();
            ("Release", signer.map(|signer| (text, signer)))
        } else {
            return Ok(None);
        };
        let wrong = |expected: &str, found| {
            ObtainError::verification(format!("{dir}/{file}"), expected, found)
        };
        let (text, signer) = opened
            .map_err(|found| wrong("a valid signature by a key of the Debian archive", found))?;
        let release = Release::parse(&text, signer);
        release
            .map(Some)
            .map_err(|found| wrong("a release file", found))
    }

    fn packages(
        &self,
        dir: &str,
        release: &Release,
        progress: &dyn Progress,
    ) -> Result<Vec<Package>, ObtainError> {
        let (url, index) = self.open_index(dir, release, progress)?;
        read_index(index).map_err(|error| ObtainError::verification(url, "a package index", error))
    }

    /// The address of a verified index, and its text.
    fn open_index(
        &self,
        dir: &str,
        release: &Release,
        progress: &dyn Progress,
    ) -> Result<(String, impl BufRead + use<>), ObtainError> {
        let index = |suffix| release.file(&format!("main/binary-amd64/Packages{suffix}"));
        let Some(sum) = index(".xz").or_else(|| index(".gz")) else {
            // Such as that of a suite which never had this architecture.
            return Err(ObtainError::unavailable(format!("no amd64 in {dir}")));
        };
        let path = self.index(dir, release, sum, progress)?;
        let limit = index("").map_or(MAX_INDEX, |plain| plain.size.min(MAX_INDEX));
        let file = File::open(&path).attempt(|| format!("open {}", path.display()))?;
        let unpacked: Box<dyn Read> = match sum.path.ends_with(".xz") {
            true => Box::new(unxz(file).attempt(|| format!("read {}", path.display()))?),
            false => Box::new(MultiGzDecoder::new(file)),
        };
        let text = BufReader::with_capacity(1 << 16, Limited::new(unpacked, limit));
        Ok((format!("{dir}/{}", sum.path), text))
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
        let kept = self.cache.join("indexes").join(&sum.sha256);
        if is_intact(&kept, sum) {
            return Ok(kept);
        }
        let _guard = Guard::acquire(&self.cache, &format!("index-{}", sum.sha256), progress)?;
        if is_intact(&kept, sum) {
            return Ok(kept);
        }
        let parent = sum.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        // The name by hash is the same file still while the mirror is being updated.
        let by_hash = format!("{dir}/{parent}/by-hash/SHA256/{}", sum.sha256);
        let plain = format!("{dir}/{}", sum.path);
        let urls = [release.by_hash.then_some(by_hash), Some(plain)];
        let partial = self.cache.join("partial");
        for url in urls.into_iter().flatten() {
            if let Some(path) = fetch_file(&self.client, &url, sum, &partial, progress)? {
                keep(&path, &kept).attempt(|| format!("keep {}", kept.display()))?;
                return Ok(kept);
            }
        }
        Err(ObtainError::unavailable(format!(
            "{dir}/{} is missing",
            sum.path
        )))
    }
}

fn is_intact(path: &Path, sum: &FileSum) -> bool {
    Hasher::of_file(path).is_ok_and(|found| found == (sum.size, sum.sha256.clone()))
}

fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::rename(from, to)
}
