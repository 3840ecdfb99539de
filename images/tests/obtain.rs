//! The whole path from an archive to an image, as of 2013 and as of 2026.

mod support;

use std::fs;

use images::{Catalogue, Entry, Silent, Vendor};
use jiff::{SignedDuration, Timestamp};
use support::{TestArchive, UPLOADED_2013, at, entry, obtain, unavailable};
use test_archive::{Compression, Files, SigningKey, TestPackage, TestSuite, kernel_image};

fn unstable_of_2013(version: &str, date: &str) -> TestSuite {
    TestSuite::new("unstable", "sid")
        .date(at(date))
        .valid_for(SignedDuration::from_hours(24 * 7))
        .package(TestPackage::of_2013("3.10-2-amd64", version))
        .package(TestPackage::of_2013("3.10-2-rt-amd64", version))
}

fn bookworm(version: &str) -> TestSuite {
    let release = "6.1.0-50-cloud-amd64";
    TestSuite::new("oldstable", "bookworm").package(
        TestPackage::new(&format!("linux-image-{release}"), version)
            .file(&format!("./boot/vmlinuz-{release}"), &kernel_image(version)),
    )
}

#[test]
fn a_kernel_of_2013_comes_from_the_snapshot_archive() {
    let suite = unstable_of_2013("3.10.11-1", "2013-09-11T00:20:00Z");
    let archive = TestArchive::new(&[("archive/debian/20130911T003000Z", suite)]);
    let image = obtain(archive.store(), "3.10.11-1", "unstable").unwrap();
    assert_eq!(fs::read(&image.path).unwrap(), kernel_image("3.10.11-1"));
    assert_eq!(
        (image.debian_version.as_str(), image.substituted_for),
        ("3.10.11-1", None)
    );
    assert!(
        image.source.contains("/archive/debian/2013"),
        "{}",
        image.source
    );

    let lock = fs::read_to_string(archive.path("kernels.lock")).unwrap();
    for expected in [
        "[\"3.10\"]",
        "linux-image-3.10-2-amd64",
        &archive.key.fingerprint(),
        "2013-09-11T00:20:00Z",
    ] {
        assert!(lock.contains(expected), "{expected} is not in {lock}");
    }
}

#[test]
fn a_cached_kernel_needs_no_archive() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1"))]);
    archive.obtain("6.1.176-1", "bookworm").unwrap();
    let before = archive.server.requests().len();
    let image = archive.obtain("6.1.176-1", "bookworm").unwrap();
    assert_eq!(archive.server.requests().len(), before);
    assert!(image.source.starts_with("cache"), "{}", image.source);
}

#[test]
fn a_pinned_kernel_needs_no_index() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1"))]);
    archive.obtain("6.1.176-1", "bookworm").unwrap();
    fs::remove_dir_all(archive.path("cache")).unwrap();
    let before = archive.server.requests().len();
    archive.obtain("6.1.176-1", "bookworm").unwrap();
    let new = archive.server.requests().split_off(before);
    assert!(
        matches!(&new[..], [only] if only.ends_with(".deb")),
        "{new:?}"
    );
}

#[test]
fn a_kernel_of_2026_is_in_the_package_that_has_the_image() {
    let (cloud, plain) = ("7.3.4+deb13-cloud-amd64", "7.3.4+deb13-amd64");
    let version = "7.3.4-1~bpo13+1";
    let needs = |release: &str| format!("initramfs-tools, linux-binary-{release} (= {version})");
    let suite = TestSuite::new("stable-backports", "trixie-backports")
        .origin("Debian Backports", "Debian Backports")
        .valid_for(SignedDuration::from_hours(1))
        .package(TestPackage::of_2026(plain, version))
        .package(TestPackage::new(&format!("linux-image-{cloud}"), version).depends(&needs(cloud)))
        .package(TestPackage::of_2026(cloud, version));
    let archive = TestArchive::new(&[("debian", suite)]);
    let image = archive.obtain(version, "trixie-backports").unwrap();
    assert!(
        image.source.contains(&format!("linux-binary-{cloud}")),
        "{}",
        image.source
    );
    let asked = archive.server.requests();
    assert!(
        asked.iter().any(|path| path.contains("by-hash")),
        "{asked:?}"
    );
}

