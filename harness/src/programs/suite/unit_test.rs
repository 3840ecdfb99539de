//! The tests of a suite, one program each.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use guest::User;
use tempfile::TempDir;

use super::cargo_package::cargo_tests;
use super::shows::Shows;
use super::suite_file::SuiteTest;
use crate::payload::{PackedProgram, Program};
use crate::programs::runner::TIMEOUT;
use crate::system::{program_name, say};

/// One program that is a test.
pub(super) struct UnitTest {
    pub(super) name: String,
    pub(super) shows: Shows,
    pub(super) program: Program,
    /// The same, with all its cases.
    pub(super) packed: PackedProgram,
    pub(super) timeout: Duration,
    /// Whether it has a machine of its own.
    pub(super) fresh: bool,
    pub(super) network: bool,
    /// Where its program is, if that is removed with it.
    _built: Option<Arc<TempDir>>,
}

/// The programs of an entry.
pub(super) fn units(test: &SuiteTest, dir: &Path) -> Result<Vec<UnitTest>> {
    let unit = |name: String, program: Program| -> Result<UnitTest> {
        let program = furnished(program, test, dir);
        let packed = whole(&program, test.shows()).pack()?;
        Ok(UnitTest {
            name,
            shows: test.shows(),
            program,
            packed,
            timeout: test.timeout.map_or(TIMEOUT, Duration::from_secs),
            // A network stays with its machine.
            fresh: test.fresh || test.network,
            network: test.network,
            _built: None,
        })
    };
    if let Some([program, arguments @ ..]) = test.run.as_deref() {
        let path = match program.contains('/') {
            true => dir.join(program),
            false => PathBuf::from(program),
        };
        let program = Program::new(path).named(program).args(arguments);
        return Ok(vec![unit(test.name.clone(), program)?]);
    }
    let named = |path: &Path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        format!("{}/{file}", test.name)
    };
    if let Some(programs) = &test.dir {
        let programs = programs_in(&dir.join(programs))?;
        let units = programs
            .iter()
            .map(|path| unit(named(path), Program::new(path)));
        return units.collect();
    }
    if let Some(packages) = &test.go {
        let (built, packages) = built_by_go(packages, dir)?;
        let units = packages.into_iter().map(|package| {
            let program = Program::new(package.program).working_directory(package.dir);
            let name = match package.name.as_str() {
                "" => test.name.clone(),
                name => format!("{}/{name}", test.name),
            };
            let unit = unit(name, program)?;
            Ok(UnitTest {
                _built: Some(Arc::clone(&built)),
                ..unit
            })
        });
        return units.collect();
    }
    let package = dir.join(test.cargo.as_deref().unwrap_or(Path::new(".")));
    let tests = cargo_tests(&package)?;
    if tests.documentation != Some(0) {
        say(&left_out(&test.name, tests.documentation));
    }
    let units = tests.programs.into_iter();
    let units = units.map(|own| unit(format!("{}/{}", test.name, own.name), own.program));
    units.collect()
}

/// That documentation tests are not run, and what runs them.
fn left_out(name: &str, number: Option<usize>) -> String {
    let tests = match number {
        Some(1) => "1 documentation test is".to_owned(),
        Some(number) => format!("{number} documentation tests are"),
        None => "documentation tests, which rustdoc could not list, are".to_owned(),
    };
    format!(
        "{name}: {tests} left out: `cargo test --doc` with `{} runner KERNEL` as its runner runs \
         such",
        program_name()
    )
}

/// A test program with all its cases. They run one at a time: so it says which one does.
fn whole(program: &Program, shows: Shows) -> Program {
    let program = program.clone();
    match shows {
        Shows::Libtest => program.arg("--test-threads=1"),
        // As `go test` does: a test that exits with status 0 has not passed.
        Shows::Go => program.args(["-test.v", "-test.parallel=1", "-test.paniconexit0"]),
        _ => program,
    }
}

