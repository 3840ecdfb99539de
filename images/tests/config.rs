//! The configuration of a kernel: it comes along with the packages that have it.

mod support;

use std::fs;

use images::{Kernel, Silent};
use support::{TestArchive, VERSION, entry};
use test_archive::{TestPackage, TestSuite, kernel_image};

const CONFIG: &[u8] = b"CONFIG_A=y\n";
const RELEASE: &str = "6.1-cloud-amd64";

fn suite() -> TestSuite {
    TestSuite::new("oldstable", "bookworm")
}

fn config_path() -> String {
    format!("./boot/config-{RELEASE}")
}

#[test]
fn it_is_kept_when_its_image_is_obtained() {
    let package = TestPackage::new(&format!("linux-image-{RELEASE}"), VERSION)
        .file(&config_path(), CONFIG)
        .file(&format!("./boot/vmlinuz-{RELEASE}"), &kernel_image(VERSION));
    let archive = TestArchive::new(&[("debian", suite().package(package))]);
    let store = archive.mirrored().build().unwrap();
    let store = store.remembering(&archive.path("kept"));
    let entry = entry(VERSION, "bookworm");
    let image = store.obtain(&entry, &Silent).unwrap();
    let requests = archive.server.requests().len();
    let kept = store.config_at_hand(&image).unwrap();
    assert_eq!(fs::read(&kept.path).unwrap(), CONFIG);
    let kernel = Kernel::Catalogued(entry);
    let same = store.config(&kernel, &image, &Silent).unwrap();
    assert_eq!(same.path, kept.path);
    assert_eq!(archive.server.requests().len(), requests);
}

/// Since 6.19 Debian has it in a package of its own, which is not asked for with the image.
#[test]
fn it_comes_from_its_own_package_when_it_is_asked_for() {
    let base = TestPackage::new(&format!("linux-base-{RELEASE}"), VERSION);
    let suite = suite()
        .package(TestPackage::of_2026(RELEASE, VERSION))
        .package(base.file(&config_path(), CONFIG));
    let archive = TestArchive::new(&[("debian", suite)]);
    let store = archive.mirrored().build().unwrap();
    let store = store.remembering(&archive.path("kept"));
    let entry = entry(VERSION, "bookworm");
    let image = store.obtain(&entry, &Silent).unwrap();
    assert!(store.config_at_hand(&image).is_none());
    let kernel = Kernel::Catalogued(entry);
    let kept = store.config(&kernel, &image, &Silent).unwrap();
    assert_eq!(fs::read(&kept.path).unwrap(), CONFIG);
    assert!(store.config_at_hand(&image).is_some());
}
