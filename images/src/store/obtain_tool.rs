//! The search for a tool: cache, pinned packages, others of the suite.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::catalogue::identity::Identity;
use crate::debian::archive::Archive;
use crate::debian::evidence::Evidence;
use crate::http::guard;
use crate::messages::error::{Attempt, ObtainError};
use crate::messages::progress::Progress;
use crate::store::cache::{About, Cached, CachedKind, listed};
use crate::store::package_sources::{Fetched, WantedPackage};
use crate::store::{Store, tool_proof};
use crate::tools::file_list::{self, FileList};
use crate::tools::launch::Tool;
use crate::tools::tool_pins::PinnedTool;
use crate::tools::{ToolName, libraries, unpack};

impl Store {
    /// Obtains a tool. May be called from several threads at once.
    ///
    /// It comes from the cache, else its pinned packages come from the mirrors
    /// that were named, those of this machine's apt, or the snapshot archive, in
    /// this order. Only when no source has one of them, and the store is not locked,
    /// newer packages of the same suite are used instead.
    ///
    /// # Errors
    /// See [`ObtainError`]; `Unavailable` means only that no source has it.
    pub fn tool(&self, name: ToolName, progress: &dyn Progress) -> Result<Tool, ObtainError> {
        let Some(pinned) = self.tool_pins.of(name) else {
            let why = format!("tools.lock has no {name}");
            return Err(ObtainError::unavailable(why));
        };
        if let Some(tool) = self.cached_tool(pinned) {
            return Ok(tool);
        }
        self.has_plain_path(name)?;
        // All tools share one lock: they share packages, too.
        let _lock = guard::lock(&self.cache.dir, "tools", progress)?;
        if let Some(tool) = self.cached_tool(pinned) {
            return Ok(tool);
        }
        self.remove_altered_tools(name, progress)?;
        let version = pinned.version();
        let title = title(name, version);
        let reasons =
            match self.fetch_all(&title, &self.pinned_packages(pinned, progress), progress) {
                Ok(debs) => {
                    let about = self.about(name, version, None, &debs);
                    return self.insert_tool(name, about, &debs, Ok(pinned), progress);
                }
                Err(ObtainError::Unavailable { why }) => why,
                Err(error) => return Err(error),
            };
        let unavailable = |why: &str| ObtainError::unavailable(format!("{name}: {reasons}; {why}"));
        if self.locked {
            return Err(unavailable("--locked refuses another version"));
        }
        let other = match self.tool_substitute(pinned, &title, progress) {
            Err(ObtainError::Unavailable { why }) => return Err(unavailable(&why)),
            other => other?,
        };
        let about = self.about(name, &other.version, other.instead_of, &other.debs);
        self.insert_tool(name, about, &other.debs, Err(&other.evidence), progress)
    }

    /// The tool as it is in the cache, if it is there and intact.
    #[must_use]
    pub fn tool_in_cache(&self, name: ToolName) -> Option<Tool> {
        self.cached_tool(self.tool_pins.of(name)?)
    }

    /// The pinned tool, else a substitute for it, if it is intact.
    fn cached_tool(&self, pinned: &PinnedTool) -> Option<Tool> {
        let intact = |cached: &&Cached| {
            let dir = cached.dir();
            cached.about.sha256.len() == 64
                && dir.ends_with(&cached.about.sha256)
                && matches!(file_list::problem(&dir, &self.cache.verified), Ok(None))
        };
        let all = self.cache.tools(pinned.name);
        let is_pinned = |cached: &Cached| cached.about.sha256 == pinned.tree;
        let exact = all.iter().find(|cached| is_pinned(cached)).filter(intact);
        let mut others = all.iter().filter(|cached| {
            !self.locked
                && !is_pinned(cached)
                && pinned.name.is_of_series(&cached.about.debian_version)
                && cached.about.substituted_for.is_some()
                && intact(cached)
                && self.is_proved_tool(cached, pinned)
        });
        let mut cached = exact.or_else(|| others.next())?.clone();
        cached.about.source = format!("cache, from {}", cached.about.source);
        Some(Tool::of(pinned.name, cached))
    }

    fn remove_altered_tools(
        &self,
        name: ToolName,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        for dir in listed(&self.cache.tool_dir(name))? {
            if let Some(problem) = file_list::problem(&dir, &self.cache.verified)? {
                let at = dir.display();
                progress.note(&format!(
                    "{at} was altered since it was verified ({problem}); it is removed and \
                     obtained again"
                ));
                self.cache.remove(&dir)?;
            }
        }
        Ok(())
    }

    /// The packages of the lock file, and the sites that may have them.
    fn pinned_packages(&self, pinned: &PinnedTool, progress: &dyn Progress) -> Vec<WantedPackage> {
        let archive = Archive::of_suite(&self.tool_pins.suite);
        let (mut sites, _) = self.mirrors.live(archive, &self.archives, progress);
        sites.push(self.mirrors.snapshot(archive, self.tool_pins.snapshot));
        let wanted = pinned.packages.iter().map(|package| WantedPackage {
            file: package.file(),
            sites: sites.clone(),
        });
        wanted.collect()
    }

