//! What is in the cache and in no lock file: believed for what proves it.

mod support;

use std::fs;
use std::path::PathBuf;

use images::{Image, ObtainError, Silent};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use support::{TestArchive, VERSION, archive, at, entry, files_below, unavailable};
use test_archive::{Files, TestPackage, TestSuite, kernel_image};

/// By a store that pins nothing: what it obtains is in no lock file.
fn obtain(archive: &TestArchive) -> Result<Image, ObtainError> {
    let store = archive.mirrored().locked(true).build().unwrap();
    store.obtain(&entry(VERSION, "bookworm"), &Silent)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_proof(image: &Image, name: &str) -> PathBuf {
    image.path.with_file_name("proof").join(name)
}

#[test]
fn an_image_altered_together_with_its_description_is_not_trusted() {
    let archive = archive();
    let image = obtain(&archive).unwrap();
    let mut evil = fs::read(&image.path).unwrap();
    evil[0x300] = 1;
    let about = image.path.with_file_name("image.toml");
    let text = fs::read_to_string(&about).unwrap();
    fs::write(&about, text.replace(&image.sha256, &sha256(&evil))).unwrap();
    fs::write(&image.path, &evil).unwrap();
    let store = archive.mirrored().locked(true).build().unwrap();
    let problem = store.verify()[0].problem.clone().unwrap();
    assert!(problem.contains("not the one in its package"), "{problem}");
    let again = obtain(&archive).unwrap();
    assert_eq!(fs::read(again.path).unwrap(), kernel_image(VERSION));
}

#[test]
fn a_cache_from_elsewhere_is_as_good_as_a_download() {
    let archive = archive();
    let image = obtain(&archive).unwrap();
    fs::rename(archive.path("cache"), archive.path("carried")).unwrap();
    fs::create_dir(archive.path("cache")).unwrap();
    fs::rename(
        archive.path("carried/kernels"),
        archive.path("cache/kernels"),
    )
    .unwrap();
    archive.server.files(Files::clear);
    let asked = archive.server.requests().len();
    let again = obtain(&archive).unwrap();
    assert_eq!((again.sha256, again.path), (image.sha256, image.path));
    assert_eq!(archive.server.requests().len(), asked);
}

#[test]
fn an_image_without_pin_or_proof_is_not_used() {
    let archive = archive();
    let image = obtain(&archive).unwrap();
    let index = in_proof(&image, "Packages.xz");
    let genuine = ["InRelease", "Packages.xz", "package.deb"].map(|name| {
        (
            in_proof(&image, name),
            fs::read(in_proof(&image, name)).unwrap(),
        )
    });
    for (path, bytes) in &genuine {
        let mut other = bytes.clone();
        let middle = other.len() / 2;
        other[middle] ^= 1;
        // Another file, not the same under another name.
        fs::remove_file(path).unwrap();
        fs::write(path, other).unwrap();
        let mut files = Files::new();
        archive.server.files(|all| files.append(all));
        unavailable(obtain(&archive));
        archive.server.files(|all| all.append(&mut files));
        fs::remove_file(path).unwrap();
        unavailable_without(&archive);
        fs::write(path, bytes).unwrap();
        let asked = archive.server.requests().len();
        obtain(&archive).unwrap();
        assert_eq!(archive.server.requests().len(), asked, "{}", path.display());
    }
    assert!(index.exists());
    // It is obtained again, with all that proves it.
    fs::remove_dir_all(index.parent().unwrap()).unwrap();
    obtain(&archive).unwrap();
    assert!(index.exists());
}

fn unavailable_without(archive: &TestArchive) {
    let mut files = Files::new();
    archive.server.files(|all| files.append(all));
    unavailable(obtain(archive));
    archive.server.files(|all| all.append(&mut files));
}

#[test]
fn a_pinned_kernel_needs_no_proof() {
    let archive = archive();
    archive.obtain(VERSION, "bookworm").unwrap();
    let kept = files_below(&archive.path("cache/kernels"));
    assert_eq!(kept.len(), 2, "{kept:?}");
}

/// As a mirror would hand out that keeps back what was mended since.
#[test]
fn an_old_release_of_a_suite_without_an_end_is_refused() {
    let bookworm = |version: &str, date: Timestamp| {
        let release = format!("{}-cloud-amd64", &version[..3]);
        let package = TestPackage::of_2026(&release, version);
        TestSuite::new("oldstable", "bookworm")
            .date(date)
            .package(package)
    };
    let archive = TestArchive::new(&[("debian", bookworm(VERSION, Timestamp::now()))]);
    obtain(&archive).unwrap();
    let old = || archive.mirrored().build().unwrap();
    for (age, refused) in [(24 * 30, true), (6, false)] {
        let date = Timestamp::now() - SignedDuration::from_hours(age);
        archive.server.files(|files| {
            bookworm("6.2.1-1", date).publish(&archive.key, "debian", files);
        });
        let result = old().obtain(&entry("6.2.1-1", "bookworm"), &Silent);
        match refused {
            true => {
                let why = unavailable(result);
                assert!(why.contains("that was seen before"), "{why}");
            }
            // So far one mirror may be behind another.
            false => drop(result.unwrap()),
        }
    }
    // The snapshot archive has nothing but old ones.
    let then = bookworm("6.3.1-1", at("2013-09-11T00:00:00Z"));
    archive.server.files(|files| {
        then.publish(&archive.key, "archive/debian/20130911T000000Z", files);
    });
    old()
        .obtain(&entry("6.3.1-1", "bookworm"), &Silent)
        .unwrap();
}
