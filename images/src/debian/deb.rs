//! Packages (`.deb`), and the kernel image in one.

use std::io::{BufReader, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::debian::ar;
use crate::files::hash::Hasher;
use crate::files::read::{open_regular, unxz};
use crate::kernel_modules::ModulePacker;
use crate::package::{
    MAX_UNPACKED, PackageError, WantedConfig, WantedImage, WantedModules, malformed,
    tar as tar_members,
};

/// A kernel image that was taken out of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extracted {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Writes the kernel image of a package to `image`.
pub(crate) fn extract_kernel(
    deb: &Path,
    image: &mut impl Write,
) -> Result<Extracted, PackageError> {
    let file = open_regular(deb).map_err(malformed)?;
    extract(BufReader::new(file), image)
}

pub(crate) fn extract(deb: impl Read, image: &mut impl Write) -> Result<Extracted, PackageError> {
    from_tar(data(deb)?, image, MAX_UNPACKED)
}

/// The tar archive in a package, unpacked as it is read.
pub(crate) fn data<'a>(deb: impl Read + 'a) -> Result<Box<dyn Read + 'a>, PackageError> {
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
) -> Result<Extracted, PackageError> {
    let mut wanted = WantedImage::default();
    tar_members::each(data, limit, &mut |member| wanted.see(member))?;
    let bytes = wanted.found()?;
    image.write_all(&bytes).map_err(PackageError::Write)?;
    Ok(Extracted {
        size: bytes.len() as u64,
        sha256: Hasher::of(&bytes),
    })
}

/// The modules of a package, as a file that a machine is given.
pub(crate) fn extract_modules(deb: &Path) -> Result<Vec<u8>, PackageError> {
    let file = open_regular(deb).map_err(malformed)?;
    modules(BufReader::new(file), MAX_UNPACKED)
}

pub(crate) fn modules(deb: impl Read, limit: u64) -> Result<Vec<u8>, PackageError> {
    let mut packer = ModulePacker::default();
    let mut wanted = WantedModules(&mut packer);
    tar_members::each(data(deb)?, limit, &mut |member| wanted.see(member))?;
    let modules = packer.finish().map_err(malformed)?;
    modules.ok_or_else(|| malformed("a package without kernel modules"))
}

/// The configuration in a package, a text.
pub(crate) fn extract_config(deb: &Path) -> Result<Vec<u8>, PackageError> {
    let file = open_regular(deb).map_err(malformed)?;
    let mut wanted = WantedConfig::default();
    let data = data(BufReader::new(file))?;
    tar_members::each(data, MAX_UNPACKED, &mut |member| wanted.see(member))?;
    wanted
        .0
        .ok_or_else(|| malformed("a package without a kernel's configuration"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use test_archive::{Compression, TestPackage};

    use super::*;
    use crate::kernel_image::bzimage;

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
