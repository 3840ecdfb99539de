//! What a repository lists: its index names the list of packages, by its hash.

use guest::HOST;
use jiff::Timestamp;

use super::{RepomdKind, version_of};
use crate::debian::archive::Archives;
use crate::debian::cleartext;
use crate::debian::debian_version::is_plain;
use crate::files::hash::FileSum;
use crate::files::open_regular;
use crate::http::by_hash::fetch_kept;
use crate::http::download::{fetch_small, length};
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::package::unpack;
use crate::rpm::RpmIdentity;
use crate::rpm::repository::{self, ListedRpm, resolve};
use crate::sources::UNKNOWN_SIZE;

/// It has some kilobytes.
const MAX_REPOMD: u64 = 1 << 20;
/// The list of a whole distribution has some 30 MB, and 300 MB unpacked.
const MAX_LIST: u64 = 256 << 20;
const MAX_UNPACKED_LIST: u64 = 1 << 30;
/// What a file is called that names the place of a repository.
const MIRROR_LIST: &str = "mirror.list";

impl RepomdKind {
    /// The kernels that a repository lists, with their paths from the archive's root.
    pub(super) fn read(
        &self,
        archives: &Archives,
        base: &str,
        path: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<ListedRpm>, ObtainError> {
        let client = &archives.client;
        let title = client.title(base);
        progress.step(&format!("asking {title} for {path}"));
        let missing = |what: &str| ObtainError::unavailable(format!("{title} has no {what}"));
        let path = match path.ends_with(MIRROR_LIST) {
            true => led_to(archives, base, path)?,
            false => path.to_owned(),
        };
        let url = format!("{base}/{path}/repodata/repomd.xml");
        let wrong =
            |expected: &str, found: String| ObtainError::verification(&url, expected, found);
        let is_whole = |bytes: &[u8]| bytes.trim_ascii_end().ends_with(b"</repomd>");
        let repomd = fetch_small(client, &url, MAX_REPOMD, &is_whole)?;
        let repomd = repomd.ok_or_else(|| missing(&path))?;
        if self.signed_lists {
            let signature = format!("{url}.asc");
            let signature = fetch_small(client, &signature, MAX_REPOMD, &cleartext::is_whole)?;
            let signature = signature.unwrap_or_default();
            let signed = (archives.keyring()).verify(&repomd, &signature, Timestamp::now());
            signed.map_err(|found| wrong("a valid signature by a key of the source", found))?;
        }
        let list = repository::list_of(&repomd)
            .map_err(|found| wrong("the index of a repository", found))?;
        let below = |href: &str| resolve(&path, href);
        let astray = || wrong("a path in the archive", list.href.clone());
        let mut sum = FileSum {
            path: below(&list.href).ok_or_else(astray)?,
            size: list.size.unwrap_or(UNKNOWN_SIZE),
            sha256: list.sha256.clone(),
        };
        let url = format!("{base}/{}", sum.path);
        if sum.size == UNKNOWN_SIZE {
            sum.size = length(client, &url)?.ok_or_else(|| missing(&sum.path))?;
        }
        if sum.size > MAX_LIST {
            let limit = format!("at most {MAX_LIST} bytes");
            let found = format!("{} bytes", sum.size);
            return Err(ObtainError::verification(url, limit, found));
        }
        let urls = std::slice::from_ref(&url);
        let file = fetch_kept(client, &archives.cache, urls, &sum, progress)?;
        let file = file.ok_or_else(|| missing(&sum.path))?;
        let limit = list.unpacked.unwrap_or(MAX_UNPACKED_LIST);
        let text = open_regular(&file).attempt(|| format!("open {}", file.display()))?;
        let is_kernel = |it: &RpmIdentity| it.arch == HOST.name && self.is_of_kernel(&it.name);
        let packages = unpack(text)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                let limit = limit.min(MAX_UNPACKED_LIST);
                repository::packages(text, limit, is_kernel).map_err(|error| error.to_string())
            });
        let mut packages = packages
            .map_err(|found| ObtainError::verification(&url, "a list of packages", found))?;
        packages.retain_mut(|package| {
            let path = below(&package.file.href);
            let plain = is_plain(&version_of(&package.identity));
            path.filter(|_| plain)
                .map(|path| package.file.href = path)
                .is_some()
        });
        Ok(packages)
    }
}

/// The path of the repository that a mirror list names. It is in the same archive, or there
/// would be one more host to be trusted, or another scheme.
fn led_to(archives: &Archives, base: &str, path: &str) -> Result<String, ObtainError> {
    let url = format!("{base}/{path}");
    let list = fetch_small(&archives.client, &url, MAX_REPOMD, &|_| true)?;
    let list = list.ok_or_else(|| {
        let title = archives.client.title(base);
        ObtainError::unavailable(format!("{title} has no {path}"))
    })?;
    let text = String::from_utf8_lossy(&list);
    let first = text.lines().next().unwrap_or_default().trim();
    let below = first.strip_prefix(base).and_then(|it| it.strip_prefix('/'));
    let found = below.and_then(|it| resolve("", it.trim_end_matches('/')));
    found.ok_or_else(|| ObtainError::verification(url, format!("an address below {base}"), first))
}
