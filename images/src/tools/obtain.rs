//! The search for a tool: cache, pinned packages, others of the suite.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::fetch::{Fetched, Wanted};
use super::pins::PinnedTool;
use super::tree::List;
use super::{Tool, ToolName, elf, tree, unpack};
use crate::archive::Site;
use crate::cache::{About, Cached, Guard, Kind};
use crate::deb::DebError;
use crate::error::{Attempt, ObtainError};
use crate::lock::Archive;
use crate::progress::Progress;
use crate::store::Store;

impl Store {
    /// Obtains a tool. May be called from several threads at once.
    ///
    /// It comes from the cache, else its pinned packages come from the mirrors
    /// that were named, those of this machine's apt, or the snapshot archive, in
    /// this order. Only when one of them is nowhere, and the store is not locked,
    /// newer packages of the same suite stand in.
    ///
    /// # Errors
    /// See [`ObtainError`]; only `Unavailable` says nothing bad about anybody.
    pub fn tool(&self, name: ToolName, progress: &dyn Progress) -> Result<Tool, ObtainError> {
        let Some(pinned) = self.tool_pins.of(name) else {
            return Err(ObtainError::unavailable(format!(
                "tools.lock has no {name}"
            )));
        };
        if let Some(tool) = self.cached_tool(pinned) {
            return Ok(tool);
        }
        self.has_plain_path(name)?;
        // All tools share one: they share packages, too.
        let _guard = Guard::acquire(&self.cache.dir, "tools", progress)?;
        if let Some(tool) = self.cached_tool(pinned) {
            return Ok(tool);
        }
        self.remove_altered_tools(name, progress)?;
        let version = pinned.version().to_owned();
        let title = title(name, &version);
        let wanted = self.pinned_packages(pinned, progress);
        let reasons = match self.fetch_packages(&title, &wanted, progress)? {
            Fetched::All(debs) => {
                let about = self.about(name, version, None, &debs);
                return self.insert_tool(name, about, &debs, Some(pinned), progress);
            }
            Fetched::Missing(reasons) => reasons.join("; "),
        };
        let unavailable = |why: &str| ObtainError::unavailable(format!("{name}: {reasons}; {why}"));
        if self.locked {
            return Err(unavailable("--locked refuses another version"));
        }
        let stand_in = match self.stand_in(pinned, &title, progress) {
            Err(ObtainError::Unavailable { why }) => return Err(unavailable(&why)),
            other => other?,
        };
        match stand_in.fetched {
            Fetched::Missing(reasons) => Err(unavailable(&reasons.join("; "))),
            Fetched::All(debs) => {
                let about = self.about(name, stand_in.version, stand_in.instead_of, &debs);
                self.insert_tool(name, about, &debs, None, progress)
            }
        }
    }

    /// The tool as it is in the cache, if it is there and intact.
    #[must_use]
    pub fn tool_in_cache(&self, name: ToolName) -> Option<Tool> {
        self.cached_tool(self.tool_pins.of(name)?)
    }

    /// The pinned tool, else one that stands in for it, if it is intact.
    fn cached_tool(&self, pinned: &PinnedTool) -> Option<Tool> {
        let intact = |cached: &Cached| {
            let dir = cached.dir();
            cached.about.sha256.len() == 64
                && dir.ends_with(&cached.about.sha256)
                && tree::problem(&dir, &self.cache.memory).is_none()
        };
        let all = self.cache.tools(pinned.name);
        let is_pinned = |cached: &&Cached| cached.about.sha256 == pinned.tree;
        let exact = all.iter().find(is_pinned).filter(|cached| intact(cached));
        let others = || {
            let others = all
                .iter()
                .filter(|cached| !is_pinned(cached) && !self.locked);
            let of_series =
                |cached: &&Cached| pinned.name.is_of_series(&cached.about.debian_version);
            let stands_in = |cached: &&Cached| cached.about.substituted_for.is_some();
            let mut others = others.filter(|it| of_series(it) && stands_in(it));
            others.find(|cached| intact(cached))
        };
        let cached = exact.or_else(others)?.clone();
        let source = format!("cache, from {}", cached.about.source);
        Some(Tool {
            source,
            ..Tool::of(pinned.name, cached)
        })
    }

