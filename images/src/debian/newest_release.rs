//! The newest release file that was seen of each suite. A mirror may serve an old
//! one, which is genuine, and so hold back later fixes.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::files::read::read_text;
use crate::files::write_whole;

/// So far may a mirror be behind another one.
const LAG: SignedDuration = SignedDuration::from_hours(24);

/// Takes note that a release file was signed at this time; the error is the time of
/// a much newer one.
pub(crate) fn saw(cache: &Path, suite: &str, signed: Timestamp) -> Result<(), Timestamp> {
    let is_plain = |each: char| each.is_ascii_alphanumeric() || each == '-';
    if suite.is_empty() || !suite.chars().all(is_plain) {
        return Ok(());
    }
    // A file for each suite, with a time in it.
    let path = cache.join("releases").join(suite);
    let known: Option<Timestamp> = read_text(&path)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        // A time in the future is of no use, and no reason to refuse everything.
        .filter(|known| *known <= Timestamp::now() + LAG);
    match known {
        Some(known) if signed + LAG < known => return Err(known),
        Some(known) if signed <= known => return Ok(()),
        _ => {}
    }
    // If it cannot be written down, an older one is not told apart next time.
    let _ = write_whole(&path, format!("{signed}\n").as_bytes());
    Ok(())
}