#[test]
fn a_kernel_of_2026_comes_from_the_snapshot_archive() {
    let (release, version) = ("7.3.4+deb13-cloud-amd64", "7.3.4-1~bpo13+1");
    let suite = TestSuite::new("stable-backports", "trixie-backports")
        .origin("Debian Backports", "Debian Backports")
        .date(at("2026-09-01T12:00:00Z"))
        .valid_for(SignedDuration::from_hours(24 * 7))
        .package(TestPackage::of_2026(release, version));
    let archive = TestArchive::new(&[("archive/debian/20260901T120500Z", suite)]);
    let entry = Entry {
        uploaded: at("2026-09-01T02:00:00Z"),
        vendor: Vendor::default(),
        arch: "x86_64".to_owned(),
        ..entry(version, "trixie-backports")
    };
    let store = archive.store().build().unwrap();
    let image = store.obtain(&entry, &Silent).unwrap();
    assert_eq!(fs::read(&image.path).unwrap(), kernel_image(version));
    assert!(
        image.source.contains("/archive/debian/20260901T140000Z/"),
        "{}",
        image.source
    );
    // Each request was sent on to the time that was recorded.
    let asked = archive.server.requests();
    for time in ["20260901T140000Z", "20260901T120500Z"] {
        for what in ["InRelease", "by-hash", ".deb"] {
            let is_there = |path: &String| path.contains(time) && path.contains(what);
            assert!(asked.iter().any(is_there), "{time} {what}: {asked:?}");
        }
    }
}

#[test]
fn an_index_not_yet_known_by_its_hash_is_found_by_its_name() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1"))]);
    archive
        .server
        .files(|files| files.retain(|path, _| !path.contains("by-hash")));
    archive.obtain("6.1.176-1", "bookworm").unwrap();
}

#[test]
fn a_release_with_its_signature_beside_it_will_do() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1").detached())]);
    archive.obtain("6.1.176-1", "bookworm").unwrap();
}

#[test]
fn every_compression_of_a_package_is_read() {
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        let package = TestPackage::of_2013("3.10-2-amd64", "3.10.11-1").compression(compression);
        let archive =
            TestArchive::new(&[("debian", TestSuite::new("unstable", "sid").package(package))]);
        let image = archive.obtain("3.10.11-1", "unstable").unwrap();
        assert_eq!(
            fs::read(&image.path).unwrap(),
            kernel_image("3.10.11-1"),
            "{compression:?}"
        );
    }
}

#[test]
fn the_mirror_of_this_machine_s_apt_is_found_among_others() {
    let mut files = Files::new();
    let other = TestSuite::new("bookworm", "bookworm").origin("Docker", "Docker CE");
    other.publish(&SigningKey::generate(), "docker", &mut files);
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1"))]);
    archive.server.files(|all| all.append(&mut files));
    let sources = format!(
        "deb [arch=amd64] {} bookworm stable\ndeb {} bookworm main\n",
        archive.server.url("docker"),
        archive.server.url("debian")
    );
    fs::write(archive.path("apt/sources.list"), sources).unwrap();
    let image = obtain(archive.store(), "6.1.176-1", "bookworm").unwrap();
    assert!(
        image.source.starts_with(&archive.server.url("debian")),
        "{}",
        image.source
    );
}

