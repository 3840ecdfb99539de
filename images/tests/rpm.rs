//! RPM packages: who signed them, which package they are, what is in them.

mod support;

use std::fs;

use images::{Keyring, LocalKernel, RpmIdentity, RpmPackage, RpmSigner, Silent};
use jiff::Timestamp;
use tempfile::tempdir;
use test_archive::{Compression, SigningKey, TestPackage, TestRpm, kernel_image, kernel_module};

fn now() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn wanted() -> RpmIdentity {
    RpmIdentity {
        name: "kernel-core".to_owned(),
        version: "5.14.0".to_owned(),
        release: "427.el9".to_owned(),
        arch: "x86_64".to_owned(),
    }
}

fn files() -> TestPackage {
    TestPackage::new("kernel-core", "5.14.0-427.el9")
        .file(
            "./lib/modules/5.14.0/kernel/x.ko",
            &kernel_module("depends=\0"),
        )
        .file("./lib/modules/5.14.0/vmlinuz", &kernel_image("5.14"))
}

fn verify(rpm: &[u8], key: &SigningKey, weak: &[&str]) -> Result<RpmSigner, String> {
    let keyring = Keyring::parse(&key.public_key()).unwrap();
    RpmPackage::parse(rpm)?.verify(&wanted(), &keyring, weak, now())
}

#[test]
fn a_signature_over_the_header_of_what_was_asked_for_counts() {
    let key = SigningKey::generate();
    let rpm = TestRpm::new(files()).signed(&key, now()).build();
    let signer = verify(&rpm, &key, &[]).unwrap();
    assert_eq!(signer.fingerprint, key.fingerprint());
    assert_eq!((signer.signed, signer.weak), (now(), None));

    let other = SigningKey::generate();
    let refused = verify(&rpm, &other, &[]).unwrap_err();
    assert!(refused.contains("unknown key"), "{refused}");
    let unsigned = TestRpm::new(files()).build();
    let refused = verify(&unsigned, &key, &[]).unwrap_err();
    assert!(refused.contains("no signature"), "{refused}");
}

/// Since RPM 6, signatures are in base64 in a tag of their own.
#[test]
fn a_signature_in_base64_counts() {
    let key = SigningKey::generate();
    let rpm = TestRpm::new(files());
    let rpm = rpm
        .clone()
        .in_base64(&key.sign_packet(&rpm.header(), now()));
    let signer = verify(&rpm.build(), &key, &[]).unwrap();
    assert_eq!(signer.fingerprint, key.fingerprint());
    let other = SigningKey::generate();
    verify(&rpm.build(), &other, &[]).unwrap_err();
}

/// Made by rpmbuild, rpmsign and GnuPG of Debian 12.
#[test]
fn a_package_by_the_tools_of_vendors_is_verified() {
    let rpm = include_bytes!("data/kernel-core-6.1.0-1.el9.x86_64.rpm");
    let keyring = Keyring::parse(include_bytes!("data/test-vendor.gpg")).unwrap();
    let wanted = RpmIdentity {
        version: "6.1.0".to_owned(),
        release: "1.el9".to_owned(),
        ..wanted()
    };
    let at = "2026-12-01T00:00:00Z".parse().unwrap();
    let verify = |bytes: &[u8], wanted: &RpmIdentity| {
        RpmPackage::parse(bytes)?.verify(wanted, &keyring, &[], at)
    };
    let signer = verify(rpm, &wanted).unwrap();
    assert_eq!(
        signer.fingerprint,
        "AB5325C02A5E3F0AAFDE86F2269FB81EF85904B1"
    );
    assert_eq!(signer.weak, None);
    let other = RpmIdentity {
        release: "2.el9".to_owned(),
        ..wanted.clone()
    };
    let refused = verify(rpm, &other).unwrap_err();
    assert!(
        refused.starts_with("kernel-core-6.1.0-1.el9.x86_64, signed"),
        "{refused}"
    );
    // In the header, where the signature is, and in the payload.
    let name = rpm
        .windows(12)
        .rposition(|part| part == b"kernel-core\0")
        .unwrap();
    for at in [name, rpm.len() - 9] {
        let mut altered = rpm.to_vec();
        altered[at] ^= 1;
        verify(&altered, &wanted).unwrap_err();
    }
}

#[test]
fn a_genuine_signature_on_another_package_is_refused() {
    let key = SigningKey::generate();
    for other in [
        TestRpm::new(TestPackage::new("kernel-debug-core", "5.14.0-427.el9")),
        TestRpm::new(TestPackage::new("kernel-core", "5.15.0-427.el9")),
        TestRpm::new(TestPackage::new("kernel-core", "5.14.0-1.el9")),
        TestRpm::new(files()).arch("aarch64"),
    ] {
        let refused = verify(&other.signed(&key, now()).build(), &key, &[]).unwrap_err();
        assert!(refused.contains("signed by"), "{refused}");
    }
}

