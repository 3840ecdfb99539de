//! Packages that are not what a package should be, signed all the same: as if
//! the archive itself had been taken over.

mod support;

use std::fs;

use images::{Image, ObtainError};
use support::{TestArchive, files_below, refused};
use tar::EntryType;
use test_archive::{Compression, TestPackage, TestSuite, kernel_image};

const VERSION: &str = "6.1.176-1";

fn bookworm(package: TestPackage) -> TestSuite {
    TestSuite::new("oldstable", "bookworm").package(package)
}

fn genuine() -> TestSuite {
    bookworm(TestPackage::of_2026("6.1-cloud-amd64", VERSION))
}

fn package() -> TestPackage {
    TestPackage::new("linux-image-6.1-cloud-amd64", VERSION)
}

fn packed(package: TestPackage) -> (TestArchive, Result<Image, ObtainError>) {
    let archive = TestArchive::new(&[("debian", bookworm(package))]);
    let result = archive.obtain(VERSION, "bookworm");
    (archive, result)
}

#[test]
fn a_package_that_is_not_as_it_should_be_is_refused() {
    let image = kernel_image(VERSION);
    for (package, expected) in [
        (
            package().symlink("./boot/vmlinuz-6.1", "/etc/passwd"),
            "link",
        ),
        (package().file("/boot/vmlinuz-6.1", &image), "leads out"),
        (package().file("./../boot/vmlinuz-6.1", &image), "leads out"),
        (
            package().file("./boot/vmlinuz-6.1", b"#!/bin/sh"),
            "shorter than",
        ),
        (
            package().file("./boot/vmlinuz-6.1", &[0; 4096]),
            "no boot flag",
        ),
        (
            package().file("./boot/config-6.1", b"CONFIG_X=y"),
            "without a kernel image",
        ),
        (
            package().file_claiming("./boot/vmlinuz-6.1", &image, 65 << 20),
            "more than a kernel",
        ),
        (
            package().file_claiming("./boot/vmlinuz-6.1", &image, u64::MAX / 4),
            "more than a kernel",
        ),
        (
            package().file_claiming("./boot/vmlinuz-6.1", &image, 1 << 20),
            "ends after",
        ),
    ] {
        let (archive, result) = packed(package);
        let (file, _, found) = refused(result);
        assert!(
            file.ends_with(".deb") && found.contains(expected),
            "{expected}: {file}: {found}"
        );
        let kept = files_below(&archive.path("cache"));
        assert!(
            kept.iter()
                .all(|path| path.parent().unwrap().ends_with("indexes")),
            "{kept:?}"
        );
    }
}

#[test]
fn bytes_that_are_no_package_are_refused() {
    let archive = TestArchive::new(&[("debian", genuine())]);
    let rubbish =
        b"!<arch>\ndata.tar.xz     0           0     0     100644  99999999  `\nrubbish".to_vec();
    archive.server.files(|files| {
        let path = format!(
            "debian/{}",
            TestSuite::pool_path("linux-binary-6.1-cloud-amd64", VERSION)
        );
        files.clear();
        // Signed all the same, as if the archive itself had been taken over.
        genuine()
            .replace_debs(rubbish.clone())
            .publish(&archive.key, "debian", files);
        assert_eq!(files[&path], rubbish);
    });
    let (file, ..) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.ends_with(".deb"), "{file}");
}

#[test]
fn a_package_that_claims_to_be_huge_is_not_downloaded() {
    let archive = TestArchive::new(&[("debian", genuine().claimed_size(300 << 20))]);
    let (_, expected, found) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(
        expected.starts_with("at most") && found.starts_with("314572800"),
        "{expected}, {found}"
    );
    assert!(
        !archive
            .server
            .requests()
            .iter()
            .any(|path| path.ends_with(".deb"))
    );
}

#[test]
fn a_kernel_that_is_no_file_is_refused() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
        EntryType::GNUSparse,
    ] {
        let (archive, result) =
            packed(package().special("./boot/vmlinuz-6.1", kind, "/etc/passwd"));
        let (_, _, found) = refused(result);
        assert!(
            found.contains("link or a special file"),
            "{kind:?}: {found}"
        );
        assert!(!archive.path("cache/kernels").exists());
    }
}

/// All of it is passed over: nothing but the kernel is ever unpacked.
#[test]
fn other_files_of_a_package_are_not_written() {
    let victim = tempfile::tempdir().unwrap();
    let there = victim.path().to_str().unwrap();
    let package = package()
        .symlink("./boot", there)
        .symlink("./usr", "/")
        .special("./dev/null", EntryType::Char, "")
        .special("./boot/hard", EntryType::Link, "/etc/passwd")
        .special("./boot/fifo", EntryType::Fifo, "")
        .file(&format!("{there}/absolute"), b"evil")
        .file(&format!("../../../../../../../..{there}/relative"), b"evil")
        .file("./boot/System.map", b"0 D map")
        .file("./boot/vmlinuz-6.1", &kernel_image(VERSION));
    let (archive, result) = packed(package);
    let image = result.unwrap();
    assert_eq!(fs::read(&image.path).unwrap(), kernel_image(VERSION));
    assert!(image.path.starts_with(archive.path("cache/kernels")));
    assert!(!image.path.is_symlink());
    assert_eq!(fs::read_dir(victim.path()).unwrap().count(), 0);
    let kept = files_below(archive.dir.path());
    let mut names: Vec<_> = (kept.iter())
        .filter(|path| !path.parent().unwrap().ends_with("indexes"))
        .map(|path| path.file_name().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["image.toml", "kernels.lock", "vmlinuz"]);
}

#[test]
fn the_first_of_two_kernels_is_taken() {
    let package = package()
        .file("./boot/vmlinuz-6.1", &kernel_image("first"))
        .file("./boot/vmlinuz-6.1", &kernel_image("second"))
        .file("./usr/lib/modules/6.1/vmlinuz", &kernel_image("third"));
    let (_archive, result) = packed(package);
    assert_eq!(
        fs::read(result.unwrap().path).unwrap(),
        kernel_image("first")
    );
}

#[test]
fn a_package_within_a_package_is_no_kernel() {
    let inner = TestPackage::of_2026("6.1-cloud-amd64", VERSION).compression(Compression::Zstd);
    let outer = package().file("./boot/vmlinuz-6.1", &inner.build());
    let (_archive, result) = packed(outer);
    let (_, _, found) = refused(result);
    assert!(found.contains("no kernel"), "{found}");
}
