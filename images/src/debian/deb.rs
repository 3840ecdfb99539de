//! Packages (`.deb`): the archive of files in one.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::debian::ar;
use crate::files::read::unxz;
use crate::package::{PackageError, malformed};

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

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use test_archive::{Compression, TestPackage};

    use super::*;
    use crate::kernel_image::bzimage;
    use crate::package::{MAX_UNPACKED, WantedImage, tar as tar_members};

    fn from_tar(data: impl Read, limit: u64) -> Result<Vec<u8>, PackageError> {
        let mut wanted = WantedImage::default();
        tar_members::each(data, limit, &mut |member| wanted.see(member))?;
        wanted.found()
    }

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
        let error = from_tar(endless, MAX_UNPACKED).unwrap_err();
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
            let taken = |limit| from_tar(data(&deb[..])?, limit);
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
            let extract = |deb: &[u8]| from_tar(data(deb)?, MAX_UNPACKED);
            prop_assert_eq!(&extract(&deb).unwrap(), &image);

            // Cut off anywhere, it is the same image or none.
            if let Ok(found) = extract(&deb[..cut.index(deb.len())]) {
                prop_assert_eq!(&found, &image);
            }
            // Damaged anywhere, it is something with the marks of a kernel or nothing.
            let mut damaged = deb.clone();
            damaged[place.index(deb.len())] ^= other;
            if let Ok(found) = extract(&damaged) {
                prop_assert_eq!(bzimage::check(&found), Ok(()));
            }
        }
    }
}
