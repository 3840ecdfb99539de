//! Somebody's own repository, with a `strata.toml`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::{any_image, xtask};

/// A repository outside this one, with a `strata.toml`.
#[derive(Debug)]
pub struct Repository(TempDir);

impl Repository {
    /// With this `strata.toml`.
    ///
    /// # Panics
    /// Where it cannot be written.
    #[must_use]
    pub fn new(strata: &str) -> Self {
        let repository = Self(tempfile::tempdir().expect("a directory can be made"));
        repository.write("strata.toml", strata);
        // Its runs are its own, and what is remembered is that of all tests.
        let runs = repository.path().join("runs");
        fs::create_dir(&runs).expect("a directory can be made");
        for name in ["accelerator.json", "images", "machines", "qemu.json"] {
            let known = harness::runs().expect("runs have a place").join(name);
            if known.exists() {
                symlink(known, runs.join(name)).expect("a link can be made");
            }
        }
        repository
    }

    /// With these tests, on the kernel of [`any_image`].
    ///
    /// # Panics
    /// Where that cannot be had.
    #[must_use]
    pub fn with(tests: &str) -> Self {
        let kernel = any_image().expect("the kernel of the tests can be had");
        Self::new(&format!("kernels = [{kernel:?}]\n{tests}"))
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file; a script can be executed.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        let dir = path.parent().expect("the repository is above it");
        fs::create_dir_all(dir).expect("a directory can be made");
        fs::write(&path, text).expect("a file can be written");
        if text.starts_with("#!") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
    }

    /// Reads a file.
    ///
    /// # Panics
    /// Where it is not there.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("the file is there")
    }

    /// `strata` with these words, in it.
    #[must_use]
    pub fn strata(&self, words: &[&str]) -> Command {
        let mut command = xtask();
        command.env("STRATA_RUNS", self.path().join("runs"));
        command.env("CARGO_TARGET_DIR", self.path().join("target"));
        command.env_remove("CARGO_MANIFEST_DIR");
        command.args(words).current_dir(self.path());
        command
    }

    /// What came of `strata test`.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn test(&self, words: &[&str]) -> Output {
        let words = [&["test", "--accel", "tcg"], words].concat();
        self.strata(&words).output().expect("it can be started")
    }

    /// The exit code, and `name: verdict` of each cell of the one kernel.
    ///
    /// # Panics
    /// Where the run tells of no kernel.
    #[must_use]
    pub fn verdicts(&self, words: &[&str]) -> (i32, Vec<String>) {
        let words = [&["--format", "json"], words].concat();
        let output = self.test(&words);
        let said = String::from_utf8_lossy(&output.stdout);
        let events = said.lines().map(serde_json::from_str::<Value>);
        let mut events = events.map(|event| event.expect("an event is JSON"));
        let row = events.rfind(|event| event["event"] == "kernel");
        let row = row.unwrap_or_else(|| panic!("{output:?}"));
        let cells = row["cells"].as_array().expect("a kernel has cells").iter();
        let verdict = |cell: &Value| {
            let word = |name: &str| cell[name].as_str().expect("a cell has it").to_owned();
            format!("{}: {}", word("scenario"), word("verdict"))
        };
        let code = output.status.code().expect("it ends by itself");
        (code, cells.map(verdict).collect())
    }
}
