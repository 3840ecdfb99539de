//! An attacker between this machine and the archive, or in the cache.

mod support;

use std::fs;
use std::io::Write;
use std::time::Duration;

use images::{Entry, Image, ObtainError, Silent};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use support::{TestArchive, at, entry, files_below, obtain, refused, unavailable};
use test_archive::{Files, SigningKey, TestPackage, TestSuite};

const VERSION: &str = "6.1.176-1";
const RELEASE: &str = "debian/dists/bookworm/InRelease";

fn bookworm(package: TestPackage) -> TestSuite {
    TestSuite::new("oldstable", "bookworm").package(package)
}

fn genuine() -> TestSuite {
    bookworm(TestPackage::of_2026("6.1-cloud-amd64", VERSION))
}

/// Refused at the release file, for the reason returned; nothing is kept.
fn refused_release(archive: &TestArchive) -> String {
    let (file, expected, found) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.contains("/dists/bookworm/"), "{file}");
    assert!(expected.contains("signature"), "{expected}");
    assert!(files_below(&archive.path("cache")).is_empty());
    found
}

#[test]
fn an_unsigned_release_is_refused() {
    let archive = TestArchive::new(&[("debian", genuine().detached())]);
    archive
        .server
        .files(|files| files.retain(|path, _| !path.ends_with("Release.gpg")));
    refused_release(&archive);

    let archive = TestArchive::new(&[("debian", genuine())]);
    archive.server.files(|files| {
        files.insert(
            RELEASE.to_owned(),
            b"Origin: Debian\nCodename: bookworm\n".to_vec(),
        );
    });
    refused_release(&archive);
}

#[test]
fn a_release_signed_by_a_stranger_is_refused() {
    let stranger = SigningKey::generate();
    let mut files = Files::new();
    genuine().publish(&stranger, "debian", &mut files);
    let archive = TestArchive::new(&[]);
    archive.server.files(|all| *all = files);
    let found = refused_release(&archive);
    assert!(
        found.contains(&format!("unknown key {}", stranger.fingerprint())),
        "{found}"
    );
}

#[test]
fn a_release_altered_after_it_was_signed_is_refused() {
    for suite in [genuine(), genuine().detached()] {
        let archive = TestArchive::new(&[("debian", suite)]);
        archive.server.files(|files| {
            for (path, bytes) in files {
                if path.ends_with("Release") {
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    *bytes = text
                        .replace("Codename: bookworm", "Codename: Bookworm")
                        .into();
                }
            }
        });
        let found = refused_release(&archive);
        assert!(found.contains("bad signature"), "{found}");
    }
}

#[test]
fn text_before_or_after_the_signed_part_is_refused() {
    for (before, after) in [("Origin: Evil\n\n", ""), ("", "\nOrigin: Evil\n")] {
        let archive = TestArchive::new(&[("debian", genuine())]);
        archive.server.files(|files| {
            let signed = files[RELEASE].clone();
            files.insert(
                RELEASE.into(),
                [before.as_bytes(), &signed, after.as_bytes()].concat(),
            );
        });
        refused_release(&archive);
    }
}

#[test]
fn an_old_release_is_refused_by_a_mirror_and_welcome_in_the_snapshot_archive() {
    let old = || {
        let old = genuine().date(at("2013-09-11T00:00:00Z"));
        old.valid_for(SignedDuration::from_hours(24 * 7))
    };
    let archive = TestArchive::new(&[("debian", old())]);
    let why = unavailable(archive.obtain(VERSION, "bookworm"));
    assert!(why.contains("expired on 2013-09-18"), "{why}");

    let archive = TestArchive::new(&[("archive/debian/20130911T000000Z", old())]);
    obtain(archive.store(), VERSION, "bookworm").unwrap();
}

#[test]
fn a_genuine_release_of_another_suite_is_refused() {
    let archive = TestArchive::new(&[("debian", genuine().named("stable", "trixie"))]);
    archive.server.files(|files| {
        let other = files["debian/dists/trixie/InRelease"].clone();
        files.insert(RELEASE.to_owned(), other);
    });
    let (_, expected, found) = refused(archive.obtain(VERSION, "bookworm"));
    assert_eq!(
        (expected.as_str(), found.as_str()),
        ("Debian bookworm", "Debian stable (trixie)")
    );
}

/// From a snapshot of 11 September 2013, signed on that day.
fn signed_in_2013_by(key: SigningKey) -> Result<Image, ObtainError> {
    let suite = genuine().date(at("2013-09-11T00:00:00Z"));
    let archive = TestArchive::signed_by(key, &[("archive/debian/20130911T000000Z", suite)]);
    obtain(archive.store(), VERSION, "bookworm")
}

#[test]
fn a_key_that_has_expired_since_vouches_for_what_it_signed_before() {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let key = |years| SigningKey::generate_at(at("2010-01-01T00:00:00Z"), Some(YEAR * years));
    signed_in_2013_by(key(4)).unwrap();
    let (_, _, found) = refused(signed_in_2013_by(key(3)));
    assert!(found.contains("expired"), "{found}");
}

#[test]
fn a_key_that_was_made_later_vouches_for_nothing_before() {
    let key = SigningKey::generate_at(at("2014-01-01T00:00:00Z"), None);
    let (_, _, found) = refused(signed_in_2013_by(key));
    assert!(found.contains("before the key"), "{found}");
}

