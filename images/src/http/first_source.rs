//! A source that is asked before the archives: files by the hash that they must have,
//! shared by many machines. What it has is believed no more than what a mirror has.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::files::hash::FileSum;
use crate::messages::one_line::without_credentials;
use crate::messages::progress::Progress;

/// The directory of files in it, each named by its SHA-256.
const FILES: &str = "sha256";

/// A directory, or an HTTP server.
pub(crate) struct FirstSource {
    /// Without a final slash.
    base: String,
    /// The directory, if it is one: what machines download is put there for others.
    dir: Option<PathBuf>,
    /// Whether it failed, and is not asked again in this run.
    is_off: AtomicBool,
}

impl FirstSource {
    /// The source that a user named.
    ///
    /// # Errors
    /// If it is neither a directory nor a server: with what to write.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let base = text.trim_end_matches('/');
        let is_server = base.starts_with("http://") || base.starts_with("https://");
        let dir = base.strip_prefix("file://").unwrap_or(base);
        if !is_server && !dir.starts_with('/') {
            return Err(format!(
                "{text:?} is no source: STRATA_CACHE_FROM is a directory, as /srv/strata, or a \
                 server, as http://cache.example.org/strata"
            ));
        }
        Ok(Self {
            base: match is_server {
                true => base.to_owned(),
                false => format!("file://{dir}"),
            },
            dir: (!is_server).then(|| PathBuf::from(dir)),
            is_off: AtomicBool::new(false),
        })
    }

    /// Where it would have a file; nowhere, once it has failed.
    pub(crate) fn url(&self, sum: &FileSum) -> Option<String> {
        let is_on = !self.is_off.load(Ordering::Relaxed);
        is_on.then(|| format!("{}/{FILES}/{}", self.base, sum.sha256))
    }

    /// Asks it for nothing more in this run.
    pub(crate) fn give_up(&self, why: &str, progress: &dyn Progress) {
        if !self.is_off.swap(true, Ordering::Relaxed) {
            let base = without_credentials(&self.base);
            progress.note(&format!("{base} of STRATA_CACHE_FROM is of no use: {why}"));
        }
    }

    /// Puts a verified file there for other machines, if it is a directory.
    pub(crate) fn give(&self, file: &Path, sum: &FileSum, progress: &dyn Progress) {
        let Some(dir) = self.dir.as_ref().filter(|_| self.url(sum).is_some()) else {
            return;
        };
        if let Err(error) = put(file, &dir.join(FILES), &sum.sha256) {
            self.give_up(&error.to_string(), progress);
        }
    }
}

/// Copies a file into a directory, whole or not at all, for all to read.
fn put(file: &Path, dir: &Path, name: &str) -> io::Result<()> {
    let to = dir.join(name);
    if to.exists() {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    let mut new = tempfile::NamedTempFile::new_in(dir)?;
    io::copy(&mut fs::File::open(file)?, &mut new)?;
    fs::set_permissions(new.path(), Permissions::from_mode(0o644))?;
    new.persist(to).map_err(|error| error.error)?;
    Ok(())
}
