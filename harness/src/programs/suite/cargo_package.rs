//! The test programs of a cargo package, with all that `cargo test` gives them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use guest::HOST;
use itertools::Itertools;
use serde_json::Value;
use tempfile::TempDir;

use crate::payload::Program;

/// What there is to test in a package, or in those of a workspace.
pub(super) struct CargoTests {
    pub(super) programs: Vec<CargoTest>,
    /// How many documentation tests there are, where cargo can tell. rustdoc alone builds
    /// and judges them, so they are no programs of a suite.
    pub(super) documentation: Option<usize>,
}

/// A test program.
pub(super) struct CargoTest {
    /// The test's name, `lib` or `bin-NAME` for those in the package's sources. Where there
    /// are several packages, the name of its directory stands before it.
    pub(super) name: String,
    pub(super) program: Program,
}

/// What cargo runs instead of a test program: writes down with which directory and variables.
const RECORDER: &str = "#!/bin/sh\n\
    seen=$(mktemp \"$STRATA_SEEN/XXXXXX\") || exit 1\n\
    { printf '%s\\0' \"$1\" \"$PWD\"; env -0; } > \"$seen\"\n";
/// Where it does.
const SEEN: &str = "STRATA_SEEN";
/// Variables that are of this host and of the recorder, not of the test.
const OWN: [&str; 7] = ["PATH", "PWD", "OLDPWD", "SHLVL", "_", "CARGO_HOME", SEEN];
/// The C libraries of the targets for which a runner may be set by name, which outweighs one
/// for all of them.
const LIBRARIES: [&str; 2] = ["gnu", "musl"];

/// What the names of tests begin with that are not in a package's `tests`.
const OTHERS: [&str; 3] = ["bin-", "bench-", "example-"];

/// How cargo runs a program.
#[derive(Debug, PartialEq, Eq)]
struct RunByCargo {
    directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

/// Builds the test programs of a package.
pub(super) fn cargo_tests(package: &Path) -> Result<CargoTests> {
    let output = cargo(package)
        .args(["--no-run", "--message-format", "json-render-diagnostics"])
        .output();
    let messages = stdout_of(output, package)?;
    let messages = String::from_utf8_lossy(&messages);
    let messages: Vec<Value> = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let seen = seen(package)?;
    let tests = || {
        let built = messages.iter();
        built.filter(|message| message["profile"]["test"] == true)
    };
    let documented = tests().any(|test| test["target"]["doctest"] == true);
    let tests = tests().filter_map(|test| {
        let name = test["target"]["name"].as_str()?;
        // A library and its test may have the same name.
        let name = match test["target"]["kind"][0].as_str()? {
            // Unless its name looks like one of the others'.
            "test" if name == "lib" || OTHERS.iter().any(|kind| name.starts_with(kind)) => {
                format!("test-{name}")
            }
            "test" => name.to_owned(),
            kind @ ("bin" | "bench" | "example") => format!("{kind}-{name}"),
            _ => "lib".to_owned(),
        };
        let manifest = Path::new(test["manifest_path"].as_str()?);
        let package_name = manifest
            .parent()?
            .file_name()?
            .to_string_lossy()
            .into_owned();
        let path = Path::new(test["executable"].as_str()?);
        let mut program = Program::new(path);
        program = match seen.get(path) {
            Some(seen) => seen.environment.iter().fold(
                program.working_directory(&seen.directory),
                |program, (name, value)| program.env(name, value),
            ),
            None => program.working_directory(package),
        };
        let beside = beside(test, path, &messages);
        let program = beside
            .into_iter()
            .fold(program, |program, beside| match beside {
                Beside::Program(path) => program.file(path, None),
                Beside::Directory(path) => program.tree(path, None),
            });
        Some((package_name, CargoTest { name, program }))
    });
    let tests: Vec<(String, CargoTest)> = tests.collect();
    ensure!(!tests.is_empty(), "{} has no tests", package.display());
    // Each package of a workspace may have a library.
    let is_one = tests.iter().map(|(package, _)| package).all_equal();
    let tests = tests.into_iter().map(|(package, test)| CargoTest {
        name: match is_one {
            true => test.name,
            false => format!("{package}/{}", test.name),
        },
        ..test
    });
    Ok(CargoTests {
        programs: tests.collect(),
        documentation: match documented {
            true => documentation_tests(package),
            false => Some(0),
        },
    })
}

/// Asks rustdoc how many documentation tests there are.
fn documentation_tests(package: &Path) -> Option<usize> {
    let mut command = cargo(package);
    command.args(["--doc", "--quiet", "--", "--list", "--format", "terse"]);
    let list = stdout_of(command.output(), package).ok()?;
    let list = String::from_utf8_lossy(&list);
    Some(list.lines().filter(|line| line.ends_with(": test")).count())
}

/// What cargo made for a test, whose paths are in it.
enum Beside {
    Program(PathBuf),
    Directory(PathBuf),
}

fn beside(test: &Value, path: &Path, messages: &[Value]) -> Vec<Beside> {
    let own = messages
        .iter()
        .filter(|it| it["package_id"] == test["package_id"]);
    // CARGO_BIN_EXE_NAME, and OUT_DIR.
    let made = own.filter_map(|message| {
        let is_program =
            message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false;
        let program = message["executable"].as_str().filter(|_| is_program);
        let out = message["out_dir"].as_str().map(PathBuf::from);
        let out = out.filter(|dir| dir.is_dir()).map(Beside::Directory);
        program.map(|path| Beside::Program(path.into())).or(out)
    });
    // CARGO_TARGET_TMPDIR, beside the directory of the profile.
    let tmp = path.ancestors().nth(3).map(|target| target.join("tmp"));
    let tmp = tmp.filter(|dir| dir.is_dir()).map(Beside::Directory);
    made.chain(tmp).collect()
}

fn cargo(package: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg("test")
        .current_dir(package)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    // A runner of the user's, which may be `strata runner`, would outweigh the recorder.
    let runner = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_TARGET_") && name.ends_with("_RUNNER")
    };
    for (name, _) in env::vars_os().filter(|(name, _)| runner(name)) {
        command.env_remove(name);
    }
    command
}

