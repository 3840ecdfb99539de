//! Kernels of another architecture than the usual one.

mod support;

use std::fs;

use guest::{AARCH64, HOST};
use images::{Catalogue, Kernel, Silent, Spec, image_arch};
use support::{TestArchive, unavailable};
use test_archive::{TestPackage, TestSuite, kernel_image};

const VERSION: &str = "6.1.176-1";

/// Bytes with the mark of an arm64 kernel.
fn arm64_image() -> Vec<u8> {
    let mut image = vec![0; 0x1000];
    image[0x38..0x3c].copy_from_slice(b"ARM\x64");
    image.extend(b"Linux version 6.1.0-50-cloud-arm64 (who@where) #1 SMP\n\0");
    image
}

fn suite(arch: &str, image: &[u8]) -> TestSuite {
    let package = |flavour: &str| {
        let release = format!("6.1.0-50-{flavour}");
        TestPackage::new(&format!("linux-image-{release}"), VERSION)
            .file(&format!("./boot/vmlinuz-{release}"), image)
    };
    TestSuite::new("oldstable", "bookworm")
        .architecture(arch)
        .package(package(arch))
        .package(package(&format!("cloud-{arch}")))
}

fn catalogued(archive: &TestArchive, spec: &str) -> images::Entry {
    let catalogue = archive.catalogue(&[(VERSION, "bookworm", "2026-07-02T00:00:00Z")]);
    let kernels = catalogue.select(&[spec.parse().unwrap()]).unwrap();
    let [Kernel::Catalogued(entry)] = &kernels[..] else {
        panic!("{spec}: {kernels:?}")
    };
    entry.clone()
}

/// Its name does not tell.
#[test]
fn a_package_at_a_path_is_of_the_architecture_of_its_kernel() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("linux-image_amd64.deb");
    for (image, arch) in [
        (arm64_image(), Some(&AARCH64)),
        (kernel_image("x"), Some(HOST)),
    ] {
        let package =
            TestPackage::new("linux-image-6.1", VERSION).file("./boot/vmlinuz-6.1", &image);
        for bytes in [package.build(), package.arch()] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(Kernel::File(path.clone().into()).arch(), arch);
        }
    }
    fs::write(&path, TestPackage::new("a", VERSION).build()).unwrap();
    assert_eq!(Kernel::File(path.into()).arch(), None);
}

#[test]
fn a_kernel_of_arm64_comes_by_the_same_chain() {
    let archive = TestArchive::new(&[("debian", suite("arm64", &arm64_image()))]);
    let entry = catalogued(&archive, "arm64/6.1");
    let obtain = || {
        let store = archive.mirrored().build().unwrap();
        store.obtain(&entry, &Silent).unwrap()
    };
    let image = obtain();
    assert_eq!(image.package, "linux-image-6.1.0-50-cloud-arm64");
    assert_eq!(fs::read(&image.path).unwrap(), arm64_image());
    assert_eq!(image_arch(&image.path).unwrap(), &AARCH64);
    let lock = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    for expected in ["[\"arm64/6.1\"]", "arch = \"aarch64\""] {
        assert!(lock.contains(expected), "{expected} is not in {lock}");
    }
    let before = archive.server.requests().len();
    assert!(obtain().source.starts_with("cache"));
    assert_eq!(archive.server.requests().len(), before);
}

#[test]
fn no_kernel_of_one_architecture_stands_in_for_another() {
    let archive = TestArchive::new(&[("debian", suite("amd64", &kernel_image("x")))]);
    let store = || archive.mirrored().build().unwrap();
    let usual = catalogued(&archive, "6.1");
    store().obtain(&usual, &Silent).unwrap();
    let why = unavailable(store().obtain(&catalogued(&archive, "arm64/6.1"), &Silent));
    assert!(why.contains("no arm64 in"), "{why}");
}

#[test]
fn a_spec_may_name_an_architecture() {
    let names = |spec: &str| -> Vec<String> {
        let spec: Spec = spec.parse().unwrap();
        let kernels = Catalogue::builtin().select(&[spec]).unwrap();
        kernels.iter().map(Kernel::name).collect()
    };
    assert_eq!(names("arm64/6.1"), ["arm64/6.1"]);
    assert_eq!(names("aarch64/6.1.0"), ["arm64/6.1"]);
    assert_eq!(names("amd64/6.1"), ["6.1"]);
    assert_eq!(names("arm64/5.10,6.1"), ["arm64/5.10", "arm64/6.1"]);
    assert_eq!(names("arm64/6.1,5.10"), ["arm64/5.10", "arm64/6.1"]);
    assert_eq!(names("5.10,arm64/6.1"), ["5.10", "arm64/6.1"]);
    assert_eq!(names("arm64/7.1..7.2"), ["arm64/7.1", "arm64/7.2"]);
    assert!(names("arm64/latest")[0].starts_with("arm64/"));
    let on = |spec: &str| spec.parse::<Spec>().unwrap().on(&AARCH64).to_string();
    assert_eq!(on("6.1"), "arm64/6.1");
    assert_eq!(on("5.10,6.1"), "arm64/5.10,arm64/6.1");
    assert_eq!(on("amd64/6.1"), "amd64/6.1");
    assert_eq!(on("./6.1"), "./6.1");
    assert_eq!(on("ubuntu/22.04"), "ubuntu/22.04");
    assert_eq!(on("el7,6.1"), "el7,arm64/6.1");
    // A directory of a kernel tree, and no kernel of the catalogue.
    let path = "arm64/boot/Image".parse::<Spec>().unwrap();
    assert_eq!(path.arch(), None);
    assert_eq!(path.on(&AARCH64), path);
    assert_eq!("6.1".parse::<Spec>().unwrap().on(HOST).arch(), Some(HOST));
}
