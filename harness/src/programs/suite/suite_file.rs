//! The file `strata.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use guest::{CgroupMode, Ulimit, scenarios};
use images::{Catalogue, Kernel, Spec};
use itertools::Itertools;
use serde::Deserialize;

use super::expected::{Expectation, Expected};
use super::mistake::{Mistake, WayStep, line_of, read_text, wrong_toml};
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
    /// Groups of kernels and of other groups, by their names.
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
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    text: String,
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

    /// The key that is wrong, and what to write instead. Paths are of this directory.
    fn mistake(&self, dir: &Path) -> Option<(&'static str, String)> {
        let name = &self.name;
        if name.is_empty() || name.contains("::") || name.contains(char::is_control) {
            let what = format!(
                "{name:?} cannot name a test: a name is a word without `::`, such as \"probe\""
            );
            return Some(("name", what));
        }
        let kinds = [
            self.run.is_some(),
            self.dir.is_some(),
            self.cargo.is_some(),
            self.go.is_some(),
        ];
        if kinds.into_iter().filter(|&kind| kind).count() != 1 {
            let what = format!(
                "the test {name:?} takes one of `run = [\"./program\"]`, `dir = \"tests\"`, \
                 `cargo = \".\"` and `go = \"./...\"`"
            );
            return Some(("", what));
        }
        if self.run.as_ref().is_some_and(Vec::is_empty) {
            let what = format!(
                "the test {name:?} runs nothing: write `run = [\"./program\", \"argument\"]`"
            );
            return Some(("run", what));
        }
        if let Some(programs) = self.dir.as_ref().filter(|it| !dir.join(it).is_dir()) {
            let what = format!(
                "{} is no directory: name one with programs in it, from the directory of this file",
                programs.display()
            );
            return Some(("dir", what));
        }
        let has_no_manifest = |package: &&PathBuf| !dir.join(package).join("Cargo.toml").is_file();
        if let Some(package) = self.cargo.as_ref().filter(has_no_manifest) {
            let what = format!(
                "{} has no Cargo.toml: name the directory of a package, such as cargo = \".\"",
                package.display()
            );
            return Some(("cargo", what));
        }
        let shows = match (&self.cargo, &self.go, self.shows) {
            (Some(_), _, Some(Shows::Go)) => Some(("cargo", "libtest")),
            (_, Some(_), Some(Shows::Libtest)) => Some(("go", "go")),
            _ => None,
        };
        if let Some((kind, shows)) = shows {
            let what = format!("tests of `{kind}` show other things: write shows = \"{shows}\"");
            return Some(("shows", what));
        }
        let seconds = match self.timeout? {
            0 => "has no time",
            seconds if seconds > LONGEST => "may take over a week",
            _ => return None,
        };
        let what = format!(
            "the test {name:?} {seconds}: write timeout = 60 for a minute, or leave it out"
        );
        Some(("timeout", what))
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
        let none = || {
            BadRequest::new(
                "no strata.toml here or above: `strata init` writes one for this directory",
            )
        };
        let path = project::suite_file().ok_or_else(none)?;
        let text = read_text(&path)?.ok_or_else(none)?;
        let mut file: Self =
            toml::from_str(&text).map_err(|error| wrong_toml(&path, &text, &error))?;
        file.dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        (file.path, file.text) = (path, text);
        file.check().map_err(|mistake| file.told(&mistake))?;
        Ok(file)
    }

    /// Whether a word names a case or a test of the suite here; a scenario of Strata's of that
    /// name comes first.
    ///
    /// # Errors
    /// If the file makes no sense.
    pub fn names_case(word: &str) -> Result<bool> {
        if word.contains("::") {
            return Ok(true);
        }
        if scenarios::find(word).is_some() || project::suite_file().is_none() {
            return Ok(false);
        }
        Ok(Self::find()?.has_test(word))
    }

    /// Whether it has this test; `dir`, `cargo` and `go` have tests `name/program`.
    fn has_test(&self, test: &str) -> bool {
        self.tests.iter().any(|known| {
            let rest = test.strip_prefix(known.name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Where a test stands, by its number, and what to do if it cannot be run.
    pub(super) fn place_of(&self, number: usize) -> String {
        let test = &self.tests[number];
        let line = line_of(&self.text, &["test".into(), number.into()]);
        let hint = match test.run {
            Some(_) => {
                ": build its program, or name another one as `run = [\"./program\", \"argument\"]`"
            }
            None => "",
        };
        format!(
            "the test {:?} of strata.toml, line {line}, cannot be run{hint}",
            test.name
        )
    }

    /// A mistake with its place.
    pub(super) fn told(&self, mistake: &Mistake) -> BadRequest {
        mistake.in_file(&self.path, &self.text)
    }

    fn check(&self) -> Result<(), Mistake> {
        for (number, test) in self.tests.iter().enumerate() {
            let before = self.tests[..number]
                .iter()
                .position(|other| other.name == test.name);
            let wrong = |key: &str, what: String| {
                Err(Mistake::new(
                    ["test".into(), number.into(), key.into()],
                    what,
                ))
            };
            if let Some(before) = before {
                let what = format!(
                    "two tests are called {:?}, the tests {} and {} of the file: rename one",
                    test.name,
                    before + 1,
                    number + 1
                );
                return wrong("name", what);
            }
            if let Some((key, what)) = test.mistake(&self.dir) {
                return wrong(key, what);
            }
        }
        let names = || self.tests.iter().map(|test| test.name.as_str());
        for (number, expectation) in self.expectations.iter().enumerate() {
            let wrong = |key: &str, what: String| {
                Err(Mistake::new(
                    ["expect".into(), number.into(), key.into()],
                    what,
                ))
            };
            let vendor = expectation.vendor.as_deref().unwrap_or("any");
            if vendor.is_empty() || !vendor.chars().all(|c| c.is_ascii_alphanumeric()) {
                let what = format!(
                    "{vendor:?} is no vendor: write vendor = \"el9\", as its releases have it, or \
                     \"ubuntu\""
                );
                return wrong("vendor", what);
            }
            let test = expectation.case.split("::").next().unwrap_or_default();
            if !self.has_test(test) {
                let near = did_you_mean(test, names());
                let hint = match near.is_empty() {
                    true => format!(": write one of {}", names().join(", ")),
                    false => near,
                };
                let what = format!("`case = {:?}` is of no test{hint}", expectation.case);
                return wrong("case", what);
            }
        }
        Ok(())
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
        let mut specs: Vec<Spec> = Vec::new();
        if words.is_empty() {
            self.specs_of_file(catalogue, &mut specs)
                .map_err(|mistake| self.told(&mistake))?;
        }
        for word in words {
            match self.groups.contains_key(word) {
                true => self
                    .specs_of_group(word, &mut Vec::new(), catalogue, &mut specs)
                    .map_err(|mistake| self.told(&mistake))?,
                false => specs.push(self.spec(word).map_err(BadRequest::new)?),
            }
        }
        Ok(catalogue.select(&specs)?)
    }

    fn specs_of_file(&self, catalogue: &Catalogue, specs: &mut Vec<Spec>) -> Result<(), Mistake> {
        if self.kernels.is_empty() {
            let what = "no kernels are named: write kernels = [\"5.10\", \"6.1\"] at the top";
            return Err(Mistake::new(["kernels".into()], what));
        }
        for (number, word) in self.kernels.iter().enumerate() {
            let at = ["kernels".into(), number.into()];
            self.specs_of_word(word, at.to_vec(), &mut Vec::new(), catalogue, specs)?;
        }
        Ok(())
    }

    /// `inside`: the groups that lead to this one.
    fn specs_of_group(
        &self,
        name: &str,
        inside: &mut Vec<String>,
        catalogue: &Catalogue,
        specs: &mut Vec<Spec>,
    ) -> Result<(), Mistake> {
        if inside.iter().any(|group| group == name) {
            let circle = inside.iter().map(String::as_str).chain([name]).join(" → ");
            let at = ["groups".into(), name.into()];
            let what = format!(
                "groups name each other in a circle, {circle}: name kernels in one of them, as \
                 {name} = [\"5.10\", \"6.1\"]"
            );
            return Err(Mistake::new(at, what));
        }
        inside.push(name.to_owned());
        for (number, word) in self.groups[name].iter().enumerate() {
            let at = vec!["groups".into(), name.into(), number.into()];
            self.specs_of_word(word, at, inside, catalogue, specs)?;
        }
        inside.pop();
        Ok(())
    }

    fn specs_of_word(
        &self,
        word: &str,
        at: Vec<WayStep>,
        inside: &mut Vec<String>,
        catalogue: &Catalogue,
        specs: &mut Vec<Spec>,
    ) -> Result<(), Mistake> {
        if self.groups.contains_key(word) {
            return self.specs_of_group(word, inside, catalogue, specs);
        }
        let wrong = |what: String| Mistake::new(at.clone(), what);
        let spec = self.spec(word).map_err(wrong)?;
        let known = catalogue.select(std::slice::from_ref(&spec));
        known.map_err(|error| {
            let near = did_you_mean(word, self.groups.keys().map(String::as_str));
            wrong(format!("{error}{near}"))
        })?;
        specs.push(spec);
        Ok(())
    }

    /// A kernel, or several; a path is one from the directory of the file.
    fn spec(&self, word: &str) -> Result<Spec, String> {
        let path = self.dir.join(word);
        let text = match word.contains('/') && path.exists() {
            true => path.to_string_lossy().into_owned(),
            false => word.to_owned(),
        };
        text.parse().map_err(|error| {
            let near = did_you_mean(word, self.groups.keys().map(String::as_str));
            format!("{error}, or a group of [groups]{near}")
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
