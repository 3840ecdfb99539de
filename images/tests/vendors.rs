//! Kernels of vendors, from archives on loopback that are laid out as theirs.

mod support;

use std::fs;

use images::{Image, Kernel, ObtainError, Silent, StoreBuilder};
use jiff::{SignedDuration, Timestamp};
use support::vendors::{self, nothing_is_kept};
use support::{Notes, TestArchive, refused, unavailable};
use test_archive::{Files, ServerFault, SigningKey, TestPackage, TestSuite, publish_checksums};

const VERSION: &str = "5.15.0-79.86";
const RELEASE: &str = "5.15.0-79-generic";
const POINT: &str = "6.12.1-061201-generic";
const BUILD: &str = "6.12.1-061201.202411221240";

/// A suite with a kernel, and what leads to it.
fn jammy(suite: &str, release: &str, version: &str) -> TestSuite {
    let depends = format!("linux-image-{release}, linux-firmware");
    let meta = |flavour: &str| {
        TestPackage::new(&format!("linux-image-{flavour}"), version).depends(&depends)
    };
    TestSuite::of_ubuntu(suite, "jammy")
        .package(meta("generic"))
        .package(meta("virtual"))
        .package(TestPackage::of_ubuntu(release, version))
        .package(TestPackage::new(
            &format!("linux-modules-{release}"),
            version,
        ))
        // A newer series that was added to the release: no meta package leads to it.
        .package(TestPackage::of_ubuntu(
            "6.8.0-40-generic",
            "6.8.0-40.40~22.04.3",
        ))
}

fn ubuntu() -> TestArchive {
    TestArchive::new(&[("ubuntu", jammy("jammy", RELEASE, VERSION))])
}

fn mainline() -> TestArchive {
    let archive = TestArchive::new(&[]);
    let packages = [
        TestPackage::of_ubuntu(POINT, BUILD),
        TestPackage::new(&format!("linux-modules-{POINT}"), BUILD),
    ];
    let now = Timestamp::now();
    archive.server.files(|files| {
        publish_checksums(
            &archive.key,
            now,
            "mainline/v6.12.1/amd64",
            &packages,
            files,
        );
    });
    archive
}

/// The path of the package with the kernel of [`ubuntu`].
fn deb() -> String {
    let name = format!("linux-image-unsigned-{RELEASE}");
    format!("ubuntu/{}", TestSuite::pool_path(&name, VERSION))
}

/// The path of the package with the kernel of [`mainline`].
fn build() -> String {
    format!("mainline/v6.12.1/amd64/linux-image-unsigned-{POINT}_{BUILD}_amd64.deb")
}

/// A store that knows this archive, and the kernel that a text asks it for.
fn asked(archive: &TestArchive, text: &str) -> (StoreBuilder, Kernel) {
    vendors::asked(archive, &["ubuntu", "mainline"], "", text)
}

fn obtain(archive: &TestArchive, text: &str) -> Result<Image, ObtainError> {
    let (builder, kernel) = asked(archive, text);
    builder.build().unwrap().obtain_any(&kernel, &Silent)
}

#[test]
fn a_release_is_the_newest_kernel_that_its_meta_package_leads_to() {
    for name in [
        "ubuntu/22.04",
        "ubuntu/22.04-virtual",
        "ubuntu/5.15.0-79.86-generic",
    ] {
        let image = obtain(&ubuntu(), name).unwrap();
        assert_eq!(image.debian_version, "5.15.0-79.86-generic", "{name}");
        assert_eq!(
            image.package, "linux-image-unsigned-5.15.0-79-generic",
            "{name}"
        );
    }
    let added = obtain(&ubuntu(), "ubuntu/6.8.0-40.40~22.04.3-generic").unwrap();
    assert_eq!(added.debian_version, "6.8.0-40.40~22.04.3-generic");
}

#[test]
fn the_newest_of_all_pockets_is_taken() {
    let archive = TestArchive::new(&[
        (
            "ubuntu",
            jammy("jammy", "5.15.0-25-generic", "5.15.0-25.25"),
        ),
        ("ubuntu", jammy("jammy-updates", RELEASE, VERSION)),
        (
            "ubuntu",
            jammy("jammy-security", "5.15.0-78-generic", "5.15.0-78.85"),
        ),
    ]);
    assert_eq!(
        obtain(&archive, "ubuntu/22.04").unwrap().debian_version,
        "5.15.0-79.86-generic"
    );
}

