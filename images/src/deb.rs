//! The one file of a `.deb` that is wanted: the kernel image.
//!
//! A package is verified before it is opened, yet nothing in it is believed:
//! every size has a limit, and no path in it names a file of this machine.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;

use crate::hash::{Hasher, Limited, unxz};
use crate::{ar, bzimage};

/// The largest package is that of the plain flavour, some 110 MB.
pub(crate) const MAX_DEB: u64 = 256 << 20;
/// Kernel images have 2 to 15 MB.
pub(crate) const MAX_IMAGE: u64 = 64 << 20;
/// Of what comes before the image; all modules of the plain flavour take up some
/// 400 MB.
pub(crate) const MAX_UNPACKED: u64 = 1 << 30;

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

/// Writes the kernel image of a package to `image`.
pub(crate) fn extract_kernel(deb: &Path, image: &mut impl Write) -> Result<Extracted, DebError> {
    let file = File::open(deb).map_err(malformed)?;
    extract(BufReader::new(file), image)
}

pub(crate) fn extract(deb: impl Read, image: &mut impl Write) -> Result<Extracted, DebError> {
    extract_within(deb, image, MAX_UNPACKED)
}

fn extract_within(
    deb: impl Read,
    image: &mut impl Write,
    limit: u64,
) -> Result<Extracted, DebError> {
    from_tar(data(deb)?, image, limit)
}

/// The tar archive in a package, unpacked as it is read.
pub(crate) fn data<'a>(deb: impl Read + 'a) -> Result<Box<dyn Read + 'a>, DebError> {
    let found = ar::find(deb, |name| name.starts_with("data.tar")).map_err(malformed)?;
    let Some((name, data)) = found else {
        return Err(DebError::Malformed("a package without data.tar".to_owned()));
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
            return Err(DebError::Malformed(why));
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
        if !kind.is_file() {
            return Err(DebError::Malformed(format!(
                "{} is a link or a special file ({kind:?})",
                path.display()
            )));
        }
        if member.size() > MAX_IMAGE {
            return Err(DebError::Malformed(format!(
                "{} of {} bytes, more than a kernel has",
                path.display(),
                member.size()
            )));
        }
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).map_err(malformed)?;
        // The reader takes the end of the archive for the end of the file.
        if bytes.len() as u64 != member.size() {
            return Err(DebError::Malformed(format!(
                "{} ends after {} of {} bytes",
                path.display(),
                bytes.len(),
                member.size()
            )));
        }
        bzimage::check(&bytes).map_err(|why| {
            DebError::Malformed(format!("{} is no kernel: {why}", path.display()))
        })?;
        image.write_all(&bytes).map_err(DebError::Write)?;
        return Ok(Extracted {
            size: bytes.len() as u64,
            sha256: Hasher::of(&bytes),
        });
    }
    Err(DebError::Malformed(
        "a package without a kernel image".to_owned(),
    ))
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
        return Err(DebError::Malformed(format!(
            "{} leads out of the package",
            path.display()
        )));
    }
    Ok(kernel)
}

fn malformed(error: impl ToString) -> DebError {
    DebError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use crate::testing::{Compression, Package};

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
            let package = Package::new("linux-image", "1")
                .file("./usr/lib/firmware", &vec![0; 4 << 20])
                .file("./boot/vmlinuz-6.1", &bzimage::tests::header())
                .compression(compression);
            let deb = package.build();
            let taken = |limit| extract_within(&deb[..], &mut io::sink(), limit);
            let error = taken(2 << 20).unwrap_err().to_string();
            assert!(
                error.contains("more than it should"),
                "{compression:?}: {error}"
            );
            taken(5 << 20).unwrap();
        }
    }

    #[test]
    fn only_the_image_is_taken_for_one() {
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
            let package = Package::new("linux-image", "1").compression(compression);
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
