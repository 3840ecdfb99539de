//! Repositories of RPM packages, as createrepo_c writes them.

use jiff::Timestamp;

use crate::key::SigningKey;
use crate::package::{Compression, gzip, xz};
use crate::rpm::TestRpm;
use crate::suite::{Files, sha256};

/// A repository to be.
#[derive(Clone, Debug)]
pub struct TestRepository {
    packages: Vec<(TestRpm, Vec<u8>)>,
    compression: Compression,
    /// What comes before the name of a package in its place.
    place: String,
    padding: usize,
    claimed_size: Option<u64>,
}

impl TestRepository {
    /// A repository without packages, its list compressed by gzip.
    #[must_use]
    pub fn new() -> Self {
        Self {
            packages: Vec::new(),
            compression: Compression::Gzip,
            place: "Packages/".to_owned(),
            padding: 0,
            claimed_size: None,
        }
    }

    /// Adds a package.
    #[must_use]
    pub fn package(self, package: TestRpm) -> Self {
        let bytes = package.build();
        self.listed_as(package, bytes)
    }

    /// Lists a package as the one that it is not: these bytes are there.
    #[must_use]
    pub fn listed_as(mut self, package: TestRpm, bytes: Vec<u8>) -> Self {
        self.packages.push((package, bytes));
        self
    }

    /// Sets how the list is compressed.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets what comes before the name of a package in its place.
    #[must_use]
    pub fn place(mut self, place: &str) -> Self {
        place.clone_into(&mut self.place);
        self
    }

    /// Puts so many spaces into the list, and says that it has so many bytes unpacked.
    #[must_use]
    pub fn padding(mut self, spaces: usize, claimed: u64) -> Self {
        self.padding = spaces;
        self.claimed_size = Some(claimed);
        self
    }

    /// Writes everything to where it belongs below the repository's root, as of a place
    /// in an archive; the packages go where their places lead from there.
    pub fn publish(&self, root: &str, files: &mut Files) {
        let mut list = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <metadata xmlns=\"http://linux.duke.edu/metadata/common\" \
             xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n",
        );
        for (package, bytes) in &self.packages {
            let (name, version, arch) = package.identity();
            let (version, release) = version.split_once('-').expect("a release");
            let href = format!("{}{name}-{version}-{release}.{arch}.rpm", self.place);
            list += &format!(
                "<package type=\"rpm\"><name>{name}</name><arch>{arch}</arch>\
                 <version epoch=\"0\" ver=\"{version}\" rel=\"{release}\"/>\
                 <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>\
                 <summary>A kernel &amp; more</summary>\
                 <size package=\"{}\" installed=\"9\" archive=\"9\"/>\
                 <location href=\"{href}\"/><format><rpm:license>GPL</rpm:license></format>\
                 </package>\n",
                sha256(bytes),
                bytes.len(),
            );
            files.insert(below(root, &href), bytes.clone());
        }
        list += &" ".repeat(self.padding);
        list += "</metadata>\n";
        let (packed, ending) = match self.compression {
            Compression::None => (list.clone().into_bytes(), ""),
            Compression::Gzip => (gzip(list.as_bytes()), ".gz"),
            Compression::Xz => (xz(list.as_bytes()), ".xz"),
            Compression::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                let packed = ruzstd::encoding::compress_to_vec(list.as_bytes(), level);
                (packed, ".zst")
            }
        };
        let sum = sha256(&packed);
        let place = format!("repodata/{sum}-primary.xml{ending}");
        let open_size = self.claimed_size.unwrap_or(list.len() as u64);
        let repomd = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><revision>1</revision>\n\
             <data type=\"primary\"><checksum type=\"sha256\">{sum}</checksum>\
             <location href=\"{place}\"/><size>{}</size><open-size>{open_size}</open-size>\
             </data>\n</repomd>\n",
            packed.len()
        );
        files.insert(format!("{root}/{place}"), packed);
        files.insert(format!("{root}/repodata/repomd.xml"), repomd.into_bytes());
    }

    /// Signs the index of a repository that was published.
    pub fn sign(key: &SigningKey, root: &str, at: Timestamp, files: &mut Files) {
        let index = format!("{root}/repodata/repomd.xml");
        let signature = key.sign_detached(&files[&index], at);
        files.insert(format!("{index}.asc"), signature);
    }
}

impl Default for TestRepository {
    fn default() -> Self {
        Self::new()
    }
}

/// A path that may begin with dots, from a directory.
fn below(root: &str, path: &str) -> String {
    let mut parts: Vec<&str> = root.split('/').collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
