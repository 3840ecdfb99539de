//! Kernels of vendors, from archives on loopback that are laid out as theirs: a kernel of
//! Debian in packages of their form.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use images::{Catalogue, Store};
use jiff::Timestamp;
use strata_tests::{any_image, xtask};
use tempfile::{TempDir, tempdir};
use test_archive::{
    Compression, Files, Server, SigningKey, TestPackage, TestSuite, publish_checksums,
};

use super::{assert_status, text};

/// The archives, and the file of sources that leads to them.
struct VendorArchives {
    key: SigningKey,
    server: Server,
    dir: TempDir,
}

fn package(release: &str, version: &str) -> TestPackage {
    let image = fs::read(any_image().unwrap()).unwrap();
    TestPackage::new(&format!("linux-image-unsigned-{release}"), version)
        .compression(Compression::Zstd)
        .file(&format!("./boot/vmlinuz-{release}"), &image)
}

impl VendorArchives {
    fn new() -> Self {
        let key = SigningKey::generate();
        let mut files = Files::new();
        TestSuite::of_ubuntu("jammy", "jammy")
            .package(
                TestPackage::new("linux-image-generic", "5.15.0.79.76")
                    .depends("linux-image-5.15.0-79-generic"),
            )
            .package(package("5.15.0-79-generic", "5.15.0-79.86"))
            .publish(&key, "ubuntu", &mut files);
        let (release, version) = ("6.12.1-061201-generic", "6.12.1-061201.202411221240");
        let (now, place) = (Timestamp::now(), "mainline/v6.12.1/amd64");
        publish_checksums(&key, now, place, &[package(release, version)], &mut files);
        let (server, dir) = (Server::start(files), tempdir().unwrap());
        let source = |name: &str| {
            let (url, key) = (server.url(name), key.fingerprint());
            format!(
                "[[source]]\nname = '{name}'\narchives = ['{url}']\nkeys = ['{key}']\n\
                 key_rings = ['key.gpg']\n"
            )
        };
        fs::write(dir.path().join("key.gpg"), key.public_key()).unwrap();
        fs::write(
            dir.path().join("sources.toml"),
            source("ubuntu") + &source("mainline"),
        )
        .unwrap();
        Self { key, server, dir }
    }

    /// Kernels of its own, and the QEMU that is in the user's.
    fn cache(&self) -> PathBuf {
        let cache = self.dir.path().join("cache");
        if fs::create_dir(&cache).is_ok() {
            let of_user = Store::builder(&Catalogue::builtin()).build().unwrap();
            symlink(of_user.cache_dir().join("tools"), cache.join("tools")).unwrap();
        }
        cache
    }

    fn output(&self, words: &[&str]) -> Output {
        let mut command: Command = xtask();
        command.args(words).stdin(Stdio::null());
        command.env("STRATA_SOURCES", self.dir.path().join("sources.toml"));
        command.env("STRATA_CACHE", self.cache());
        command.output().unwrap()
    }
}

#[test]
fn a_program_runs_on_a_vendor_s_kernel() {
    let archives = VendorArchives::new();
    for kernel in ["ubuntu/22.04", "mainline/6.12.1"] {
        let output = archives.output(&["run", "--kernel", kernel, "--", "uname", "-r"]);
        assert_status(&output, 0);
        assert!(
            text(&output.stdout).starts_with("6.1."),
            "{}",
            text(&output.stdout)
        );
    }
}

#[test]
fn a_vendor_s_kernel_is_listed_fetched_and_refused() {
    let archives = VendorArchives::new();
    let listed = archives.output(&["kernels", "list"]);
    assert_status(&listed, 0);
    let listed = text(&listed.stdout);
    let line = |name: &str| {
        let line = listed.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} is not in {listed}"))
            .to_owned()
    };
    assert!(line("ubuntu/22.04").contains("jammy"), "{listed}");
    assert!(line("ubuntu/22.04").ends_with("unseen"), "{listed}");

    let fetched = archives.output(&["kernels", "fetch", "ubuntu/22.04"]);
    assert_status(&fetched, 0);
    let verified = archives.output(&["kernels", "verify"]);
    assert_status(&verified, 0);
    let unknown = archives.output(&["kernels", "fetch", "ubuntu/21.10"]);
    assert_status(&unknown, 2);
    assert!(
        text(&unknown.stderr).contains("26.04"),
        "{}",
        text(&unknown.stderr)
    );

    // A stranger took the archive over.
    let stranger = SigningKey::generate();
    assert_ne!(stranger.fingerprint(), archives.key.fingerprint());
    fs::remove_dir_all(archives.dir.path().join("cache")).unwrap();
    archives.server.files(|files| {
        TestSuite::of_ubuntu("jammy", "jammy").publish(&stranger, "ubuntu", files);
    });
    let refused = archives.output(&["kernels", "fetch", "ubuntu/22.04"]);
    assert_status(&refused, 3);
    assert!(
        text(&refused.stderr).contains("unknown key"),
        "{}",
        text(&refused.stderr)
    );
}
