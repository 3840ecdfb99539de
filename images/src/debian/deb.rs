//! Packages (`.deb`), and the kernel image in one.
//!
//! A package is verified before it is opened, yet its contents are not trusted: every
//! size has a limit, and no path in it names a file of this machine.

use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;

use crate::debian::ar;
use crate::files::hash::Hasher;
use crate::files::read::{Limited, open_regular, unxz};
use crate::kernel_image::bzimage;
use crate::kernel_modules::ModulePacker;
use crate::messages::error::ObtainError;

/// The largest package, of the plain flavour, has some 110 MB.
pub(crate) const MAX_DEB: u64 = 256 << 20;
/// Kernel images have 2 to 15 MB.
pub(crate) const MAX_IMAGE: u64 = 64 << 20;
/// Of all that comes before the image; the modules of the plain flavour have some
/// 400 MB.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;

/// The longest path of a member.
const MAX_NAME: u64 = 4096;

/// A kernel image that was taken out of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extracted {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DebError {
    /// The package is not as it should be.
    #[error("{0}")]
    Malformed(String),
    /// The image could not be written.
    #[error(transparent)]
    Write(io::Error),
}

impl DebError {
    /// The same, of a package from `file` that should be `expected`, while doing
    /// `action`.
    pub(crate) fn of(
        self,
        file: &str,
        expected: &str,
        action: impl FnOnce() -> String,
    ) -> ObtainError {
        match self {
            Self::Malformed(found) => ObtainError::verification(file, expected, found),
            Self::Write(source) => ObtainError::Io {
                action: action(),
                source,
            },
        }
    }
}

/// Writes the kernel image of a package to `image`.
pub(crate) fn extract_kernel(deb: &Path, image: &mut impl Write) -> Result<Extracted, DebError> {
    let file = open_regular(deb).map_err(malformed)?;
    extract(BufReader::new(file), image)
}

pub(crate) fn extract(deb: impl Read, image: &mut impl Write) -> Result<Extracted, DebError> {
    from_tar(data(deb)?, image, MAX_UNPACKED)
}

/// The tar archive in a package, unpacked as it is read.
pub(crate) fn data<'a>(deb: impl Read + 'a) -> Result<Box<dyn Read + 'a>, DebError> {
    let found = ar::find(deb, |name| name.starts_with("data.tar")).map_err(malformed)?;
    let Some((name, data)) = found else {
        return Err(malformed("a package without data.tar"));
    };
    Ok(match &name[..] {
        "data.tar" => Box::new(data),
        "data.tar.gz" => Box::new(MultiGzDecoder::new(data)),
        "data.tar.xz" => Box::new(unxz(data).map_err(malformed)?),
        "data.tar.zst" => {
            Box::new(ruzstd::decoding::StreamingDecoder::new(data).map_err(malformed)?)
        }
        other => {
            let why = format!("{other}, of a compression that no package of Debian has");
            return Err(malformed(why));
        }
    })
}

pub(crate) fn from_tar(
    data: impl Read,
    image: &mut impl Write,
    limit: u64,
) -> Result<Extracted, DebError> {
    let mut archive = tar::Archive::new(Limited::new(data, limit));
    // Raw: long names and other extensions, for which a tar reader has to hold
    // text of any length in memory, are passed over. A kernel needs none.
    for member in archive.entries().map_err(malformed)?.raw(true) {
        let mut member = member.map_err(malformed)?;
        let path = member.path().map_err(malformed)?.into_owned();
        if !is_kernel(&path)? {
            continue;
        }
        let kind = member.header().entry_type();
        let path = path.display().to_string();
        if !kind.is_file() {
            let why = format!("{path} is a link or a special file ({kind:?})");
            return Err(malformed(why));
        }
        let bytes = read_member(&mut member, &path, MAX_IMAGE, "a kernel")?;
        bzimage::check(&bytes).map_err(|why| malformed(format!("{path} is no kernel: {why}")))?;
        image.write_all(&bytes).map_err(DebError::Write)?;
        return Ok(Extracted {
            size: bytes.len() as u64,
            sha256: Hasher::of(&bytes),
        });
    }
    Err(malformed("a package without a kernel image"))
}

/// The modules of a package, as a file that a machine is given.
pub(crate) fn extract_modules(deb: &Path) -> Result<Vec<u8>, DebError> {
    let file = open_regular(deb).map_err(malformed)?;
    modules(BufReader::new(file), MAX_UNPACKED)
}

pub(crate) fn modules(deb: impl Read, limit: u64) -> Result<Vec<u8>, DebError> {
    let mut archive = tar::Archive::new(Limited::new(data(deb)?, limit));
    let mut packer = ModulePacker::default();
    let mut long_name = None;
    // Raw, as in `from_tar`; but names of modules may be long.
    for member in archive.entries().map_err(malformed)?.raw(true) {
        let mut member = member.map_err(malformed)?;
        let kind = member.header().entry_type();
        if kind.is_gnu_longname() {
            let name = read_member(&mut member, "a name", MAX_NAME, "a name")?;
            long_name = Some(String::from_utf8_lossy(&name).into_owned());
            continue;
        }
        let path = member.path().map_err(malformed)?.display().to_string();
        let path = long_name.take().unwrap_or(path);
        let path = path.trim_end_matches('\0');
        if kind.is_file() && path.contains("lib/modules/") {
            let taken = packer.take(path, &mut member);
            taken.map_err(|error| malformed(format!("{path}: {error}")))?;
        } else if kind.is_file() && path.trim_start_matches("./").starts_with("boot/config-") {
            packer.take_config(&mut member).map_err(malformed)?;
        }
    }
    let modules = packer.finish().map_err(malformed)?;
    modules.ok_or_else(|| malformed("a package without kernel modules"))
}

