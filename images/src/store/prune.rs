//! The cache, without what is no longer asked for.

use std::path::Path;
use std::time::Duration;

use guest::Version;

use crate::catalogue::Catalogue;
use crate::catalogue::identity::Identity;
use crate::http::guard;
use crate::messages::error::ObtainError;
use crate::messages::progress::Progress;
use crate::store::Store;
use crate::store::sweep::{Removed, STALE, remove_entry};
use crate::store::verify::{name, name_of_tool, order};
use crate::tools::ToolName;

impl Store {
    /// Removes the images that neither the catalogue nor the lock file names, the
    /// tools that `tools.lock` no longer names and, while no other run is at work,
    /// downloads that were broken off, indexes of more than a week ago and locks. An
    /// image that substitutes for another version of its series stays as long as that
    /// is not there; so does such a tool.
    ///
    /// # Errors
    /// Where something cannot be removed, or is in use for too long.
    pub fn prune(
        &self,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let unwanted = |kernel: &Identity| {
            let series = Version::leading(&kernel.version).map(|(version, _)| version.series());
            let is_wanted = catalogue.entries.iter().any(|entry| {
                let wanted = entry.on(kernel.arch()).identity();
                wanted == *kernel
                    || Ok(entry.version().series()) == series
                        && !self.cache.kernel_dir(&wanted).is_dir()
            });
            // What may be asked for by its version is not known, so all of a vendor stay.
            let is_of_source = self.sources.named(kernel.vendor.name()).is_some();
            !is_wanted && !is_of_source && self.pins.image_of(kernel).is_none()
        };
        let unwanted_tool = |tool, dir: &Path| {
            self.tool_pins.of(tool).is_some_and(|pinned| {
                let there = self.cache.tool_dir(tool).join(&pinned.tree).is_dir();
                !dir.ends_with(&pinned.tree) && there
            })
        };
        self.remove(unwanted, unwanted_tool, STALE, progress)
    }

    /// Removes everything; what runs have left there, while no run is at work.
    ///
    /// # Errors
    /// Where something cannot be removed, or is in use for too long.
    pub fn prune_all(&self, progress: &dyn Progress) -> Result<Vec<Removed>, ObtainError> {
        self.remove(|_| true, |_, _| true, Duration::ZERO, progress)
    }

    fn remove(
        &self,
        unwanted: impl Fn(&Identity) -> bool,
        unwanted_tool: impl Fn(ToolName, &Path) -> bool,
        age: Duration,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, ObtainError> {
        let mut removed = Vec::new();
        let mut remove = |name: String, dir: &Path, lock: &str| -> Result<(), ObtainError> {
            // No run may be obtaining it meanwhile.
            let _lock = guard::lock(&self.cache.dir, lock, progress)?;
            let size = remove_entry(dir)?;
            removed.extend((size > 0).then_some(Removed { name, size }));
            Ok(())
        };
        let mut dirs = self.cache.versions();
        dirs.sort_by_cached_key(|dir| order(&name(dir)));
        for dir in dirs {
            let name = name(&dir);
            if unwanted(&Identity::of_dir_name(&name)) {
                let lock = format!("kernel-{name}");
                remove(name, &dir, &lock)?;
            }
        }
        for tool in ToolName::all() {
            for dir in self.cache.tool_dirs(tool) {
                if unwanted_tool(tool, &dir) {
                    remove(name_of_tool(&dir, tool), &dir, "tools")?;
                }
            }
        }
        removed.extend(self.sweep(age, progress)?);
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::progress::Silent;
    use crate::store::verify::tests::{keep, store};

    #[test]
    fn images_that_are_not_named_are_pruned_but_not_substitutes() {
        let dir = tempfile::tempdir().unwrap();
        let (store, catalogue) = store(dir.path());
        let pinned = |name: &str| {
            let entry = catalogue.entries.iter().find(|entry| entry.name == name);
            entry.unwrap().debian.clone()
        };
        keep(&store, &pinned("6.1"), b"image");
        keep(&store, "6.1.2-1", b"older");
        keep(
            &store,
            "5.10.2-1",
            b"stands in for the one of the catalogue",
        );
        keep(&store, "2.6.32-1", b"ancient");
        let names = |removed: Vec<Removed>| -> Vec<String> {
            removed.into_iter().map(|removed| removed.name).collect()
        };
        let removed = store.prune(&catalogue, &Silent).unwrap();
        assert_eq!(names(removed), ["2.6.32-1", "6.1.2-1"]);
        let removed = store.prune_all(&Silent).unwrap();
        assert_eq!(names(removed), ["5.10.2-1".to_owned(), pinned("6.1")]);
        assert_eq!(store.verify(), []);
    }
}
