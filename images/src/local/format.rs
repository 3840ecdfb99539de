//! What a file is, by how it begins.

use std::io::{self, Read};
use std::path::Path;

use guest::Arch;

use crate::files::open_regular;
use crate::kernel_image;
use crate::rpm;

/// A file with a kernel in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    /// An image as it is packaged.
    Image(&'static Arch),
    /// An ELF file.
    Vmlinux,
    Package(PackageFormat),
}

/// A package, by what has to be done to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PackageFormat {
    /// Of Debian and its kin.
    Deb,
    /// Of RHEL and its kin.
    Rpm,
    /// A tar archive, compressed or not: a package of Arch or of Alpine, or what `make
    /// tarzst-pkg` writes.
    Tar,
}

/// What a file is, or why it is none of these.
pub(super) fn of_file(path: &Path) -> io::Result<Result<FileFormat, String>> {
    let mut start = Vec::new();
    let file = open_regular(path)?;
    file.take(kernel_image::START as u64)
        .read_to_end(&mut start)?;
    Ok(of(&start))
}

fn of(start: &[u8]) -> Result<FileFormat, String> {
    let package = |format| Ok(FileFormat::Package(format));
    let is_tar = start.get(257..262) == Some(b"ustar");
    let image = kernel_image::arch_of(start).map(FileFormat::Image);
    match start {
        [0x7f, b'E', b'L', b'F', ..] => Ok(FileFormat::Vmlinux),
        _ if start.starts_with(b"!<arch>\n") => package(PackageFormat::Deb),
        _ if start.starts_with(&rpm::MAGIC) => package(PackageFormat::Rpm),
        _ if start.starts_with(b"ADB") => {
            Err("a package of the third version of apk, which is not read here".to_owned())
        }
        // Whether it holds a kernel, its first bytes tell.
        [0x1f, 0x8b, ..] if image.is_ok() => image,
        // gzip, xz, zstd.
        [0x1f, 0x8b, ..] | [0xfd, b'7', b'z', b'X', b'Z', 0, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            package(PackageFormat::Tar)
        }
        _ if is_tar => package(PackageFormat::Tar),
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_says() {
        let package = |format| Ok(FileFormat::Package(format));
        let image = kernel_image::bzimage::tests::header();
        assert_eq!(of(&image), Ok(FileFormat::Image(&guest::X86_64)));
        assert_eq!(of(b"\x7fELF"), Ok(FileFormat::Vmlinux));
        assert_eq!(of(b"!<arch>\ndebian-binary"), package(PackageFormat::Deb));
        assert_eq!(of(b"\xed\xab\xee\xdb\x03"), package(PackageFormat::Rpm));
        assert_eq!(of(b"\x1f\x8b\x08"), package(PackageFormat::Tar));
        assert!(of(b"ADBd....").unwrap_err().contains("apk"));
        let (packed, _) = kernel_image::compressed::tests::gzip();
        assert_eq!(of(&packed), Ok(FileFormat::Image(&guest::AARCH64)));
        assert!(of(b"").is_err());
    }
}