/// The bytes of a file in a package; `what` is what has no more of them than `limit`.
pub(crate) fn read_member(
    member: &mut tar::Entry<'_, impl Read>,
    path: &str,
    limit: u64,
    what: &str,
) -> Result<Vec<u8>, DebError> {
    let size = member.size();
    if size > limit {
        return Err(malformed(format!(
            "{path} of {size} bytes, more than {what} has"
        )));
    }
    let mut bytes = Vec::new();
    member.read_to_end(&mut bytes).map_err(malformed)?;
    // The reader takes the end of the archive for the end of the file.
    if bytes.len() as u64 != size {
        let there = bytes.len();
        return Err(malformed(format!(
            "{path} ends after {there} of {size} bytes"
        )));
    }
    Ok(bytes)
}

/// Whether this is the image: `boot/vmlinuz-RELEASE` or
/// `[usr/]lib/modules/RELEASE/vmlinuz`. A path that leads out of the package is refused.
fn is_kernel(path: &Path) -> Result<bool, DebError> {
    let mut parts = Vec::new();
    let mut astray = false;
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => astray = true,
        }
    }
    let kernel = match parts[..] {
        ["boot", file] => file.starts_with("vmlinuz-"),
        ["lib", "modules", _, "vmlinuz"] | ["usr", "lib", "modules", _, "vmlinuz"] => true,
        _ => false,
    };
    if kernel && astray {
        let why = format!("{} leads out of the package", path.display());
        return Err(malformed(why));
    }
    Ok(kernel)
}

pub(crate) fn malformed(error: impl ToString) -> DebError {
    DebError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use test_archive::{Compression, TestPackage};

    use super::*;

    const COMPRESSIONS: [Compression; 4] = [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ];

    #[test]
    fn a_bomb_ends_in_an_error() {
        let mut header = tar::Header::new_gnu();
        header.set_path("usr/lib/firmware").unwrap();
        header.set_size(2 << 30);
        header.set_cksum();
        let endless = header.as_bytes().chain(io::repeat(0));
        let error = from_tar(endless, &mut io::sink(), MAX_UNPACKED).unwrap_err();
        assert!(error.to_string().contains("more than it should"), "{error}");
    }

    #[test]
    fn a_bomb_of_any_compression_ends_in_an_error() {
        for compression in COMPRESSIONS {
            let package = TestPackage::new("linux-image", "1")
                .file("./usr/lib/firmware", &vec![0; 4 << 20])
                .file("./boot/vmlinuz-6.1", &bzimage::tests::header())
                .compression(compression);
            let deb = package.build();
            let taken = |limit| from_tar(data(&deb[..])?, &mut io::sink(), limit);
            let error = taken(2 << 20).unwrap_err().to_string();
            assert!(
                error.contains("more than it should"),
                "{compression:?}: {error}"
            );
            taken(5 << 20).unwrap();
        }
    }

    #[test]
    fn only_an_image_is_taken_for_one() {
        for (path, kernel) in [
            ("./boot/vmlinuz-3.10-2-amd64", true),
            ("boot/vmlinuz-6.1.0-50-cloud-amd64", true),
            ("./usr/lib/modules/7.3.4+deb13-cloud-amd64/vmlinuz", true),
            ("./lib/modules/7.3.4/vmlinuz", true),
            ("./boot/System.map-3.10-2-amd64", false),
            ("./usr/share/doc/boot/vmlinuz-3.10", false),
            ("./usr/lib/modules/7.3.4/kernel/vmlinuz", false),
        ] {
            assert_eq!(is_kernel(Path::new(path)).unwrap(), kernel, "{path}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_image_is_found_among_whatever_else_there_is(
            before in proptest::collection::vec(("[a-z]{1,9}", "[a-z]{0,2000}"), 0..5),
            modern: bool,
            compression in proptest::sample::select(&COMPRESSIONS[..]),
            cut in any::<Index>(),
            (place, other) in (any::<Index>(), 1..=u8::MAX),
        ) {
            let mut image = bzimage::tests::header();
            image.extend([7; 1000]);
            let path = if modern { "./usr/lib/modules/7.3/vmlinuz" } else { "./boot/vmlinuz-3.10" };
            let package = TestPackage::new("linux-image", "1").compression(compression);
            let package = before.iter().fold(package, |package, (name, content)| {
                package.file(&format!("./boot/{name}"), content.as_bytes())
            });
            let deb = package.file(path, &image).build();
            let mut found = Vec::new();
            let extracted = extract(&deb[..], &mut found).unwrap();
            prop_assert_eq!(&extracted.sha256, &Hasher::of(&image));
            prop_assert_eq!(&found, &image);

            // Cut off anywhere, it is the same image or none.
            let mut found = Vec::new();
            match extract(&deb[..cut.index(deb.len())], &mut found) {
                Ok(_) => prop_assert_eq!(&found, &image),
                Err(_) => prop_assert!(found.is_empty()),
            }
            // Damaged anywhere, it is something with the marks of a kernel or nothing.
            let mut damaged = deb.clone();
            damaged[place.index(deb.len())] ^= other;
            let mut found = Vec::new();
            match extract(&damaged[..], &mut found) {
                Ok(_) => prop_assert_eq!(bzimage::check(&found), Ok(())),
                Err(_) => prop_assert!(found.is_empty()),
            }
        }
    }
}