#[test]
fn a_point_release_is_one_directory_and_older_ones_have_no_architecture() {
    let image = obtain(&mainline(), "mainline/6.12.1").unwrap();
    assert_eq!(image.debian_version, "6.12.1");
    let old = TestArchive::new(&[]);
    let (release, version) = ("4.9.0-040900-generic", "4.9.0-040900.201612111631");
    let package = TestPackage::new(&format!("linux-image-{release}"), version).file(
        &format!("./boot/vmlinuz-{release}"),
        &test_archive::kernel_image("4.9"),
    );
    old.server.files(|files| {
        publish_checksums(
            &old.key,
            Timestamp::now(),
            "mainline/v4.9",
            &[package],
            files,
        );
    });
    for name in ["mainline/4.9", "mainline/4.9.0"] {
        assert_eq!(obtain(&old, name).unwrap().debian_version, "4.9", "{name}");
    }
}

#[test]
fn a_version_that_is_cached_needs_no_archive_and_an_altered_one_is_none() {
    for (archive, name) in [
        (ubuntu(), "ubuntu/5.15.0-79.86-generic"),
        (mainline(), "mainline/6.12.1"),
    ] {
        let image = obtain(&archive, name).unwrap();
        archive.server.files(Files::clear);
        let asked = archive.server.requests().len();
        assert_eq!(obtain(&archive, name).unwrap().path, image.path);
        assert_eq!(archive.server.requests().len(), asked);
        // Nothing that is kept proves another image.
        let bytes = test_archive::kernel_image("another");
        fs::write(&image.path, &bytes).unwrap();
        unavailable(obtain(&archive, name));
    }
}

#[test]
fn a_release_means_what_its_archive_says_today() {
    let archive = ubuntu();
    obtain(&archive, "ubuntu/22.04").unwrap();
    archive.server.files(|files| {
        jammy("jammy-updates", "5.15.0-80-generic", "5.15.0-80.87").publish(
            &archive.key,
            "ubuntu",
            files,
        );
    });
    let newer = obtain(&archive, "ubuntu/22.04").unwrap();
    assert_eq!(newer.debian_version, "5.15.0-80.87-generic");
    // Where the archive is away, what it said last.
    archive.server.files(Files::clear);
    let (builder, kernel) = asked(&archive, "ubuntu/22.04");
    let notes = Notes::default();
    let image = builder
        .build()
        .unwrap()
        .obtain_any(&kernel, &notes)
        .unwrap();
    assert_eq!(image.debian_version, "5.15.0-80.87-generic");
    let notes = notes.0.into_inner().unwrap().join("\n");
    assert!(
        notes.contains("5.15.0-80.87-generic of the cache serves"),
        "{notes}"
    );
}

#[test]
fn a_release_that_is_pinned_stays() {
    let archive = ubuntu();
    let pinned = |locked| {
        let (builder, kernel) = asked(&archive, "ubuntu/22.04");
        let builder = builder
            .lock_file(archive.path("strata.lock"))
            .locked(locked);
        builder.build().unwrap().obtain_any(&kernel, &Silent)
    };
    let why = unavailable(pinned(true));
    assert!(
        why.contains("--locked refuses ubuntu/22.04, which is not pinned"),
        "{why}"
    );
    let first = pinned(false).unwrap();
    archive.server.files(|files| {
        jammy("jammy-updates", "5.15.0-80-generic", "5.15.0-80.87").publish(
            &archive.key,
            "ubuntu",
            files,
        );
    });
    fs::remove_dir_all(archive.path("cache")).unwrap();
    for locked in [false, true] {
        assert_eq!(pinned(locked).unwrap().sha256, first.sha256);
    }
    // Another package in the place of the pinned one.
    fs::remove_dir_all(archive.path("cache")).unwrap();
    archive.server.files(|files| {
        files.insert(deb(), TestPackage::of_ubuntu(RELEASE, "another").build());
    });
    refused(pinned(false));
    nothing_is_kept(&archive);
}

