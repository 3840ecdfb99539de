//! `tools.lock`, made from an archive.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};

use super::closure::closure;
use super::fetch::{Fetched, Wanted};
use super::pins::{PinnedPackage, PinnedTool, ToolPins};
use super::tree::{Kind, List};
use super::unpack::unpack;
use super::{LIBRARIES, ToolName, elf};
use crate::archive::Site;
use crate::cache::Guard;
use crate::listed::Listed;
use crate::lock::Archive;
use crate::progress::Progress;
use crate::store::Store;

/// The snapshot archive records several times a day.
const RECORDED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// The text of a `tools.lock`: the newest packages of a suite that the tools
    /// depend on and whose files they need, found through the signed release file.
    /// For those who make Strata.
    ///
    /// # Errors
    /// Where no mirror has the suite, or a package is not what it should be.
    pub fn pin_tools(&self, suite: &str, progress: &dyn Progress) -> Result<String> {
        let archive = Archive::of_suite(suite);
        let (sites, problems) = self.mirrors.live(archive, &self.archives, progress);
        let site =
            (sites.first()).with_context(|| format!("no mirror: {}", problems.join("; ")))?;
        let (listed, release) = self.archives.listed(site, suite, &|_| true, progress)?;
        let _guard = Guard::acquire(&self.cache.dir, "tools", progress)?;
        let mut tools = Vec::new();
        for tool in ToolName::ALL {
            progress.note(&format!("{tool}: looking for what it needs"));
            let candidates = closure(&listed, tool.packages()).map_err(|why| anyhow!(why))?;
            tools.push(self.pin_tool(tool, &candidates, site, progress)?);
        }
        let signed: Timestamp = release.signer.signed;
        let snapshot = signed.checked_add(RECORDED_WITHIN)?;
        ToolPins {
            suite: suite.to_owned(),
            snapshot,
            tools,
        }
        .text()
    }

    fn pin_tool(
        &self,
        tool: ToolName,
        candidates: &[&Listed],
        site: &Site,
        progress: &dyn Progress,
    ) -> Result<PinnedTool> {
        let wanted: Vec<Wanted> = (candidates.iter())
            .map(|package| Wanted {
                file: package.file.clone(),
                sites: vec![site.clone()],
            })
            .collect();
        let debs = match self.fetch_packages(tool.title(), &wanted, progress)? {
            Fetched::All(debs) => debs,
            Fetched::Missing(why) => return Err(anyhow!(why.join("; "))),
        };
        let work = tempfile::tempdir_in(self.cache.partial())?;
        let needed = needed(tool, candidates, &debs, work.path())?;
        let (root, mut list) = (work.path().join("all"), List::default());
        let mut packages = Vec::new();
        for (package, (deb, _)) in candidates.iter().zip(&debs) {
            if needed.contains(&&package.name[..]) {
                unpack(deb, tool, &root, &mut list)?;
                packages.push(PinnedPackage {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    path: package.file.path.clone(),
                    size: package.file.size,
                    sha256: package.file.sha256.clone(),
                });
            }
        }
        let missing = elf::missing(tool, &list, &root);
        ensure!(missing.is_none(), "{}", missing.unwrap_or_default());
        for (deb, _) in debs {
            let _ = fs::remove_file(deb);
        }
        let bytes: u64 = packages.iter().map(|package| package.size).sum();
        progress.note(&format!(
            "{tool}: {} of {} packages, {bytes} bytes; {} files, {} bytes",
            packages.len(),
            candidates.len(),
            list.0.len(),
            list.size(),
        ));
        Ok(PinnedTool {
            name: tool,
            tree: list.sha256(),
            packages,
        })
    }
}

/// The packages that have a file which is kept, or a library that one needs.
fn needed<'a>(
    tool: ToolName,
    candidates: &[&'a Listed],
    debs: &[(PathBuf, Site)],
    work: &Path,
) -> Result<Vec<&'a str>> {
    let mut all = List::default();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (package, (deb, _)) in candidates.iter().zip(debs) {
        let mut list = List::default();
        let root = work.join(&package.name);
        unpack(deb, tool, &root, &mut list).with_context(|| package.name.clone())?;
        owners.extend(list.0.keys().map(|path| (path.clone(), &package.name[..])));
        all.0.append(&mut list.0);
    }
    let root = |path: &str| work.join(owners[path]).join(path);
    let libraries = elf::libraries(tool, &all, root).map_err(|why| anyhow!(why))?;
    let is_library = |path: &str| {
        LIBRARIES
            .iter()
            .any(|dir| (Path::new(path).parent()) == Some(Path::new(dir)))
    };
    let kept = all.0.iter().filter(|(path, kind)| {
        libraries.contains(*path) || !is_library(path) && matches!(kind, Kind::File { .. })
    });
    let mut needed: Vec<&str> = kept.map(|(path, _)| owners[path]).collect();
    needed.sort_unstable();
    needed.dedup();
    Ok(needed)
}
