//! What vouches for the packages of a suite, kept as files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use guest::Arch;
use jiff::Timestamp;

use crate::debian::packages::{MAX_INDEX, Package, open_index, read_index};
use crate::debian::publisher::Publisher;
use crate::debian::release::Release;
use crate::files::read::read_text;

/// What vouches for the packages of a suite.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The release files, as they came.
    pub(crate) release: Vec<(&'static str, Vec<u8>)>,
    /// Where the index is; none where the release file itself lists the packages.
    pub(crate) index: Option<PathBuf>,
    /// Its name in the suite: `Packages.xz` or `Packages.gz`.
    pub(crate) name: String,
}

impl Evidence {
    /// Files that vouch for packages by themselves, without an index.
    pub(crate) fn of_files(release: Vec<(&'static str, Vec<u8>)>) -> Self {
        Self {
            release,
            index: None,
            name: String::new(),
        }
    }

    /// Keeps it in a directory, and packages that it vouches for under these names.
    pub(crate) fn keep(&self, dir: &Path, packages: &[(&Path, String)]) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        for (name, bytes) in &self.release {
            fs::write(dir.join(name), bytes)?;
        }
        if let Some(index) = &self.index {
            link(index, &dir.join(&self.name))?;
        }
        for (package, name) in packages {
            link(package, &dir.join(name))?;
        }
        Ok(())
    }
}

/// The same file under another name, or a copy of it.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

/// The packages that kept evidence vouches for; the error says why it does not.
pub(crate) fn vouched(
    publisher: &Publisher,
    arch: &Arch,
    dir: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<Package>, String> {
    let (now, keyring) = (Timestamp::now(), publisher.keyring());
    let text = |name: &str| read_text(&dir.join(name)).map_err(|error| error.to_string());
    let (text, signer) = match text("InRelease") {
        Ok(file) => keyring.open(file.as_bytes(), now)?,
        Err(_) => {
            let (file, signature) = (text("Release")?, text("Release.gpg")?);
            let (bytes, signature) = (file.as_bytes(), signature.as_bytes());
            let signer = keyring.verify(bytes, signature, now)?;
            (file, signer)
        }
    };
    let release = Release::parse(&text, signer)?;
    if !publisher.is_of(&release) {
        return Err(format!("a release of {}", release.title()));
    }
    for name in ["Packages.xz", "Packages.gz"] {
        let index = dir.join(name);
        let Some(sum) = release.file(&format!("main/binary-{}/{name}", arch.debian)) else {
            continue;
        };
        if sum.matches(&index).map_err(|error| error.to_string())? {
            let packages =
                open_index(&index, name, MAX_INDEX).and_then(|text| read_index(text, wanted));
            return packages.map_err(|error| error.to_string());
        }
    }
    Err("its index is not the one that was signed".to_owned())
}
