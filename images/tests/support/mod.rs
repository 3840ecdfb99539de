//! What the tests of this directory share: an archive, and a store that knows only
//! this archive.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod tools;
pub(crate) mod vendors;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use images::{
    Catalogue, Entry, Image, Keyring, ObtainError, Progress, Silent, Store, StoreBuilder, Timeouts,
    Vendor,
};
use jiff::Timestamp;
use test_archive::{Files, Server, SigningKey, TestPackage, TestSuite};

/// The kernel of [`archive`].
pub(crate) const VERSION: &str = "6.1.176-1";

/// An archive with one kernel, in a package of 2026.
pub(crate) fn archive() -> TestArchive {
    let package = TestPackage::of_2026("6.1-cloud-amd64", VERSION);
    let suite = TestSuite::new("oldstable", "bookworm").package(package);
    TestArchive::new(&[("debian", suite)])
}

/// Where the package of [`archive`] is.
pub(crate) fn deb() -> String {
    let path = TestSuite::pool_path("linux-binary-6.1-cloud-amd64", VERSION);
    format!("debian/{path}")
}

/// A store that asks no archive, and keeps things in a directory.
pub(crate) fn remembering(dir: &Path) -> Store {
    let store = Store::builder(&Catalogue::builtin()).cache_dir(dir.join("cache"));
    store.build().unwrap().remembering(&dir.join("kept"))
}

pub(crate) struct TestArchive {
    pub(crate) key: SigningKey,
    pub(crate) server: Server,
    pub(crate) dir: tempfile::TempDir,
}

impl TestArchive {
    /// Each suite is published under the root beside it.
    pub(crate) fn new(suites: &[(&str, TestSuite)]) -> Self {
        Self::signed_by(SigningKey::generate(), suites)
    }

    pub(crate) fn signed_by(key: SigningKey, suites: &[(&str, TestSuite)]) -> Self {
        let mut files = Files::new();
        for (root, suite) in suites {
            suite.publish(&key, root, &mut files);
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("apt")).unwrap();
        Self {
            key,
            server: Server::start(files),
            dir,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A catalogue of these kernels: Debian version, suite, time of upload.
    pub(crate) fn catalogue(&self, kernels: &[(&str, &str, &str)]) -> Catalogue {
        let mut text = format!(
            "snapshot = '{}'\nsubstitutes = ['bookworm', 'bookworm-security']\n",
            self.server.url("")
        );
        for (debian, suite, uploaded) in kernels {
            let (version, _) = guest::Version::leading(debian).unwrap();
            let name = version.series();
            text += &format!(
                "[[kernel]]\nname = '{name}'\ndebian = '{debian}'\nsuite = '{suite}'\n\
                 uploaded = '{uploaded}'\n"
            );
        }
        Catalogue::parse(&text).unwrap()
    }

    /// A store that trusts the archive's key and knows its snapshots alone.
    pub(crate) fn store(&self) -> StoreBuilder {
        self.with_mirror("nothing-is-here")
    }

    /// The same, with a live mirror at `debian`.
    pub(crate) fn mirrored(&self) -> StoreBuilder {
        self.with_mirror("debian")
    }

    /// A mirror is always named, so that `$STRATA_MIRROR` is never asked.
    fn with_mirror(&self, path: &str) -> StoreBuilder {
        Store::builder(&self.catalogue(&[("3.10.11-1", "unstable", UPLOADED_2013)]))
            .cache_dir(self.path("cache"))
            .lock_file(self.path("kernels.lock"))
            .kernel_pins("")
            .apt_dir(self.path("apt"))
            .keyring(Keyring::parse(&self.key.public_key()).unwrap())
            .mirror(self.server.url(path))
            .timeouts(Timeouts {
                stall: Duration::from_millis(300),
                ..Timeouts::default()
            })
    }

    pub(crate) fn obtain(&self, debian: &str, suite: &str) -> Result<Image, ObtainError> {
        obtain(self.mirrored(), debian, suite)
    }
}

pub(crate) const UPLOADED_2013: &str = "2013-09-10T13:13:16Z";

pub(crate) fn entry(debian: &str, suite: &str) -> Entry {
    let (version, _) = guest::Version::leading(debian).unwrap();
    Entry {
        name: version.series().to_string(),
        debian: debian.to_owned(),
        suite: suite.to_owned(),
        uploaded: at(UPLOADED_2013),
        vendor: Vendor::default(),
        arch: "x86_64".to_owned(),
    }
}

pub(crate) fn obtain(store: StoreBuilder, debian: &str, suite: &str) -> Result<Image, ObtainError> {
    store
        .build()
        .unwrap()
        .obtain(&entry(debian, suite), &Silent)
}

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn unavailable(result: Result<Image, ObtainError>) -> String {
    match result {
        Err(ObtainError::Unavailable { why }) => why,
        other => panic!("expected it to be unavailable: {other:?}"),
    }
}

/// File, expected, found.
pub(crate) fn refused(result: Result<Image, ObtainError>) -> (String, String, String) {
    match result {
        Err(ObtainError::Verification {
            file,
            expected,
            found,
        }) => (file, expected, found),
        other => panic!("expected it to be refused: {other:?}"),
    }
}

/// Files below a directory, other than locks, the times of releases, and what marks a cache.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("locks") && !path.ends_with("releases") {
            files.extend(files_below(&path));
        } else if path.is_file() && !path.ends_with("CACHEDIR.TAG") {
            files.push(path);
        }
    }
    files
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

impl Progress for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}
