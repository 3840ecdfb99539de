//! The file `strata.toml`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use guest::{CgroupMode, Ulimit};
use images::files::open_regular;
use images::{Catalogue, Kernel, Spec};
use serde::Deserialize;

use super::expected::{Expectation, Expected};
use super::shows::Shows;
use crate::payload::BadRequest;
use crate::system::{nearest, project};

/// The longest that a test may take, in seconds: a week.
const LONGEST: u64 = 7 * 24 * 3600;

/// What a `strata.toml` says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuiteFile {
    /// The kernels: `"5.10"`, `"5.10..6.1"`, `">=6.12"`, a path, or the name of a group.
    #[serde(default)]
    pub kernels: Vec<String>,
    /// Groups of kernels, by their names.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// The tests, in the order in which they are run.
    #[serde(default, rename = "test")]
    pub tests: Vec<SuiteTest>,
    /// What is expected, by hand. What is recorded stands in `strata.expected.toml`.
    #[serde(default, rename = "expect")]
    pub(super) expectations: Vec<Expectation>,
    /// The directory of the file.
    #[serde(skip)]
    pub dir: PathBuf,
}

/// A test, or several of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuiteTest {
    /// Its name.
    pub name: String,
    /// A program and its arguments.
    pub run: Option<Vec<String>>,
    /// A directory: each program in it is a test.
    pub dir: Option<PathBuf>,
    /// A cargo package, by its directory: each of its test programs is a test.
    pub cargo: Option<PathBuf>,
    /// Packages of a Go module, as `go test` names them, such as `./...`: the test program
    /// of each is a test.
    pub go: Option<String>,
    /// What it shows on stdout.
    pub shows: Option<Shows>,
    /// Files and directories that travel with what they need to run: `HOST` or
    /// `HOST:GUEST`.
    #[serde(default)]
    pub files: Vec<String>,
    /// Directories that travel as they are: `HOST` or `HOST:GUEST`.
    #[serde(default)]
    pub trees: Vec<String>,
    /// Variables of its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The directory in which it starts, in the guest.
    pub cwd: Option<String>,
    /// The number of the user as which it runs; root by default.
    pub user: Option<u32>,
    /// Limits of its resources: `NAME=SOFT` or `NAME=SOFT:HARD`, such as `core=unlimited`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub ulimits: Vec<Ulimit>,
    /// How control groups are mounted for it.
    pub cgroup: Option<CgroupMode>,
    /// How long it may take, in seconds.
    pub timeout: Option<u64>,
    /// Whether it gets a machine of its own.
    #[serde(default)]
    pub fresh: bool,
}

impl SuiteTest {
    /// What it shows, if the file does not say: what its kind of programs shows.
    pub(super) fn shows(&self) -> Shows {
        self.shows.unwrap_or(match (&self.cargo, &self.go) {
            (Some(_), _) => Shows::Libtest,
            (None, Some(_)) => Shows::Go,
            (None, None) => Shows::Exit,
        })
    }
}

/// What a user may have meant, as the end of an error.
fn did_you_mean<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, names, 0.7)[..] {
        [] => String::new(),
        [name, ..] => format!(": did you mean {name:?}?"),
    }
}

impl SuiteFile {
    /// The file of the repository of the current directory.
    ///
    /// # Errors
    /// If there is none, or it makes no sense: with the line and the column.
    pub fn find() -> Result<Self> {
        let path = project::suite_file().ok_or_else(|| {
            BadRequest::new(
                "no strata.toml here or above: `strata init` writes one for this directory",
            )
        })?;
        let text = open_regular(&path).and_then(io::read_to_string);
        let text = text.map_err(|error| BadRequest::new(format!("{}: {error}", path.display())))?;
        let mut file = Self::parse(&text)
            .map_err(|error| BadRequest::new(format!("{}: {error}", path.display())))?;
        file.dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(file)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut names: Vec<&str> = Vec::new();
        for test in &file.tests {
            let name = test.name.as_str();
            if name.is_empty() || name.contains("::") || name.contains(char::is_control) {
                return Err(format!(
                    "{name:?} cannot name a test: a name is a word without `::`, such as \"probe\""
                ));
            }
            if names.contains(&name) {
                return Err(format!("two tests are called {name:?}: rename one"));
            }
            names.push(name);
            let kinds = [
                test.run.is_some(),
                test.dir.is_some(),
                test.cargo.is_some(),
                test.go.is_some(),
            ];
            if kinds.into_iter().filter(|&kind| kind).count() != 1 {
                return Err(format!(
                    "the test {name:?} takes one of `run = [\"./program\"]`, `dir = \"tests\"`, \
                     `cargo = \".\"` and `go = \"./...\"`"
                ));
            }
            if test.run.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!(
                    "the test {name:?} runs nothing: write `run = [\"./program\", \"argument\"]`"
                ));
            }
            if test.timeout.is_some_and(|seconds| seconds > LONGEST) {
                return Err(format!(
                    "the test {name:?} may take over a week: write its time in seconds, as \
                     `timeout = 60`"
                ));
            }
            if test.timeout == Some(0) {
                return Err(format!(
                    "the test {name:?} has no time: write `timeout = 60` for a minute, or leave it \
                     out"
                ));
            }
        }
        for expectation in &file.expectations {
            let vendor = expectation.vendor.as_deref().unwrap_or("any");
            if vendor.is_empty() || !vendor.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(format!(
                    "{vendor:?} is no vendor: write vendor = \"el9\", as its releases have it, or \
                     \"ubuntu\""
                ));
            }
            let test = expectation.case.split("::").next().unwrap_or_default();
            if !names.contains(&test) {
                let near = did_you_mean(test, names);
                return Err(format!(
                    "`case = {:?}` is of no test{near}",
                    expectation.case
                ));
            }
        }
        Ok(file)
    }

    /// What is expected of a case, by hand or as it was recorded.
    ///
    /// # Errors
    /// If nothing is, or the recorded file makes no sense.
    pub fn explain(self, case: &str) -> Result<String> {
        Expected::read(self.expectations, &self.dir)?.explain(case)
    }

    /// The kernels of some words, or of the file where there are none.
    ///
    /// # Errors
    /// If a word names neither kernels nor a group, or there is no word.
    pub fn select(&self, words: &[String], catalogue: &Catalogue) -> Result<Vec<Kernel>> {
        let words = if words.is_empty() {
            &self.kernels
        } else {
            words
        };
        if words.is_empty() {
            return Err(BadRequest::new(
                "strata.toml names no kernels: write kernels = [\"5.10\", \"6.1\"] at its top",
            )
            .into());
        }
        let mut specs: Vec<Spec> = Vec::new();
        for word in words {
            match self.groups.get(word) {
                Some(group) => {
                    for word in group {
                        specs.push(self.spec(word)?);
                    }
                }
                None => specs.push(self.spec(word)?),
            }
        }
        Ok(catalogue.select(&specs)?)
    }

    /// A kernel, or several; a path is one from the directory of the file.
    fn spec(&self, word: &str) -> Result<Spec> {
        let path = self.dir.join(word);
        let text = match word.contains('/') && path.exists() {
            true => path.to_string_lossy().into_owned(),
            false => word.to_owned(),
        };
        text.parse().map_err(|error| {
            let near = did_you_mean(word, self.groups.keys().map(String::as_str));
            BadRequest::new(format!("strata.toml: kernels: {error}{near}")).into()
        })
    }
}

/// The schema of `strata.toml`, as JSON.
#[cfg(feature = "schema")]
#[must_use]
pub fn suite_schema() -> String {
    let schema = schemars::schema_for!(SuiteFile);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
