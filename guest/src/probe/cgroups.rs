//! A group of cgroup2.

use std::fs;
use std::path::PathBuf;

use nix::libc;

use super::mounts::{mount_on, private_mounts};
use crate::claims::{Facts, ProbeError};

const ROOT: &str = "/tmp";

/// A new group, in a tree that only this process has mounted. It is removed when it is
/// dropped; by then it has no processes.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    /// A controller that is to be switched off again.
    controller: Option<&'static str>,
}

impl Cgroup {
    /// Makes a group; none where the kernel has no cgroup2. Reports whether it has.
    ///
    /// # Errors
    /// [`ProbeError::NotApplicable`] where the kernel has no control groups at all.
    pub fn make(facts: &mut Facts) -> Result<Option<Self>, ProbeError> {
        if !fs::exists("/proc/cgroups")? {
            return Err(ProbeError::NotApplicable("CONFIG_CGROUPS".to_owned()));
        }
        private_mounts()?;
        let mounted = mount_on(ROOT.as_ref(), "cgroup2", None);
        facts.saw_result("mount", &mounted);
        if mounted.is_err() {
            return Ok(None);
        }
        let pid = std::process::id();
        let path = PathBuf::from(format!("{ROOT}/strata-{pid}"));
        fs::create_dir(&path)?;
        let controller = None;
        Ok(Some(Self { path, controller }))
    }

    /// The same group with a controller.
    ///
    /// # Errors
    /// [`ProbeError::NotApplicable`] where the tree does not have it.
    pub fn with_controller(mut self, name: &'static str) -> Result<Self, ProbeError> {
        let controllers = fs::read_to_string(format!("{ROOT}/cgroup.controllers"))?;
        if !controllers.split_whitespace().any(|one| one == name) {
            return Err(ProbeError::NotApplicable(format!("controller {name}")));
        }
        fs::write(SUBTREE, format!("+{name}"))?;
        self.controller = Some(name);
        Ok(self)
    }

    /// The path of one of its files.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Which controllers the groups of the root have.
const SUBTREE: &str = "/tmp/cgroup.subtree_control";

impl Drop for Cgroup {
    fn drop(&mut self) {
        // A process that has just been waited for may still count for a moment.
        while fs::remove_dir(&self.path)
            .is_err_and(|error| error.raw_os_error() == Some(libc::EBUSY))
        {
            std::thread::yield_now();
        }
        if let Some(name) = self.controller {
            let _ = fs::write(SUBTREE, format!("-{name}"));
        }
    }
}
