//! A Debian archive: from its signed release file to the kernels it has.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use crate::cleartext;
use crate::download::{fetch_file, fetch_small};
use crate::error::{Attempt, ObtainError};
use crate::guard::Guard;
use crate::hash::{Hasher, Limited, open_regular, unxz};
use crate::http::Client;
use crate::keyring::{Keyring, Signer};
use crate::listed::{Listed, read_listed};
use crate::newest::Newest;
use crate::packages::{Package, read_index};
use crate::progress::Progress;
use crate::proof::Evidence;
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
    pub(crate) evidence: Evidence,
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

    pub(crate) fn keyring(&self) -> &Keyring {
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
        let (url, sum, index) = self.packed_index(&dir, &release, progress)?;
        let packages = self.read(&url, &release, &index, read_index)?;
        Ok(Suite {
            packages,
            evidence: Evidence::of(&release, &sum, index),
            signer: release.signer,
        })
    }

    /// All packages of a suite whose name is wanted, what vouches for them, and who
    /// signed that.
    pub(crate) fn listed(
        &self,
        site: &Site,
        suite: &str,
        wanted: &dyn Fn(&str) -> bool,
        progress: &dyn Progress,
    ) -> Result<(Vec<Listed>, Evidence, Signer), ObtainError> {
        let (dir, release) = self.checked_release(site, suite, progress)?;
        let (url, sum, index) = self.packed_index(&dir, &release, progress)?;
        let listed = self.read(&url, &release, &index, |text| read_listed(text, wanted))?;
        let evidence = Evidence::of(&release, &sum, index);
        Ok((listed, evidence, release.signer))
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
        let Some(release) = self.release(&dir, progress)? else {
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
        let signed = release.signer.signed;
        match Newest::below(&self.cache).saw(suite, signed) {
            Err(newer) if site.live => {
                let (signed, newer) = (signed.strftime("%F"), newer.strftime("%F"));
                let why = format!(
                    "{}: its release file of {suite} is of {signed}, older than one of {newer} \
                     that was seen before",
                    self.client.title(&site.base)
                );
                progress.note(&why);
                Err(ObtainError::unavailable(why))
            }
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
            fetch_small(
                &self.client,
                &format!("{dir}/{name}"),
                MAX_RELEASE,
                is_whole,
            )
        };
        let any = |_: &[u8]| true;
        let (bytes, opened) = if let Some(file) = small("InRelease", &cleartext::is_whole)? {
            let opened = self.keyring().open(&file, now);
            (vec![("InRelease", file)], opened)
        } else if let Some(file) = small("Release", &any)? {
            let signature = small("Release.gpg", &cleartext::is_whole)?.unwrap_or_default();
            let signer = self.keyring().verify(&file, &signature, now);
            let text = String::from_utf8_lossy(&file).into_owned();
            let files = vec![("Release", file), ("Release.gpg", signature)];
            (files, signer.map(|signer| (text, signer)))
        } else {
            return Ok(None);
        };
        let file = bytes[0].0;
        let wrong = |expected: &str, found| {
            ObtainError::verification(format!("{dir}/{file}"), expected, found)
        };
        let (text, signer) = opened
            .map_err(|found| wrong("a valid signature by a key of the Debian archive", found))?;
        let mut release =
            Release::parse(&text, signer).map_err(|found| wrong("a release file", found))?;
        release.bytes = bytes;
        Ok(Some(release))
    }

    /// The address of a verified index, what is signed of it, and where it is.
    fn packed_index(
        &self,
        dir: &str,
        release: &Release,
        progress: &dyn Progress,
    ) -> Result<(String, FileSum, PathBuf), ObtainError> {
        let index = |suffix| release.file(&format!("main/binary-amd64/Packages{suffix}"));
        let Some(sum) = index(".xz").or_else(|| index(".gz")) else {
            // Such as that of a suite which never had this architecture.
            return Err(ObtainError::unavailable(format!("no amd64 in {dir}")));
        };
        let path = self.index(dir, release, sum, progress)?;
        Ok((format!("{dir}/{}", sum.path), sum.clone(), path))
    }

    /// Reads an index, no more of it than the release file says there is.
    fn read<T>(
        &self,
        url: &str,
        release: &Release,
        index: &Path,
        read: impl FnOnce(BufReader<Limited<Box<dyn Read>>>) -> std::io::Result<T>,
    ) -> Result<T, ObtainError> {
        let plain = release.file("main/binary-amd64/Packages");
        let limit = plain.map_or(MAX_INDEX, |plain| plain.size.min(MAX_INDEX));
        let packed = match url.ends_with(".xz") {
            true => Packed::Xz,
            false => Packed::Gzip,
        };
        let text = open_index(index, packed, limit);
        let text = text.attempt(|| format!("open {}", index.display()))?;
        read(text).map_err(|error| ObtainError::verification(url, "a package index", error))
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

/// How an index is compressed.
#[derive(Clone, Copy)]
enum Packed {
    Xz,
    Gzip,
}

/// The text of an index, up to so many bytes.
fn open_index(
    path: &Path,
    packed: Packed,
    limit: u64,
) -> std::io::Result<BufReader<Limited<Box<dyn Read>>>> {
    let file = open_regular(path)?;
    let unpacked: Box<dyn Read> = match packed {
        Packed::Xz => Box::new(unxz(file)?),
        Packed::Gzip => Box::new(MultiGzDecoder::new(file)),
    };
    Ok(BufReader::with_capacity(
        1 << 16,
        Limited::new(unpacked, limit),
    ))
}

/// The text of an index whose name says how it is compressed.
pub(crate) fn open_packed(path: &Path) -> std::io::Result<impl BufRead + use<>> {
    let packed = match path.extension() {
        Some(extension) if extension == "xz" => Packed::Xz,
        _ => Packed::Gzip,
    };
    open_index(path, packed, MAX_INDEX)
}

fn is_intact(path: &Path, sum: &FileSum) -> bool {
    Hasher::of_file(path).is_ok_and(|found| found == (sum.size, sum.sha256.clone()))
}

fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::rename(from, to)
}
