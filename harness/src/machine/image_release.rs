//! The release that a kernel's file names, to compare with what runs.

use std::path::Path;

/// The release that a kernel will report when it runs; none if its file, a bzImage or
/// an ELF file, does not name it.
pub(crate) fn image_release(image: &Path) -> Option<String> {
    let text = images::banner(image).ok()?;
    let release = text.split([' ', '\0', '\n']).next()?;
    let is_one = release.starts_with(|c: char| c.is_ascii_digit());
    is_one.then(|| release.to_owned())
}
