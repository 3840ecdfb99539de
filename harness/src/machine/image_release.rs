//! The release that a kernel's file names, to compare with what runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The words before the release in every kernel (init/version.c).
const BANNER: &[u8] = b"Linux version ";
/// The longest release (uname(2): `__NEW_UTS_LEN`).
const LONGEST: usize = 64;
/// How much is read at a time, in bytes.
const PART: usize = 1 << 20;

/// The release that a kernel will report when it runs; none if its file, a bzImage or
/// an ELF file, does not name it.
pub(crate) fn image_release(image: &Path) -> Option<String> {
    let text = match images::banner(image) {
        Ok(banner) => banner,
        Err(_) => unpacked(File::open(image).ok()?).ok()??,
    };
    let release = text.split([' ', '\0', '\n']).next()?;
    let is_one = release.starts_with(|c: char| c.is_ascii_digit());
    is_one.then(|| release.to_owned())
}

/// The first banner in a kernel that is not compressed.
fn unpacked(mut file: File) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        // Keep what may be the beginning of a banner.
        let keep = bytes.len().min(BANNER.len() + LONGEST);
        bytes.drain(..bytes.len() - keep);
        if (&mut file).take(PART as u64).read_to_end(&mut bytes)? == 0 {
            return Ok(None);
        }
        let mut from = 0;
        while let Some(at) = find(&bytes[from..]) {
            from += at + BANNER.len();
            let rest = &bytes[from..];
            // The format "Linux version %s" is in the image, too.
            if rest.first().is_some_and(u8::is_ascii_digit) && rest.len() >= LONGEST {
                return Ok(Some(String::from_utf8_lossy(&rest[..LONGEST]).into_owned()));
            }
        }
    }
}

/// Where the banner begins. At every boot, 50 MB are searched, in debug builds too: so
/// memmem(3) does it.
fn find(bytes: &[u8]) -> Option<usize> {
    // SAFETY: both pointers are valid for the lengths that are passed.
    let found = unsafe {
        libc::memmem(
            bytes.as_ptr().cast(),
            bytes.len(),
            BANNER.as_ptr().cast(),
            BANNER.len(),
        )
    };
    (!found.is_null()).then(|| found as usize - bytes.as_ptr() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unpacked_kernel_says_its_release_anywhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vmlinux");
        let words = b"Linux version %s (\0Linux version 6.1.0-50-cloud-amd64 (who@where) #1 SMP\n";
        for before in [0, PART - 30, PART - 1, 2 * PART - 60, 3 * PART] {
            let mut image = vec![0x7f; before];
            image.extend(words);
            image.extend([0; 100]);
            std::fs::write(&path, image).unwrap();
            let release = image_release(&path);
            assert_eq!(release.as_deref(), Some("6.1.0-50-cloud-amd64"), "{before}");
        }
        std::fs::write(&path, "no kernel").unwrap();
        assert_eq!(image_release(&path), None);
    }
}