    fn remove_altered_tools(
        &self,
        name: ToolName,
        progress: &dyn Progress,
    ) -> Result<(), ObtainError> {
        for dir in self.cache.tool_dirs(name) {
            if let Some(problem) = tree::problem(&dir, &self.cache.memory) {
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

    /// The packages of the lock file, and who may have them.
    fn pinned_packages(&self, pinned: &PinnedTool, progress: &dyn Progress) -> Vec<Wanted> {
        let archive = Archive::of_suite(&self.tool_pins.suite);
        let (mut sites, _) = self.mirrors.live(archive, &self.archives, progress);
        sites.push(self.mirrors.snapshot_of(archive, self.tool_pins.snapshot));
        let packages = pinned.packages.iter();
        packages
            .map(|package| Wanted {
                file: package.file(),
                sites: sites.clone(),
            })
            .collect()
    }

    fn about(
        &self,
        name: ToolName,
        version: String,
        substituted_for: Option<String>,
        debs: &[(PathBuf, Site)],
    ) -> About {
        let mut hosts: Vec<String> = (debs.iter())
            .map(|(_, site)| self.archives.client.title(&site.base))
            .collect();
        hosts.dedup();
        hosts.sort();
        hosts.dedup();
        About {
            debian_version: version,
            package: name.packages()[0].to_owned(),
            source: format!(
                "{} packages of {} from {}",
                debs.len(),
                self.tool_pins.suite,
                hosts.join(" and ")
            ),
            size: 0,
            sha256: String::new(),
            obtained: Timestamp::now(),
            substituted_for,
        }
    }

    /// Unpacks verified packages and keeps the tree, whole or not at all.
    fn insert_tool(
        &self,
        name: ToolName,
        about: About,
        debs: &[(PathBuf, Site)],
        pinned: Option<&PinnedTool>,
        progress: &dyn Progress,
    ) -> Result<Tool, ObtainError> {
        let title = title(name, &about.debian_version);
        progress.step(&format!("{title}: unpacking {} packages", debs.len()));
        let new = self.cache.partial().join(format!("tool-{name}"));
        let result = self.insert_from(&new, name, about, debs, pinned);
        if result.is_err() {
            let _ = fs::remove_dir_all(&new);
        }
        let cached = result?;
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

    fn insert_from(
        &self,
        new: &Path,
        name: ToolName,
        mut about: About,
        debs: &[(PathBuf, Site)],
        pinned: Option<&PinnedTool>,
    ) -> Result<Cached, ObtainError> {
        // What a run left there that was killed.
        let _ = fs::remove_dir_all(new);
        let action = || format!("write {}", new.display());
        let root = new.join("root");
        fs::create_dir_all(&root).attempt(action)?;
        let mut list = List::default();
        for (deb, site) in debs {
            unpack::unpack(deb, name, &root, &mut list).map_err(|error| match error {
                DebError::Malformed(found) => {
                    let file = format!("a package of {name} from {}", site.base);
                    ObtainError::verification(file, "a package of this tool", found)
                }
                DebError::Write(source) => ObtainError::Io {
                    action: action(),
                    source,
                },
            })?;
        }
        about.size = list.size();
        about.sha256 = list.sha256();
        match pinned {
            Some(pinned) if pinned.tree != about.sha256 => {
                let file = format!("{name} of {} packages", debs.len());
                return Err(ObtainError::verification(file, &pinned.tree, &about.sha256));
            }
            Some(_) => {}
            None => {
                if let Some(missing) = elf::missing(name, &list, &root) {
                    let why = format!("{name}: what stands in is of no use: {missing}");
                    return Err(ObtainError::unavailable(why));
                }
            }
        }
        fs::write(new.join("files"), list.text()).attempt(action)?;
        let text = toml::to_string(&about).map_err(io::Error::other);
        fs::write(new.join("tool.toml"), text.attempt(action)?).attempt(action)?;
        sync(&root, &list).attempt(action)?;
        let dir = self.cache.tool_dir(name).join(&about.sha256);
        self.cache.place(new, &dir)?;
        Ok(Cached {
            kind: Kind::Tool(name),
            path: dir.join("root"),
            about,
        })
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

impl Tool {
    fn of(name: ToolName, cached: Cached) -> Self {
        Self {
            name,
            // For those who start it elsewhere.
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

/// Everything is on the disk before it gets its name.
fn sync(root: &Path, list: &List) -> io::Result<()> {
    let files = list
        .0
        .iter()
        .filter(|(_, kind)| matches!(kind, tree::Kind::File { .. }));
    for (path, _) in files {
        File::open(root.join(path))?.sync_all()?;
    }
    Ok(())
}
