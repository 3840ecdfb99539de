//! Kernels of Arch Linux's archive, on loopback, laid out as it has them.

mod support;

use std::fs;

use images::{Catalogue, Image, Kernel, ObtainError, Silent, StoreBuilder};
use jiff::Timestamp;
use support::vendors::{self, nothing_is_kept};
use support::{TestArchive, refused, unavailable};
use test_archive::{
    Files, SigningKey, TestPackage, kernel_image, kernel_module, package_info, publish_pacman,
};

const DAY: &str = "archlinux/2024/11/25/core/os/x86_64";
const VERSION: &str = "6.12.1.arch1-1";
const RELEASE: &str = "6.12.1-arch1-1";
const FILE: &str = "linux-6.12.1.arch1-1-x86_64.pkg.tar.zst";

/// The kernel's package, which says of itself that it is `name` in `version`.
fn linux(name: &str, version: &str, arch: &str) -> TestPackage {
    let modules = format!("usr/lib/modules/{RELEASE}");
    TestPackage::new("linux", VERSION)
        .file(".BUILDINFO", b"format = 2\n")
        .file(".PKGINFO", package_info(name, version, arch).as_bytes())
        .file(
            &format!("{modules}/kernel/fs/overlay.ko"),
            &kernel_module("depends=\0"),
        )
        .file(&format!("{modules}/vmlinuz"), &kernel_image(VERSION))
}

fn genuine() -> TestPackage {
    linux("linux", VERSION, "x86_64")
}

fn publish(archive: &TestArchive, key: &SigningKey, package: TestPackage) {
    let packages = [TestPackage::new("bash", "5.2-1"), package];
    archive
        .server
        .files(|files| publish_pacman(key, Timestamp::now(), DAY, &packages, files));
}

fn archive() -> TestArchive {
    let archive = TestArchive::new(&[]);
    publish(&archive, &archive.key, genuine());
    archive
}

fn asked(archive: &TestArchive, text: &str) -> (StoreBuilder, Kernel) {
    vendors::asked(archive, &["archlinux"], "", text)
}

fn obtain(archive: &TestArchive, text: &str) -> Result<Image, ObtainError> {
    let (builder, kernel) = asked(archive, text);
    builder.build().unwrap().obtain_any(&kernel, &Silent)
}

#[test]
fn a_day_is_the_kernel_that_its_list_has() {
    let archive = archive();
    let image = obtain(&archive, "archlinux/2024-11-25").unwrap();
    assert_eq!(image.debian_version, VERSION);
    assert_eq!(image.package, "linux");
    // The day's list does not change, so nothing is asked for again.
    archive.server.files(Files::clear);
    let requests = archive.server.requests().len();
    let again = obtain(&archive, "archlinux/2024-11-25").unwrap();
    assert_eq!(again.path, image.path);
    assert_eq!(archive.server.requests().len(), requests);
    // What is kept beside it proves no other image.
    fs::write(&image.path, kernel_image("another")).unwrap();
    unavailable(obtain(&archive, "archlinux/2024-11-25"));
}

#[test]
fn modules_come_from_the_same_package() {
    let (archive, text) = (archive(), "archlinux/2024-11-25");
    let (builder, kernel) = asked(&archive, text);
    let store = builder.build().unwrap().remembering(&archive.path("kept"));
    let image = store.obtain_any(&kernel, &Silent).unwrap();
    let modules = store.modules(&kernel, &image, &Silent).unwrap();
    assert!(fs::metadata(&modules.path).unwrap().len() > 0);
}

/// The list is not signed: what it says is held against what the signed package says.
#[test]
fn a_genuine_signature_on_another_package_is_refused() {
    for (package, found) in [
        (linux("linux-lts", VERSION, "x86_64"), "linux-lts 6.12.1"),
        (linux("linux", "6.11.9.arch1-1", "x86_64"), "linux 6.11.9"),
        (linux("linux", VERSION, "aarch64"), "of aarch64"),
        (TestPackage::new("linux", VERSION), "without .PKGINFO"),
    ] {
        let archive = TestArchive::new(&[]);
        publish(&archive, &archive.key, package);
        let (file, expected, why) = refused(obtain(&archive, "archlinux/2024-11-25"));
        assert!(file.ends_with(FILE), "{file}");
        assert!(
            expected.contains("linux 6.12.1.arch1-1, signed"),
            "{expected}"
        );
        assert!(why.contains(found), "{why}");
        nothing_is_kept(&archive);
    }
}

#[test]
fn a_stranger_s_signature_and_none_are_refused() {
    let archive = archive();
    let stranger = SigningKey::generate();
    publish(&archive, &stranger, genuine());
    let (_, _, found) = refused(obtain(&archive, "archlinux/2024-11-25"));
    assert!(found.contains("unknown key"), "{found}");
    nothing_is_kept(&archive);
    archive
        .server
        .files(|files| files.retain(|path, _| !path.ends_with(".sig")));
    let (_, _, found) = refused(obtain(&archive, "archlinux/2024-11-25"));
    assert!(found.contains("no signature"), "{found}");
    nothing_is_kept(&archive);
}

#[test]
fn a_flipped_byte_and_a_list_that_is_none_are_refused() {
    let archive = archive();
    let path = format!("{DAY}/{FILE}");
    archive
        .server
        .files(|files| files.get_mut(&path).unwrap()[40] ^= 1);
    let (_, expected, _) = refused(obtain(&archive, "archlinux/2024-11-25"));
    assert!(expected.starts_with("SHA-256 "), "{expected}");
    nothing_is_kept(&archive);
    archive.server.files(|files| {
        files.insert(format!("{DAY}/core.db"), vec![0x1f, 0x8b, 8, 0, 0, 0, 1]);
    });
    let (_, expected, _) = refused(obtain(&archive, "archlinux/2024-11-25"));
    assert_eq!(expected, "a list of packages");
}

#[test]
fn a_day_that_is_not_there_is_told_and_a_tree_of_linux_is_a_path() {
    let why = unavailable(obtain(&archive(), "archlinux/2024-11-26"));
    assert!(why.contains("has no kernel of 2024-11-26"), "{why}");
    let catalogue = Catalogue::builtin();
    for text in ["arch/x86/boot/bzImage", "./archlinux/2024-11-25"] {
        let error = catalogue.select(&[text.parse().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}
