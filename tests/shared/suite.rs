//! Suites: packages, an index, and a signed file at the head.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::key::SigningKey;
use crate::package::{TestPackage, gzip, xz};

/// The files of a server, by path without a leading slash.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A suite to be.
#[derive(Clone, Debug)]
pub struct TestSuite {
    suite: String,
    codename: String,
    origin: String,
    label: String,
    date: Timestamp,
    valid_for: Option<SignedDuration>,
    detached: bool,
    /// By Debian's names. Each has all packages.
    architectures: Vec<String>,
    /// Whether the code name leads to the suite, as with Debian.
    linked: bool,
    packages: Vec<TestPackage>,
    debs: Option<Vec<u8>>,
    claimed_size: Option<u64>,
}

impl TestSuite {
    /// A suite of Debian as of today: `InRelease`, indexes by hash and with xz.
    #[must_use]
    pub fn new(suite: &str, codename: &str) -> Self {
        Self {
            suite: suite.to_owned(),
            codename: codename.to_owned(),
            origin: "Debian".to_owned(),
            label: "Debian".to_owned(),
            date: Timestamp::now(),
            valid_for: None,
            detached: false,
            architectures: vec!["amd64".to_owned()],
            linked: true,
            packages: Vec::new(),
            debs: None,
            claimed_size: None,
        }
    }

    /// A suite of Ubuntu: `jammy-updates` has the code name `jammy`, and no link from
    /// there.
    #[must_use]
    pub fn of_ubuntu(suite: &str, codename: &str) -> Self {
        Self {
            linked: false,
            ..Self::new(suite, codename).origin("Ubuntu", "Ubuntu")
        }
    }

    /// The same content as another suite.
    #[must_use]
    pub fn named(mut self, suite: &str, codename: &str) -> Self {
        suite.clone_into(&mut self.suite);
        codename.clone_into(&mut self.codename);
        self
    }

    /// As of some day; before 2016 the index is gzipped and not known by hash.
    #[must_use]
    pub fn date(mut self, date: Timestamp) -> Self {
        self.date = date;
        self
    }

    /// Adds a package.
    #[must_use]
    pub fn package(mut self, package: TestPackage) -> Self {
        self.packages.push(package);
        self
    }

    /// With packages of this architecture, by Debian's name of it.
    #[must_use]
    pub fn architecture(mut self, architecture: &str) -> Self {
        self.architectures = vec![architecture.to_owned()];
        self
    }

    /// With the same packages for a further architecture.
    #[must_use]
    pub fn and_architecture(mut self, architecture: &str) -> Self {
        self.architectures.push(architecture.to_owned());
        self
    }

    /// Signs `Release` with `Release.gpg`; there is no `InRelease`.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// Sets `Valid-Until` to the date and this duration.
    #[must_use]
    pub fn valid_for(mut self, valid_for: SignedDuration) -> Self {
        self.valid_for = Some(valid_for);
        self
    }

    /// Sets `Origin` and `Label`.
    #[must_use]
    pub fn origin(mut self, origin: &str, label: &str) -> Self {
        origin.clone_into(&mut self.origin);
        label.clone_into(&mut self.label);
        self
    }

    /// Publishes these bytes in place of every package.
    #[must_use]
    pub fn replace_debs(mut self, bytes: Vec<u8>) -> Self {
        self.debs = Some(bytes);
        self
    }

    /// Lists every package with this size.
    #[must_use]
    pub fn claimed_size(mut self, size: u64) -> Self {
        self.claimed_size = Some(size);
        self
    }

    /// Where the package of that name will be, from the archive's root.
    #[must_use]
    pub fn pool_path(package: &str, version: &str) -> String {
        format!("pool/main/l/linux/{package}_{version}_amd64.deb")
    }

    /// Writes everything to where it belongs below the archive's root, such as
    /// `debian` or `archive/debian/20130911T011316Z`.
    pub fn publish(&self, key: &SigningKey, root: &str, files: &mut Files) {
        let mut index = String::new();
        for package in &self.packages {
            let deb = self.debs.clone().unwrap_or_else(|| package.build());
            let path = Self::pool_path(&package.name, &package.version);
            index += &format!(
                "Package: {}\nVersion: {}\nArchitecture: amd64\nDepends: {}\nDescription: a kernel\n\
                 Filename: {path}\nSize: {}\nSHA256: {}\n\n",
                package.name,
                package.version,
                package.depends,
                self.claimed_size.unwrap_or(deb.len() as u64),
                sha256(&deb)
            );
            files.insert(format!("{root}/{path}"), deb);
        }
        let dir = format!("{root}/dists/{}", self.suite);
        let release = self.release(&dir, &index, files);
        for (name, bytes) in self.signed(key, release) {
            // A mirror has a link from the code name to the suite, or the other way round.
            if self.linked {
                files.insert(
                    format!("{root}/dists/{}/{name}", self.codename),
                    bytes.clone(),
                );
            }
            files.insert(format!("{dir}/{name}"), bytes);
        }
    }

    fn release(&self, dir: &str, index: &str, files: &mut Files) -> String {
        let modern = self.date.as_second() > 1_451_606_400; // 2016
        let plain = ("", index.as_bytes().to_vec());
        let packed = match modern {
            true => (".xz", xz(index.as_bytes())),
            false => (".gz", gzip(index.as_bytes())),
        };
        let mut sums = String::new();
        let twin = dir.replace(
            &format!("dists/{}", self.suite),
            &format!("dists/{}", self.codename),
        );
        let dirs = [dir, &twin];
        for architecture in &self.architectures {
            let parent = format!("main/binary-{architecture}");
            for (suffix, bytes) in [&plain, &packed] {
                let (sum, size) = (sha256(bytes), bytes.len());
                sums += &format!(" {sum} {size:>8} {parent}/Packages{suffix}\n");
            }
            let (suffix, bytes) = &packed;
            for dir in &dirs[..if self.linked { 2 } else { 1 }] {
                if modern {
                    let name = format!("{dir}/{parent}/by-hash/SHA256/{}", sha256(bytes));
                    files.insert(name, bytes.clone());
                }
                files.insert(format!("{dir}/{parent}/Packages{suffix}"), bytes.clone());
            }
        }
        let date = |time: Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S UTC");
        let mut release = format!(
            "Origin: {}\nLabel: {}\nSuite: {}\nCodename: {}\nDate: {}\n",
            self.origin,
            self.label,
            self.suite,
            self.codename,
            date(self.date)
        );
        if let Some(valid_for) = self.valid_for {
            release += &format!("Valid-Until: {}\n", date(self.date + valid_for));
        }
        if modern {
            release += "Acquire-By-Hash: yes\n";
        }
        let architectures = self.architectures.join(" ");
        format!("{release}Architectures: {architectures}\nComponents: main\nSHA256:\n{sums}")
    }

    fn signed(&self, key: &SigningKey, release: String) -> Vec<(&'static str, Vec<u8>)> {
        if self.detached {
            let signature = key.sign_detached(release.as_bytes(), self.date);
            vec![
                ("Release", release.into_bytes()),
                ("Release.gpg", signature),
            ]
        } else {
            vec![("InRelease", key.sign(&release, self.date))]
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}
