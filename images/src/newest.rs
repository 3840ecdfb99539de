//! The newest release file that was seen of each suite: a mirror may serve an old
//! one, which is genuine, and so keep back what was mended since.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::hash::read_text;

/// So far may a mirror be behind another one.
const LAG: SignedDuration = SignedDuration::from_hours(24);

/// A file for each suite, with a time in it.
pub(crate) struct Newest {
    dir: PathBuf,
}

impl Newest {
    pub(crate) fn below(cache: &Path) -> Self {
        Self {
            dir: cache.join("releases"),
        }
    }

    /// Takes note of a release file that was signed then; the error is the time of
    /// a much newer one.
    pub(crate) fn saw(&self, suite: &str, signed: Timestamp) -> Result<(), Timestamp> {
        let is_plain = |each: char| each.is_ascii_alphanumeric() || each == '-';
        if suite.is_empty() || !suite.chars().all(is_plain) {
            return Ok(());
        }
        let path = self.dir.join(suite);
        let known: Option<Timestamp> = read_text(&path)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            // Of no use, and no reason to refuse everything.
            .filter(|known| *known <= Timestamp::now() + LAG);
        match known {
            Some(known) if signed + LAG < known => return Err(known),
            Some(known) if signed <= known => return Ok(()),
            _ => {}
        }
        // Where it cannot be written down, there is nothing to go back from.
        let _ = fs::create_dir_all(&self.dir);
        if let Ok(new) = tempfile::NamedTempFile::new_in(&self.dir)
            && fs::write(new.path(), format!("{signed}\n")).is_ok()
        {
            let _ = new.persist(path);
        }
        Ok(())
    }
}