#[test]
fn a_mirror_can_be_a_directory() {
    let archive = TestArchive::new(&[]);
    let mut files = Files::new();
    bookworm("6.1.176-1").publish(&archive.key, "mirror", &mut files);
    for (path, bytes) in files {
        let path = archive.path(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mirror = format!("file://{}", archive.path("mirror").display());
    obtain(archive.store().mirror(mirror), "6.1.176-1", "bookworm").unwrap();
}

#[test]
fn the_security_archive_is_found_beside_the_mirror() {
    let suite = bookworm("6.1.192-2").named("oldstable-security", "bookworm-security");
    let archive = TestArchive::new(&[("debian-security", suite)]);
    archive.obtain("6.1.192-2", "bookworm-security").unwrap();
}

#[test]
fn the_snapshot_archive_is_asked_until_the_version_is_there() {
    let early = unstable_of_2013("3.10.7-1", "2013-09-10T00:00:00Z");
    let late = unstable_of_2013("3.10.11-1", "2013-09-12T00:00:00Z");
    let archive = TestArchive::new(&[
        ("archive/debian/20130910T000000Z", early),
        // 13 September is more than a day, and less than two, after the upload.
        ("archive/debian/20130912T100000Z", late),
    ]);
    let image = obtain(archive.store(), "3.10.11-1", "unstable").unwrap();
    assert!(
        image.source.contains("20130912T131316Z"),
        "{}",
        image.source
    );
}

#[test]
fn a_version_that_has_left_the_mirror_is_replaced_by_the_newest_of_its_series() {
    let security = bookworm("6.1.192-2").named("oldstable-security", "bookworm-security");
    let archive = TestArchive::new(&[
        ("debian", bookworm("6.1.180-1")),
        ("debian-security", security),
    ]);
    let image = archive.obtain("6.1.176-1", "bookworm").unwrap();
    assert_eq!(image.debian_version, "6.1.192-2");
    assert_eq!(image.substituted_for.as_deref(), Some("6.1.176-1"));
    assert!(
        !archive.path("kernels.lock").exists(),
        "a substitute was pinned"
    );

    let locked = archive.mirrored().locked(true);
    let why = unavailable(obtain(locked, "6.1.176-1", "bookworm"));
    assert!(
        why.contains("has no 6.1.176-1") && why.contains("--locked"),
        "{why}"
    );
}

#[test]
fn without_any_archive_a_cached_version_of_the_series_serves() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.180-1"))]);
    archive.obtain("6.1.176-1", "bookworm").unwrap();
    archive.server.files(Files::clear);
    let image = archive.obtain("6.1.176-1", "bookworm").unwrap();
    assert_eq!(image.debian_version, "6.1.180-1");
    assert_eq!(image.substituted_for.as_deref(), Some("6.1.176-1"));
}

#[test]
fn a_locked_store_follows_signatures_and_writes_no_lock() {
    let archive = TestArchive::new(&[("debian", bookworm("6.1.176-1"))]);
    obtain(archive.mirrored().locked(true), "6.1.176-1", "bookworm").unwrap();
    assert!(!archive.path("kernels.lock").exists());
}

#[test]
fn several_kernels_at_once_share_the_index() {
    let suite = ["6.1.176-1", "6.2.1-1", "6.3.1-1", "6.4.1-1"].iter().fold(
        TestSuite::new("oldstable", "bookworm"),
        |suite, version| {
            let release = format!("{}-cloud-amd64", &version[..3]);
            suite.package(TestPackage::of_2026(&release, version))
        },
    );
    let archive = TestArchive::new(&[("debian", suite)]);
    let store = archive.mirrored().build().unwrap();
    std::thread::scope(|scope| {
        for version in ["6.1.176-1", "6.2.1-1", "6.3.1-1", "6.4.1-1"] {
            let store = &store;
            scope.spawn(move || store.obtain(&entry(version, "bookworm"), &Silent).unwrap());
        }
    });
    let asked = archive.server.requests();
    for path in ["InRelease", "by-hash"] {
        let times = asked.iter().filter(|asked| asked.contains(path)).count();
        assert_eq!(times, 1, "{path} in {asked:?}");
    }
    assert_eq!(store.cached().len(), 4);
}

#[test]
fn the_built_in_catalogue_has_what_was_promised() {
    let catalogue = Catalogue::builtin();
    let names: Vec<_> = catalogue
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    for name in [
        "3.2", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.16", "4.9", "4.19", "5.4", "5.10",
        "5.15", "6.1", "6.6", "6.12", "6.19", "7.3",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for entry in &catalogue.entries {
        assert!(entry.uploaded < Timestamp::now() && entry.uploaded > at("2012-01-01T00:00:00Z"));
    }
    assert!(at(UPLOADED_2013) < Timestamp::now());
}