#[test]
fn a_flipped_byte_in_a_package_is_refused() {
    for (archive, name, path) in [
        (ubuntu(), "ubuntu/22.04", deb()),
        (mainline(), "mainline/6.12.1", build()),
    ] {
        archive
            .server
            .files(|files| files.get_mut(&path).unwrap()[5000] ^= 1);
        let (file, expected, _) = refused(obtain(&archive, name));
        assert!(
            file.ends_with(".deb") && expected.starts_with("SHA-256 "),
            "{file} {expected}"
        );
        nothing_is_kept(&archive);
    }
}

#[test]
fn a_flipped_byte_in_what_is_signed_is_refused() {
    for (archive, name, path, from, to) in [
        (
            ubuntu(),
            "ubuntu/22.04",
            "ubuntu/dists/jammy/InRelease",
            "Label: Ubuntu",
            "Label: ubuntu",
        ),
        (
            mainline(),
            "mainline/6.12.1",
            "mainline/v6.12.1/amd64/CHECKSUMS",
            "Sha1",
            "sha1",
        ),
    ] {
        archive.server.files(|files| {
            let bytes = files.get_mut(path).unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replacen(from, to, 1).into_bytes();
        });
        let (file, expected, found) = refused(obtain(&archive, name));
        assert!(
            file.ends_with(path) && expected.contains("a valid signature"),
            "{file}"
        );
        assert!(found.contains("bad signature"), "{found}");
        nothing_is_kept(&archive);
    }
}

#[test]
fn a_stranger_s_signature_and_none_are_refused() {
    for (archive, name) in [(ubuntu(), "ubuntu/22.04"), (mainline(), "mainline/6.12.1")] {
        let stranger = SigningKey::generate();
        archive.server.files(|files| {
            jammy("jammy", RELEASE, VERSION).publish(&stranger, "ubuntu", files);
            let packages = [TestPackage::of_ubuntu(POINT, BUILD)];
            let (now, place) = (Timestamp::now(), "mainline/v6.12.1/amd64");
            publish_checksums(&stranger, now, place, &packages, files);
        });
        let (_, _, found) = refused(obtain(&archive, name));
        assert!(
            found.contains(&format!("unknown key {}", stranger.fingerprint())),
            "{found}"
        );
        nothing_is_kept(&archive);
        archive
            .server
            .files(|files| files.retain(|path, _| !path.ends_with(".gpg")));
        if name.starts_with("mainline") {
            let (_, _, found) = refused(obtain(&archive, name));
            assert!(found.contains("no signature"), "{found}");
        }
    }
}

/// The names in a genuine list, or in a genuine release file, must be those that were
/// asked for.
#[test]
fn a_genuine_signature_on_something_else_is_refused() {
    let archive = mainline();
    archive.server.files(|files| {
        for name in ["CHECKSUMS", "CHECKSUMS.gpg"] {
            let genuine = files[&format!("mainline/v6.12.1/amd64/{name}")].clone();
            files.insert(format!("mainline/v6.12.2/amd64/{name}"), genuine);
        }
    });
    let (_, expected, found) = refused(obtain(&archive, "mainline/6.12.2"));
    assert_eq!(expected, "a list with the kernel 6.12.2");
    assert!(found.contains("6.12.1"), "{found}");
    nothing_is_kept(&archive);

    // Ubuntu's pockets have the code name of their release.
    let archive = ubuntu();
    archive.server.files(|files| {
        jammy("jammy-updates", RELEASE, VERSION).publish(&archive.key, "ubuntu", files);
        let other = files["ubuntu/dists/jammy-updates/InRelease"].clone();
        files.insert("ubuntu/dists/jammy/InRelease".to_owned(), other);
    });
    let (_, expected, found) = refused(obtain(&archive, "ubuntu/22.04"));
    assert_eq!(
        (&*expected, &*found),
        ("Ubuntu jammy", "Ubuntu jammy-updates (jammy)")
    );

    // A package whose version is not the one of its name.
    let depends = format!("linux-image-{RELEASE}");
    let suite = TestSuite::of_ubuntu("jammy", "jammy")
        .package(TestPackage::new("linux-image-generic", VERSION).depends(&depends))
        .package(TestPackage::of_ubuntu(RELEASE, "5.15.0-25.25"));
    let archive = TestArchive::new(&[("ubuntu", suite)]);
    let why = unavailable(obtain(&archive, "ubuntu/22.04"));
    assert!(why.contains("has no kernel 22.04"), "{why}");
}