impl UnitTest {
    /// The program without these cases, for a test program of Rust.
    pub(super) fn without(&self, cases: &[String]) -> Program {
        let skipped = cases.iter().flat_map(|case| ["--skip", case]);
        whole(&self.program, self.shows)
            .arg("--exact")
            .args(skipped)
    }

    /// The program with these tests only, for a test program of Go.
    pub(super) fn only(&self, tests: &[&str]) -> Program {
        let pattern = format!("-test.run=^({})$", tests.join("|"));
        whole(&self.program, self.shows).arg(pattern)
    }

    /// A test program of Go that lists its tests instead.
    pub(super) fn listing(&self) -> Program {
        self.program.clone().arg("-test.list=.")
    }
}

/// A program with all that the entry gives it.
fn furnished(mut program: Program, test: &SuiteTest, dir: &Path) -> Program {
    let split = |text: &String| match text.rsplit_once(':') {
        Some((host, guest)) => (dir.join(host), Some(guest.to_owned())),
        None => (dir.join(text), None),
    };
    for (host, guest) in test.files.iter().map(split) {
        program = program.file(host, guest);
    }
    for (host, guest) in test.trees.iter().map(split) {
        program = program.tree(host, guest);
    }
    for (name, value) in &test.env {
        program = program.env(name, value);
    }
    for need in &test.needs {
        program = program.needs(need.clone());
    }
    for module in &test.modules {
        program = program.module(module);
    }
    program = program.network(test.network);
    if let Some(directory) = &test.cwd {
        program = program.directory(directory);
    }
    for limit in &test.ulimits {
        program = program.ulimit(*limit);
    }
    if let Some(mode) = test.cgroup {
        program = program.cgroup(mode);
    }
    match test.user {
        Some(uid) => program.user(User { uid, gid: uid }),
        None => program,
    }
}

/// The programs in a directory, by their names.
fn programs_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("reading {}", dir.display());
    let mut programs = Vec::new();
    for entry in fs::read_dir(dir).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        let metadata = fs::metadata(&path).with_context(reading)?;
        if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
            programs.push(path);
        }
    }
    ensure!(!programs.is_empty(), "{} has no programs", dir.display());
    programs.sort();
    Ok(programs)
}

/// The test program of a package.
struct GoPackage {
    /// Its path within the module.
    name: String,
    /// The directory of its sources, in which its tests run.
    dir: PathBuf,
    program: PathBuf,
}

/// What `go list` says of a package with tests: its import path, directory and module.
const GO_PACKAGE: &str = "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}\t{{.Dir}}\t\
                          {{with .Module}}{{.Path}}{{end}}{{end}}";

/// Builds the test programs of Go packages, into a directory of their own.
fn built_by_go(packages: &str, dir: &Path) -> Result<(Arc<TempDir>, Vec<GoPackage>)> {
    let go = |arguments: &[&OsStr]| {
        let output = Command::new("go")
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("running go, which builds the tests")?;
        let dir = dir.display();
        ensure!(
            output.status.success(),
            "go could not build the tests of {packages} in {dir}: its reason stands above"
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let arguments = ["list", "-f", GO_PACKAGE, "--", packages];
    let list = go(&arguments.map(OsStr::new))?;
    let built = TempDir::with_prefix("strata-go-").context("making a directory for Go's tests")?;
    let mut all = Vec::new();
    for line in list.lines() {
        let mut fields = line.split('\t');
        let (Some(path), Some(source), Some(module)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let name = path.strip_prefix(module).unwrap_or(path);
        let program = built.path().join(format!("{}.test", all.len()));
        let (test, arguments) = (["test", "-c", "-o"], [program.as_os_str(), path.as_ref()]);
        go(&[&test.map(OsStr::new)[..], &arguments].concat())?;
        all.push(GoPackage {
            name: name.trim_start_matches('/').to_owned(),
            dir: source.into(),
            program,
        });
    }
    ensure!(
        !all.is_empty(),
        "{packages} in {} has no tests",
        dir.display()
    );
    Ok((Arc::new(built), all))
}