#[test]
fn a_stolen_key_never_vouched_and_a_retired_one_did() {
    let revoked =
        |at_time, compromised| SigningKey::generate().revoked_at(at(at_time), compromised);
    signed_in_2013_by(revoked("2020-01-01T00:00:00Z", false)).unwrap();
    refused(signed_in_2013_by(revoked("2012-01-01T00:00:00Z", false)));
    refused(signed_in_2013_by(revoked("2020-01-01T00:00:00Z", true)));
}

#[test]
fn sha1_counts_only_in_old_signatures() {
    let key = SigningKey::of_2013();
    let (mut then, mut now) = (Files::new(), Files::new());
    genuine().date(at("2013-09-11T00:00:00Z")).publish(
        &key,
        "archive/debian/20130911T000000Z",
        &mut then,
    );
    genuine().publish(&key, "debian", &mut now);
    let archive = TestArchive::signed_by(key, &[]);
    archive.server.files(|files| *files = now);
    let found = refused_release(&archive);
    assert!(found.contains("SHA1"), "{found}");
    archive.server.files(|files| *files = then);
    obtain(archive.store(), VERSION, "bookworm").unwrap();
}

#[test]
fn a_signature_from_the_future_is_refused() {
    let tomorrow = Timestamp::now() + SignedDuration::from_hours(24);
    let archive = TestArchive::new(&[("debian", genuine().date(tomorrow))]);
    let found = refused_release(&archive);
    assert!(found.contains("future"), "{found}");
}

#[test]
fn a_tool_that_the_lock_file_does_not_name_is_refused() {
    let archive = TestArchive::new(&[("debian", genuine())]);
    archive.obtain(VERSION, "bookworm").unwrap();
    fs::remove_dir_all(archive.path("cache")).unwrap();
    // The same version, rightly signed, and yet another package.
    let package = TestPackage::of_2026("6.1-cloud-amd64", VERSION).file("./usr/extra", b"new");
    archive.server.files(|files| {
        files.clear();
        bookworm(package).publish(&archive.key, "debian", files);
    });
    let (file, ..) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.ends_with(".deb"), "{file}");
    // The index is right: it says what is in the archive now.
    let kept = files_below(&archive.path("cache"));
    assert!(
        kept.iter()
            .all(|path| path.parent().unwrap().ends_with("indexes"))
    );
}

/// An archive whose mirror was taken over, all but its key.
#[test]
fn a_right_package_in_a_wrong_index_is_refused() {
    let archive = TestArchive::new(&[("debian", genuine())]);
    let mut signed = Vec::new();
    archive.server.files(|files| {
        signed = files[RELEASE].clone();
        files.clear();
        let evil =
            TestPackage::of_2026("6.1-cloud-amd64", VERSION).file("./usr/bin/evil", b"#!/bin/sh");
        bookworm(evil).publish(&SigningKey::generate(), "debian", files);
        files.insert(RELEASE.to_owned(), signed.clone());
    });
    let (file, expected, _) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.ends_with("/Packages.xz"), "{file}");
    assert!(expected.contains("bytes") || expected.starts_with("SHA-256"));
    let asked = archive.server.requests();
    assert!(
        asked.iter().all(|path| !path.ends_with(".deb")),
        "{asked:?}"
    );
    assert!(files_below(&archive.path("cache")).is_empty());
}

#[test]
fn a_kernel_whose_version_leads_out_of_the_cache_is_none() {
    let archive = TestArchive::new(&[("debian", genuine())]);
    let store = archive.mirrored().build().unwrap();
    for version in ["6.1.176-1/../../../stolen", "../../stolen", "/stolen"] {
        let entry = Entry {
            debian: version.to_owned(),
            ..entry(VERSION, "bookworm")
        };
        let why = unavailable(store.obtain(&entry, &Silent));
        assert!(why.contains("no Debian version"), "{why}");
    }
    assert!(archive.server.requests().is_empty());
    assert!(!archive.path("cache").exists());
}

#[test]
fn a_lock_file_that_names_a_file_elsewhere_pins_nothing() {
    let archive = TestArchive::new(&[("debian", genuine())]);
    archive.obtain(VERSION, "bookworm").unwrap();
    let lock = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    fs::remove_dir_all(archive.path("cache")).unwrap();
    let sha256 = lock.lines().find(|line| line.starts_with("sha256"));
    let elsewhere = archive.path("elsewhere");
    let altered = format!("sha256 = {elsewhere:?}");
    let altered = lock.replace(sha256.unwrap(), &altered);
    fs::write(archive.path("kernels.lock"), altered).unwrap();
    // The index is asked, and says something else.
    let (file, ..) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.ends_with("in kernels.lock)"), "{file}");
    assert!(!elsewhere.exists());
}

#[test]
fn an_index_that_unpacks_to_more_than_it_should_is_refused() {
    let archive = TestArchive::new(&[]);
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(&vec![b'\n'; 8 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let sum = Sha256::digest(&bomb);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    let release = format!(
        "Origin: Debian\nSuite: oldstable\nCodename: bookworm\nSHA256:\n \
         {sum} 100000 main/binary-amd64/Packages\n {sum} {} main/binary-amd64/Packages.xz\n",
        bomb.len()
    );
    archive.server.files(|files| {
        let signed = archive.key.sign(&release, Timestamp::now());
        files.insert(RELEASE.to_owned(), signed);
        files.insert(
            RELEASE.replace("InRelease", "main/binary-amd64/Packages.xz"),
            bomb,
        );
    });
    let (file, _, found) = refused(archive.obtain(VERSION, "bookworm"));
    assert!(file.ends_with("Packages.xz"), "{file}");
    assert!(found.contains("more than it should"), "{found}");
}