#[test]
fn an_archive_that_was_rolled_back_is_refused() {
    let before = Timestamp::now() - SignedDuration::from_hours(48);
    let archive = ubuntu();
    obtain(&archive, "ubuntu/22.04").unwrap();
    fs::remove_dir_all(archive.path("cache/kernels")).unwrap();
    archive.server.files(|files| {
        jammy("jammy", RELEASE, VERSION)
            .date(before)
            .publish(&archive.key, "ubuntu", files);
    });
    let why = unavailable(obtain(&archive, "ubuntu/22.04"));
    assert!(why.contains("older than one of"), "{why}");

    let archive = mainline();
    obtain(&archive, "mainline/6.12.1").unwrap();
    fs::remove_dir_all(archive.path("cache/kernels")).unwrap();
    archive.server.files(|files| {
        let packages = [TestPackage::of_ubuntu(POINT, "6.12.1-061201.2024")];
        publish_checksums(
            &archive.key,
            before,
            "mainline/v6.12.1/amd64",
            &packages,
            files,
        );
    });
    let why = unavailable(obtain(&archive, "mainline/6.12.1"));
    assert!(
        why.contains("its list of 6.12.1 is of") && why.contains("older than"),
        "{why}"
    );
}

#[test]
fn a_package_that_is_cut_off_or_too_large_is_refused() {
    let archive = ubuntu();
    archive.server.fault(&deb(), ServerFault::Short(1000), 9);
    let (_, expected, found) = refused(obtain(&archive, "ubuntu/22.04"));
    assert!(
        expected.ends_with("bytes") && found == "1000 bytes",
        "{expected} {found}"
    );
    nothing_is_kept(&archive);

    let archive = mainline();
    archive.server.fault(&build(), ServerFault::Short(1000), 9);
    let (_, expected, _) = refused(obtain(&archive, "mainline/6.12.1"));
    assert!(expected.starts_with("SHA-256 "), "{expected}");
    nothing_is_kept(&archive);

    let suite = jammy("jammy", RELEASE, VERSION).claimed_size(1 << 30);
    let archive = TestArchive::new(&[("ubuntu", suite)]);
    let (_, expected, found) = refused(obtain(&archive, "ubuntu/22.04"));
    assert!(
        expected.starts_with("at most ") && found == "1073741824 bytes",
        "{expected} {found}"
    );

    let archive = mainline();
    archive.server.files(|files| {
        files.insert(
            "mainline/v6.12.1/amd64/CHECKSUMS".to_owned(),
            vec![b'#'; 2 << 20],
        );
    });
    let (_, expected, _) = refused(obtain(&archive, "mainline/6.12.1"));
    assert!(expected.starts_with("at most "), "{expected}");
}

#[test]
fn what_an_archive_does_not_have_is_unavailable() {
    let why = unavailable(obtain(&ubuntu(), "ubuntu/5.15.0-1.2-generic"));
    assert!(why.contains("has no kernel 5.15.0-1.2-generic"), "{why}");
    let why = unavailable(obtain(&mainline(), "mainline/6.12.9"));
    assert!(why.contains("has no 6.12.9"), "{why}");
    let why = unavailable(obtain(&ubuntu(), "ubuntu/24.04"));
    assert!(why.contains("has no noble"), "{why}");
}

/// The index of a vendor, too, and not only its package.
#[test]
fn machines_share_what_a_vendor_publishes() {
    let archive = ubuntu();
    let shared = archive.path("shared");
    let machine = |name: &str| {
        let (builder, kernel) = asked(&archive, "ubuntu/22.04");
        let store = builder.cache_from(shared.to_str().unwrap());
        let store = store.cache_dir(archive.path(name));
        let store = store.lock_file(archive.path(&format!("{name}.lock")));
        let store = store.build().unwrap();
        store.obtain_any(&kernel, &Silent).unwrap();
    };
    let downloads = || {
        let requests = archive.server.requests();
        let is_shared = |path: &&String| path.contains("binary-amd64") || path.ends_with(".deb");
        requests.iter().filter(is_shared).count()
    };
    machine("one");
    let first = downloads();
    assert!(first >= 2, "{first}");
    machine("two");
    assert_eq!(downloads(), first);
}
