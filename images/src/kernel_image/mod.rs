//! Kernel images: bytes in, facts out. May use: messages, files.

pub(crate) mod arm64_image;
pub(crate) mod bzimage;
pub(crate) mod compressed;
pub(crate) mod config;
pub(crate) mod vmlinux;

use std::io::{self, Read, Seek};

use guest::{AARCH64, Arch, X86_64};

use crate::files::read::Limited;

/// How many bytes of an image tell what it is.
pub(crate) const START: usize = 4096;

/// The architecture of a packaged image that begins so; the error says what is missing.
pub(crate) fn arch_of(start: &[u8]) -> Result<&'static Arch, String> {
    let formats = [
        (&X86_64, bzimage::check(start)),
        (&AARCH64, arm64_image::check(start)),
    ];
    let mut reasons = Vec::new();
    for (arch, checked) in formats {
        match checked {
            Ok(()) => return Ok(arch),
            Err(why) => reasons.push(format!("{} of {arch}: {why}", arch.built_image)),
        }
    }
    match compressed::check(start) {
        Ok(()) => Ok(&AARCH64),
        Err(_) => Err(reasons.join("; ")),
    }
}

/// What a packaged image says of itself, without being booted:
/// `6.1.0-50-cloud-amd64 (builder@host) #1 SMP …`; empty where it says nothing.
pub(crate) fn read_banner(mut image: impl Read + Seek) -> io::Result<String> {
    let mut start = Vec::new();
    (&mut image).take(START as u64).read_to_end(&mut start)?;
    image.rewind()?;
    if bzimage::check(&start).is_ok() {
        return bzimage::read_banner(image);
    }
    if compressed::check(&start).is_err() {
        return vmlinux::read_banner(image);
    }
    let mut whole = Vec::new();
    Limited::new(image, vmlinux::MAX_VMLINUX).read_to_end(&mut whole)?;
    let kernel = compressed::unpack(&whole).map_err(io::Error::other)?;
    vmlinux::read_banner(&kernel[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_tells_its_architecture() {
        let long = |mut header: Vec<u8>| {
            header.resize(header.len().max(START), 0);
            header
        };
        assert_eq!(arch_of(&bzimage::tests::header()), Ok(&X86_64));
        assert_eq!(arch_of(&long(arm64_image::tests::header())), Ok(&AARCH64));
        let why = arch_of(b"no kernel").unwrap_err();
        assert!(
            why.contains("bzImage") && why.contains("Image of arm64"),
            "{why}"
        );
    }

    #[test]
    fn what_an_image_says_is_read_without_booting_it() {
        let mut image = arm64_image::tests::header();
        image.resize(4096, 0);
        image.extend(b"Linux version 6.1.0-50-cloud-arm64 (who@where) #1 SMP\n\0");
        let banner = read_banner(io::Cursor::new(image)).unwrap();
        assert_eq!(banner, "6.1.0-50-cloud-arm64 (who@where) #1 SMP");
        let (packed, _) = compressed::tests::gzip();
        assert_eq!(read_banner(io::Cursor::new(packed)).unwrap(), banner);
    }
}
