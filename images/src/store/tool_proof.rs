//! What proves a substitute for a tool genuine, kept beside it: for each suite what
//! vouches for its packages, and the packages.

use std::fs;
use std::io;
use std::path::Path;

use crate::debian::evidence::{Evidence, link, vouched};
use crate::debian::packages::Package;
use crate::files::hash::Hasher;
use crate::store::Store;
use crate::store::cache::{Cached, subdirectories};
use crate::store::package_sources::Fetched;
use crate::tools::file_list::FileList;
use crate::tools::tool_pins::PinnedTool;
use crate::tools::unpack::unpack;

/// Where the packages are.
const PACKAGES: &str = "packages";

pub(crate) fn keep(dir: &Path, evidence: &[Evidence], debs: &[Fetched]) -> io::Result<()> {
    for (number, evidence) in evidence.iter().enumerate() {
        evidence.keep(&dir.join(number.to_string()), &[])?;
    }
    let packages = dir.join(PACKAGES);
    fs::create_dir_all(&packages)?;
    for (deb, _) in debs {
        link(deb, &packages.join(deb.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

impl Store {
    /// Whether what is kept beside a tool proves its list of files genuine.
    pub(crate) fn is_proved_tool(&self, cached: &Cached, pinned: &PinnedTool) -> bool {
        self.was_proved(cached, || self.proof_of_tool(cached, pinned))
    }

    /// The error says what is missing or wrong.
    pub(crate) fn proof_of_tool(&self, cached: &Cached, pinned: &PinnedTool) -> Result<(), String> {
        let dir = cached.dir().join("proof");
        let wanted = |name: &str| pinned.packages.iter().any(|package| package.name == name);
        let mut packages = Vec::new();
        for suite in subdirectories(&dir) {
            if !suite.ends_with(PACKAGES) {
                packages.extend(vouched(
                    &self.archives.publisher,
                    guest::HOST,
                    &suite,
                    &wanted,
                )?);
            }
        }
        let mut list = FileList::default();
        let mut names = Vec::new();
        let debs = fs::read_dir(dir.join(PACKAGES));
        let debs = debs.map_err(|_| "nothing is kept that proves it".to_owned())?;
        for deb in debs {
            let deb = deb.map_err(|error| error.to_string())?.path();
            let (size, sha256) = Hasher::of_file(&deb).map_err(|error| error.to_string())?;
            let is_it =
                |package: &&Package| (package.file.size, &package.file.sha256) == (size, &sha256);
            let package = packages.iter().find(is_it);
            let package = package.ok_or("a package is not one that was signed")?;
            names.push((&package.name[..], &package.version[..]));
            unpack(&deb, pinned.name, None, &mut list).map_err(|error| error.to_string())?;
        }
        let main = (pinned.name.packages()[0], &cached.about.debian_version[..]);
        match list.sha256() == cached.about.sha256 && names.contains(&main) {
            true => Ok(()),
            false => Err("its files are not those of its packages".to_owned()),
        }
    }
}
