//! What must hold for any bytes; the fuzz targets of `fuzz/` call it, and a test with
//! the seeds they start from. Each function panics where something does not hold. May
//! use: all folders.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::sync::LazyLock;

use guest::{ModuleIndex, Version};
use jiff::Timestamp;
use lz4_flex::block::decompress;

use crate::catalogue::spec::Spec;
use crate::catalogue::{Catalogue, uploads};
use crate::debian::debian_version::is_plain;
use crate::debian::keyring::{Keyring, Signer};
use crate::debian::packages::{exactly, newest, read_kernels};
use crate::debian::release::Release;
use crate::debian::{apt, deb};
use crate::kernel_image::bzimage;
use crate::kernel_modules::ModulePacker;
use crate::package::{MAX_IMAGE, MAX_UNPACKED, PackageError, WantedImage, WantedModules, tar};
use crate::rpm::{RpmPackage, repository, rpm_version};
use crate::sources::{checksums, pacman};
use crate::store::pins;

/// A release file, signed or not: what it lists is a size and a hash. A list of
/// checksums: what it lists is a hash and the name of a file.
pub fn release(bytes: &[u8]) {
    static DEBIAN: LazyLock<Keyring> = LazyLock::new(Keyring::debian);
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let opened = DEBIAN.open(bytes, now).map(|(text, _)| text);
    let _ = DEBIAN.verify(b"a file", bytes, now);
    let _ = Keyring::parse(bytes);

    let signer = Signer {
        fingerprint: String::new(),
        signed: now,
    };
    let text = opened.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    for (sha256, name) in checksums::parse(&text) {
        is_hash(&sha256);
        assert!(!name.contains('/') && !name.starts_with('.'), "{name:?}");
    }
    if let Ok(release) = Release::parse(&text, signer) {
        release.title();
        release.expired(now);
        if let Some(file) = release.file(&format!("{}.xz", guest::HOST.debian_index)) {
            is_hash(&file.sha256);
        }
    }
}

/// An index of packages: all that is taken from it lies below the archive's root
/// and has a version that can be the name of a directory.
pub fn index(bytes: &[u8]) {
    let Ok(packages) = read_kernels(bytes, guest::HOST) else {
        return;
    };
    for package in &packages {
        let path = &package.file.path;
        assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."));
        assert!(is_plain(&package.version) && !package.version.contains('/'));
        is_hash(&package.file.sha256);
        assert!(exactly(&packages, &package.version).is_some());
        if let Ok((version, _)) = Version::leading(&package.version) {
            assert!(newest(&packages, version.series()).is_some());
        }
    }
}

fn is_hash(text: &str) {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    assert!(text.len() == 64 && text.bytes().all(digit), "{text}");
}

/// A package, and what would be its unpacked data: what is taken out of it is a
/// kernel, whole, and no larger than one. A list of Arch's packages, too: the file that it
/// names is beside it.
pub fn package(bytes: &[u8]) {
    let image = |data: &mut dyn Read| {
        let mut wanted = WantedImage::default();
        tar::each(data, MAX_UNPACKED, &mut |member| wanted.see(member))?;
        wanted.found()
    };
    is_kernel(deb::data(bytes).and_then(|mut data| image(&mut data)));
    // A checksum stands before each file of a tar archive.
    let mut tar = bytes.to_vec();
    tar.as_chunks_mut::<512>().0.iter_mut().for_each(sum_up);
    is_kernel(image(&mut &tar[..]));
    pacman::read_any(bytes);
    pacman::read_any(&tar);
}

/// An RPM: no byte of it is trusted that no key signed, and what is taken out of it is a
/// kernel, whole, and no larger than one.
pub fn rpm(bytes: &[u8]) {
    static DEBIAN: LazyLock<Keyring> = LazyLock::new(Keyring::debian);
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let Ok(package) = RpmPackage::parse(bytes) else {
        return;
    };
    if let Ok(identity) = package.identity() {
        // Debian signs none.
        assert!(package.verify(&identity, &DEBIAN, &[], now).is_err());
    }
    let mut wanted = WantedImage::default();
    let seen = package.each(MAX_IMAGE, &mut |member| wanted.see(member));
    is_kernel(seen.and_then(|()| wanted.found()));
    let mut packer = ModulePacker::default();
    let mut wanted = WantedModules(&mut packer);
    let _ = package.each(MAX_IMAGE, &mut |member| wanted.see(member));
}

