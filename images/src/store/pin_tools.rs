//! `tools.lock`, made from an archive.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use jiff::SignedDuration;

use crate::debian::archive::{Archive, Site};
use crate::debian::packages::{Package, read_index};
use crate::http::guard;
use crate::messages::progress::Progress;
use crate::store::Store;
use crate::store::package_sources::{Fetched, WantedPackage};
use crate::tools::dependencies::closure;
use crate::tools::file_list::{FileKind, FileList};
use crate::tools::tool_pins::{PinnedPackage, PinnedTool, ToolPins};
use crate::tools::unpack::unpack;
use crate::tools::{ToolName, libraries};

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
        let index = |arch| {
            let read = |text| read_index(text, |_| true);
            (self.archives).suite(site, suite, arch, read, progress)
        };
        let signed = index(guest::HOST)?.signer.signed;
        let _lock = guard::lock(&self.cache.dir, "tools", progress)?;
        let mut tools = Vec::new();
        for tool in ToolName::all() {
            progress.note(&format!("{tool}: looking for what it needs"));
            let index = index(tool.arch())?;
            let candidates =
                closure(&index.packages, tool.packages()).map_err(|why| anyhow!(why))?;
            tools.push(self.pin_tool(tool, &candidates, site, progress)?);
        }
        let pins = ToolPins {
            suite: suite.to_owned(),
            snapshot: signed.checked_add(RECORDED_WITHIN)?,
            tools,
        };
        pins.text()
    }

    fn pin_tool(
        &self,
        tool: ToolName,
        candidates: &[&Package],
        site: &Site,
        progress: &dyn Progress,
    ) -> Result<PinnedTool> {
        let wanted: Vec<WantedPackage> = (candidates.iter())
            .map(|package| WantedPackage {
                file: package.file.clone(),
                sites: vec![site.clone()],
            })
            .collect();
        let debs = self.fetch_all(tool.title(), &wanted, progress)?;
        let work = tempfile::tempdir_in(self.cache.partial())?;
        let needed = needed(tool, candidates, &debs, work.path())?;
        let (root, mut list) = (work.path().join("all"), FileList::default());
        let mut packages = Vec::new();
        for (package, (deb, _)) in candidates.iter().zip(&debs) {
            if needed.contains(&&package.name[..]) {
                unpack(deb, tool, Some(&root), &mut list)?;
                packages.push(PinnedPackage::of(package));
            }
        }
        if let Some(missing) = libraries::missing(tool, &list, &root) {
            bail!(missing);
        }
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
    candidates: &[&'a Package],
    debs: &[Fetched],
    work: &Path,
) -> Result<Vec<&'a str>> {
    let mut all = FileList::default();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (package, (deb, _)) in candidates.iter().zip(debs) {
        let mut list = FileList::default();
        let root = work.join(&package.name);
        unpack(deb, tool, Some(&root), &mut list).with_context(|| package.name.clone())?;
        owners.extend(list.0.keys().map(|path| (path.clone(), &package.name[..])));
        all.0.append(&mut list.0);
    }
    let root = |path: &str| work.join(owners[path]).join(path);
    let libraries = libraries::needed(tool, &all, root).map_err(|why| anyhow!(why))?;
    let kept = all.0.iter().filter(|(path, kind)| {
        libraries.contains(*path)
            || !libraries::is_in_libraries(path) && matches!(kind, FileKind::File { .. })
    });
    let mut needed: Vec<&str> = kept.map(|(path, _)| owners[path]).collect();
    needed.sort_unstable();
    needed.dedup();
    Ok(needed)
}