fn stdout_of(output: std::io::Result<std::process::Output>, package: &Path) -> Result<Vec<u8>> {
    let output = output.context("running cargo, which builds the tests")?;
    ensure!(
        output.status.success(),
        "cargo could not build the tests in {}: its reason stands above",
        package.display()
    );
    Ok(output.stdout)
}

/// Asks cargo how it runs each test program.
fn seen(package: &Path) -> Result<HashMap<PathBuf, RunByCargo>> {
    let dir = TempDir::with_prefix("strata-cargo-").context("making a directory for cargo")?;
    let recorder = dir.path().join("recorder");
    fs::write(&recorder, RECORDER)
        .and_then(|()| fs::set_permissions(&recorder, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("writing {}", recorder.display()))?;
    let all = dir.path().join("seen");
    fs::create_dir(&all).with_context(|| format!("creating {}", all.display()))?;
    let mut command = cargo(package);
    command.args(["--tests", "--quiet"]).env(SEEN, &all);
    let targets = LIBRARIES.map(|library| format!("{}-unknown-linux-{library}", HOST.name));
    for target in targets.iter().map(String::as_str).chain(["'cfg(all())'"]) {
        let runner = format!(
            "target.{target}.runner={:?}",
            recorder.display().to_string()
        );
        command.args(["--config", &runner]);
    }
    stdout_of(command.output(), package)?;
    let read = || format!("reading {}", all.display());
    let mut seen = HashMap::new();
    for entry in fs::read_dir(&all).with_context(read)? {
        let record = fs::read(entry.with_context(read)?.path()).with_context(read)?;
        seen.extend(seen_in(&record));
    }
    Ok(seen)
}

/// Reads what the recorder wrote: the program, the directory, and the variables that are not
/// of this host.
fn seen_in(record: &[u8]) -> Option<(PathBuf, RunByCargo)> {
    let mut words = record.split(|&byte| byte == 0);
    let path = |word: &[u8]| PathBuf::from(OsStr::from_bytes(word));
    let (program, directory) = (path(words.next()?), path(words.next()?));
    let variables = words.filter_map(|word| {
        let equals = word.iter().position(|&byte| byte == b'=')?;
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        Some((text(&word[..equals]), text(&word[equals + 1..])))
    });
    let is_of_cargo = |(name, value): &(OsString, OsString)| {
        let begins = |prefix: &str| name.as_bytes().starts_with(prefix.as_bytes());
        // What this process has, too, may be of the cargo that started it.
        let is_new = begins("CARGO") || env::var_os(name).as_ref() != Some(value);
        let is_own = OWN.iter().any(|own| name == own) || begins("RUST") || begins("CARGO_REGISTR");
        is_new && !is_own
    };
    let environment = variables.filter(is_of_cargo).collect();
    Some((
        program,
        RunByCargo {
            directory,
            environment,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_adds_is_the_tests() {
        let path = env::var("PATH").unwrap();
        let record = format!(
            "/t/own-1\0/own\0PATH=/other:{path}\0CARGO_PKG_NAME=own\0A=b=c\nd\0SHLVL=2\0\
             RUSTUP_TOOLCHAIN=stable\0"
        );
        let (program, seen) = seen_in(record.as_bytes()).unwrap();
        assert_eq!(program, Path::new("/t/own-1"));
        let variable = |name: &str, value: &str| (name.into(), value.into());
        let expected = RunByCargo {
            directory: "/own".into(),
            environment: vec![variable("CARGO_PKG_NAME", "own"), variable("A", "b=c\nd")],
        };
        assert_eq!(seen, expected);
        assert_eq!(seen_in(b"/t/own-1"), None);
    }
}