/// The index of a repository of RPM packages, and its list of packages: what is taken from
/// them has a SHA-256, and no place in it leads out of the archive.
pub fn repomd(bytes: &[u8]) {
    let of_list = repository::list_of(bytes).ok();
    let packages = repository::packages(bytes, MAX_IMAGE, |_| true).unwrap_or_default();
    for file in of_list
        .into_iter()
        .chain(packages.into_iter().map(|it| it.file))
    {
        is_hash(&file.sha256);
        if let Some(path) = repository::resolve("one/two", &file.href) {
            assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."));
        }
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some((one, two)) = text.split_once('\n') {
        let order = rpm_version::compare(one, two);
        assert_eq!(rpm_version::compare(two, one), order.reverse());
    }
}

/// A kernel module, what lists built-in ones, and the file that a machine is given: what
/// is packed can be read, and each module that it names is found.
pub fn modules(bytes: &[u8]) {
    let mut packer = ModulePacker::default();
    for name in [
        "a.ko",
        "b.ko.xz",
        "modules.builtin",
        "modules.builtin.modinfo",
    ] {
        let _ = packer.take(name, bytes);
    }
    if let Some(file) = packer.finish().unwrap() {
        let (index, packed) = ModuleIndex::of_file(&file).unwrap();
        for module in &index.modules {
            let found = index.wanted(&module.name).unwrap();
            assert!(found.iter().any(|found| found.name == module.name));
            let bytes = &packed[module.at..][..module.packed];
            assert_eq!(decompress(bytes, module.size).unwrap().len(), module.size);
        }
    }
    if let Some((index, _)) = ModuleIndex::of_file(bytes) {
        let _ = index.wanted("fs-overlay");
    }
    let mut packer = ModulePacker::default();
    let mut wanted = WantedModules(&mut packer);
    if let Ok(data) = deb::data(bytes) {
        let _ = tar::each(data, MAX_IMAGE, &mut |member| wanted.see(member));
    }
    let _ = packer.finish();
}

fn is_kernel(taken: Result<Vec<u8>, PackageError>) {
    if let Ok(image) = taken {
        assert!(image.len() as u64 <= MAX_IMAGE);
        assert_eq!(bzimage::check(&image), Ok(()));
    }
}

/// Makes the checksum of a tar header right.
fn sum_up(block: &mut [u8; 512]) {
    if &block[257..262] == b"ustar" {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// What a person may have written: the catalogue, the lock file, the list of
/// uploads. No name in them leads out of a directory, and pins are written as
/// they were read.
pub fn catalogue(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(catalogue) = Catalogue::parse(text) {
        let names: BTreeSet<_> = catalogue.entries.iter().map(|entry| &entry.name).collect();
        assert_eq!(names.len(), catalogue.entries.len());
        assert!(
            catalogue
                .entries
                .iter()
                .all(|entry| is_plain(&entry.debian))
        );
        assert!(catalogue.default_kernels().len() <= names.len());
        for entry in &catalogue.entries {
            let spec: Spec = entry.debian.parse().expect("a version is a spec");
            assert!(catalogue.select(&[spec]).is_ok());
        }
    }
    if let Ok(pins) = pins::parse(text) {
        let written = pins::text(&pins).unwrap();
        assert_eq!(pins::parse(&written).unwrap(), pins);
    }
    for entry in uploads::parse(text).into_iter().flatten() {
        assert!(is_plain(&entry.debian));
    }
}

/// How a person names kernels: a spec is printed as it is written, and selects
/// or says why not.
pub fn spec(bytes: &[u8]) {
    static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().with_uploads());
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let Ok(spec) = text.parse::<Spec>() else {
        return;
    };
    assert_eq!(spec.to_string(), text.trim());
    assert_eq!(spec.to_string().parse(), Ok(spec.clone()));
    if spec.file().is_none() {
        let _ = BUILTIN.select(&[spec]);
    }
}

/// A kernel image: what it says of itself is short.
pub fn bzimage(bytes: &[u8]) {
    if bzimage::check(bytes).is_ok()
        && let Ok(banner) = bzimage::read_banner(Cursor::new(bytes))
    {
        // A byte that is no UTF-8 becomes a character of three.
        assert!(banner.len() <= 3 * 512 && !banner.contains('\0'));
    }
}

/// Apt's lists of sources: all that is taken from them can be asked for.
pub fn apt(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let sources = apt::parse_list(&text).into_iter();
    for source in sources.chain(apt::parse_deb822(&text)) {
        let known = ["http://", "https://", "file:///"];
        assert!(known.iter().any(|scheme| source.uri.starts_with(scheme)));
        assert!(!source.uri.contains(char::is_whitespace));
    }
}
