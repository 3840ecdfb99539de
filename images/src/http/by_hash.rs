//! Files that are kept under the name of their hash, so that each is downloaded once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::hash::FileSum;
use crate::http::client::Client;
use crate::http::download::fetch_file;
use crate::http::guard;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;

/// A verified file, from `indexes` in the cache, or else from the first URL that has it;
/// none where none does.
pub(crate) fn fetch_kept(
    client: &Client,
    cache: &Path,
    urls: &[String],
    sum: &FileSum,
    progress: &dyn Progress,
) -> Result<Option<PathBuf>, ObtainError> {
    let kept = cache.join("indexes").join(&sum.sha256);
    let is_kept = || (sum.matches(&kept)).attempt(|| format!("read {}", kept.display()));
    if is_kept()? {
        return Ok(Some(kept));
    }
    let _lock = guard::lock(cache, &format!("index-{}", sum.sha256), progress)?;
    if is_kept()? {
        return Ok(Some(kept));
    }
    let partial = cache.join("partial");
    for url in urls {
        if let Some(path) = fetch_file(client, url, sum, &partial, progress)? {
            let action = || format!("keep {}", kept.display());
            fs::create_dir_all(cache.join("indexes")).attempt(action)?;
            fs::rename(path, &kept).attempt(action)?;
            return Ok(Some(kept));
        }
    }
    Ok(None)
}