    fn about(
        &self,
        name: ToolName,
        version: &str,
        substituted_for: Option<String>,
        debs: &[Fetched],
    ) -> About {
        let host = |(_, site): &Fetched| self.archives.client.title(&site.base);
        let mut hosts: Vec<String> = debs.iter().map(host).collect();
        hosts.sort();
        hosts.dedup();
        let (count, suite) = (debs.len(), &self.tool_pins.suite);
        let source = format!("{count} packages of {suite} from {}", hosts.join(" and "));
        let identity = Identity::of_default_vendor(version);
        About {
            substituted_for,
            ..About::new(identity, name.packages()[0], source)
        }
    }

    /// Unpacks verified packages and keeps the tool, whole or not at all, with what
    /// proves it genuine if it is not pinned.
    fn insert_tool(
        &self,
        name: ToolName,
        mut about: About,
        debs: &[Fetched],
        why: Result<&PinnedTool, &[Evidence]>,
        progress: &dyn Progress,
    ) -> Result<Tool, ObtainError> {
        let title = title(name, &about.debian_version);
        progress.step(&format!("{title}: unpacking {} packages", debs.len()));
        let new = format!("tool-{name}");
        let cached = self.cache.insert(CachedKind::Tool(name), &new, |new| {
            let list = unpack_tool(new, name, debs, why)?;
            about.size = list.size();
            about.sha256 = list.sha256();
            let dir = self.cache.tool_dir(name).join(&about.sha256);
            Ok((about, dir))
        })?;
        for (deb, _) in debs {
            let _ = fs::remove_file(deb);
        }
        if let Some(pinned) = &cached.about.substituted_for {
            let now = &cached.about.debian_version;
            progress.note(&format!(
                "{title} ({now}) stands in: no mirror has {pinned}"
            ));
        }
        Ok(Tool::of(name, cached))
    }

    /// The loader takes a list of directories, with these in between.
    fn has_plain_path(&self, name: ToolName) -> Result<(), ObtainError> {
        let dir = self.cache.dir.to_string_lossy();
        match dir.chars().find(|&each| ":;$".contains(each)) {
            None => Ok(()),
            Some(each) => Err(ObtainError::unavailable(format!(
                "{name}: the path of the cache, {dir}, has a {each:?}, which the loader cannot \
                 take; set STRATA_CACHE to another directory"
            ))),
        }
    }
}

/// Unpacks a tool into a new directory, and checks that it is the pinned one, or
/// complete.
fn unpack_tool(
    new: &Path,
    name: ToolName,
    debs: &[Fetched],
    why: Result<&PinnedTool, &[Evidence]>,
) -> Result<FileList, ObtainError> {
    let action = || format!("write {}", new.display());
    let root = new.join("root");
    fs::create_dir_all(&root).attempt(action)?;
    let mut list = FileList::default();
    for (deb, site) in debs {
        unpack::unpack(deb, name, Some(&root), &mut list).map_err(|error| {
            let file = format!("a package of {name} from {}", site.base);
            error.of(&file, "a package of this tool", action)
        })?;
    }
    match why {
        Ok(pinned) if pinned.tree != list.sha256() => {
            let file = format!("{name} of {} packages", debs.len());
            return Err(ObtainError::verification(file, &pinned.tree, list.sha256()));
        }
        Ok(_) => {}
        Err(evidence) => {
            tool_proof::keep(&new.join("proof"), evidence, debs).attempt(action)?;
            if let Some(missing) = libraries::missing(name, &list, &root) {
                let why = format!("{name}: what stands in is of no use: {missing}");
                return Err(ObtainError::unavailable(why));
            }
        }
    }
    fs::write(new.join("files"), list.text()).attempt(action)?;
    // Everything is on the disk before it gets its name.
    let sync = |path| File::open(root.join(path))?.sync_all();
    let synced: io::Result<()> = list.files().try_for_each(sync);
    synced.attempt(action)?;
    Ok(list)
}

impl Tool {
    fn of(name: ToolName, cached: Cached) -> Self {
        Self {
            name,
            // Absolute: it may be started in another directory.
            dir: std::path::absolute(&cached.path).unwrap_or(cached.path),
            version: cached.about.debian_version,
            source: cached.about.source,
            substituted_for: cached.about.substituted_for,
            size: cached.about.size,
            sha256: cached.about.sha256,
        }
    }
}

/// `QEMU 7.2`.
fn title(name: ToolName, version: &str) -> String {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let end = upstream.find(|each: char| !each.is_ascii_digit() && each != '.');
    let upstream = &upstream[..end.unwrap_or(upstream.len())];
    format!("{} {upstream}", name.title())
}