#[test]
fn every_altered_byte_of_header_and_payload_is_noticed() {
    let key = SigningKey::generate();
    let small = TestPackage::new("kernel-core", "5.14.0-427.el9").file("./a", b"content");
    for rpm in [
        TestRpm::new(small.clone()).signed(&key, now()),
        TestRpm::new(small).of_2011().signed(&key, now()),
    ] {
        let signed = rpm.header().len() + rpm.payload().len();
        let bytes = rpm.build();
        verify(&bytes, &key, &[]).unwrap();
        for at in bytes.len() - signed..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(verify(&altered, &key, &[]).is_err(), "byte {at}");
            assert!(verify(&bytes[..at], &key, &[]).is_err(), "cut at {at}");
        }
    }
}

/// As el6 and el7 have them: the third version of OpenPGP's signatures, and in el6 SHA-1.
#[test]
fn weak_signatures_count_only_by_keys_that_are_named_for_them() {
    let key = SigningKey::of_2013();
    for rpm in [TestRpm::new(files()), TestRpm::new(files()).of_2011()] {
        let rpm = rpm
            .signed(&key, "2020-01-01T00:00:00Z".parse().unwrap())
            .build();
        let refused = verify(&rpm, &key, &[]).unwrap_err();
        assert!(refused.contains("too weak"), "{refused}");
        let other = SigningKey::generate().fingerprint();
        verify(&rpm, &key, &[&other]).unwrap_err();
        let signer = verify(&rpm, &key, &[&key.fingerprint()]).unwrap();
        assert_eq!(signer.weak.as_deref(), Some("SHA1"));
    }
}

/// A header without a digest of the payload says nothing of it.
#[test]
fn a_signature_over_a_header_alone_is_not_one_over_its_payload() {
    let key = SigningKey::generate();
    let rpm = TestRpm::new(files()).of_2011();
    let packet = key.sign_packet_v3(&rpm.header(), now());
    let refused = verify(&rpm.signature(268, &packet).build(), &key, &[]).unwrap_err();
    assert!(
        refused.contains("no signature over its header and payload"),
        "{refused}"
    );
}

#[test]
fn an_expired_or_revoked_key_does_not_count() {
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    for key in [
        SigningKey::generate_at("2025-01-01T00:00:00Z".parse().unwrap(), Some(day)),
        SigningKey::generate().revoked_at("2025-01-01T00:00:00Z".parse().unwrap(), false),
    ] {
        let rpm = TestRpm::new(files()).signed(&key, at).build();
        let refused = verify(&rpm, &key, &[]).unwrap_err();
        assert!(refused.contains("a signature of 2026-01-01"), "{refused}");
    }
}

#[test]
fn a_kernel_by_the_path_of_an_rpm_has_image_and_modules() {
    let dir = tempdir().unwrap();
    let store = support::remembering(dir.path());
    let path = dir.path().join("kernel");
    let image = |rpm: &TestRpm| {
        fs::write(&path, rpm.build()).unwrap();
        let image = store.local_image(&LocalKernel::at(&path).unwrap(), &Silent);
        image
            .map(|image| fs::read(image.path).unwrap())
            .map_err(|error| error.to_string())
    };
    for compression in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        let rpm = TestRpm::new(files().compression(compression));
        assert_eq!(image(&rpm), Ok(kernel_image("5.14")), "{compression:?}");
        let kernel = LocalKernel::at(&path).unwrap();
        store.local_modules(kernel.modules(), &Silent).unwrap();
    }
    let kernel = kernel_image("5.14");
    let empty = || TestPackage::new("kernel-core", "5.14.0-427.el9");
    for (rpm, expected) in [
        (TestRpm::new(empty()), "without a kernel image"),
        (
            TestRpm::new(files()).compressor("lzma"),
            "compressed by lzma",
        ),
        (
            TestRpm::new(empty().symlink("./boot/vmlinuz-5.14", "/etc/passwd")),
            "link or a special file",
        ),
        (
            TestRpm::new(empty().file("./../boot/vmlinuz-5.14", &kernel)),
            "leads out",
        ),
        (
            TestRpm::new(empty().file_claiming("./boot/vmlinuz-5.14", &kernel, 65 << 20)),
            "more than a kernel",
        ),
        (
            TestRpm::new(empty().file_claiming("./boot/vmlinuz-5.14", &kernel, 1 << 20)),
            "ends after",
        ),
    ] {
        let refused = image(&rpm).unwrap_err();
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    // Altered on its way: the header knows its payload.
    let mut bytes = TestRpm::new(files()).build();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let refused = store.local_image(&LocalKernel::at(&path).unwrap(), &Silent);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("not the one that its header")
    );
}
