//! What the tests share.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Once;

use anyhow::{Context, Result, ensure};
use guest::{Scenario, scenarios};
use harness::{Downloads, Event, Machines, RunDir, Suite, Watcher};
use images::{Catalogue, Kernel, Store};
use libtest_mimic::{Arguments, Trial};

mod repository;

pub use repository::Repository;

/// A watcher that prints to stderr, which tests capture.
#[derive(Debug)]
pub struct PrintEvents;

impl Watcher for PrintEvents {
    fn event(&self, event: &Event) {
        match event {
            Event::Note { text } => eprintln!("{text}"),
            Event::Accelerator(choice) => eprintln!("accelerator {choice}"),
            _ => {}
        }
    }
}

/// The run that this process takes part in: the one of nextest, or one for itself.
#[must_use]
pub fn run_name() -> String {
    match env::var("NEXTEST_RUN_ID") {
        Ok(id) => format!("nextest-{id}"),
        Err(_) => format!("test-{}", std::process::id()),
    }
}

/// A suite of all scenarios, with kernels from the usual places.
///
/// # Errors
/// Where QEMU is missing or a directory cannot be made.
pub fn suite(run: &str, kernels: Vec<Kernel>) -> Result<Suite<'static>> {
    suite_of(run, kernels, scenarios::ALL.iter().collect())
}

/// The same for some scenarios.
///
/// # Errors
/// Where QEMU is missing or a directory cannot be made.
pub fn suite_of<'a>(
    run: &str,
    kernels: Vec<Kernel>,
    scenarios: Vec<&'a Scenario>,
) -> Result<Suite<'a>> {
    let store = Store::builder(&Catalogue::builtin()).build()?;
    Suite::new(kernels, scenarios, store, RunDir::of_run(run)?)
}

/// A kernel that every Debian machine can get.
///
/// # Panics
/// Where the catalogue has lost it.
#[must_use]
pub fn any_kernel() -> Kernel {
    kernel_named("6.1")
}

/// A kernel of the catalogue.
///
/// # Panics
/// Where there is none of this name.
#[must_use]
pub fn kernel_named(name: &str) -> Kernel {
    let spec = name.parse().expect("it is the name of a kernel");
    let mut kernels = Catalogue::builtin()
        .select(&[spec])
        .expect("it is in the catalogue");
    kernels.remove(0)
}

/// The image of [`any_kernel`], or the one at the path in `STRATA_TEST_KERNEL`.
///
/// # Errors
/// Where it cannot be had.
pub fn any_image() -> Result<PathBuf> {
    if let Some(path) = env::var_os("STRATA_TEST_KERNEL") {
        return Ok(path.into());
    }
    image_of(&any_kernel())
}

/// The image of a kernel.
///
/// # Errors
/// Where it cannot be had.
pub fn image_of(kernel: &Kernel) -> Result<PathBuf> {
    let store = Store::builder(&Catalogue::builtin()).build()?;
    let obtained = store.obtain_any(kernel, &Downloads::told_to(&PrintEvents));
    Ok(obtained?.path)
}

/// `cargo xtask`, built from the sources as they are.
///
/// # Panics
/// Where it cannot be built.
#[must_use]
pub fn xtask() -> Command {
    static BUILT: Once = Once::new();
    let test = env::current_exe().expect("this test has a path");
    // Tests are in `deps`, below the directory of the programs.
    let programs = test.ancestors().nth(2).expect("cargo's layout");
    BUILT.call_once(|| {
        // Of the tests of one run, each a process, the first builds.
        let mut built = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(programs.join("built-by-run"))
            .expect("cargo writes there, too");
        built.lock().expect("a file of cargo's can be locked");
        let mut by = String::new();
        built.read_to_string(&mut by).expect("it is a short text");
        let run = env::var("NEXTEST_RUN_ID").ok();
        if run.as_ref() == Some(&by) {
            return;
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        // With these, which are of the tests, it would build again what depends on them
        // (ring), and so would the next cargo.
        for (name, _) in env::vars_os() {
            let bytes = name.as_encoded_bytes();
            if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        let status = command
            .args(["build", "--quiet", "--package", "xtask"])
            .current_dir(harness::root())
            .status()
            .expect("cargo runs the tests, so it is there");
        assert!(status.success(), "cargo could not build xtask");
        fs::write(programs.join("built-by-run"), run.unwrap_or_default())
            .expect("it could be opened");
    });
    Command::new(programs.join("strata"))
}

/// The processes that have this directory as `TMPDIR`: a command that was given it, and
/// all that it started.
///
/// # Panics
/// Where there is no `/proc`.
#[must_use]
pub fn processes_in(place: &Path) -> Vec<u32> {
    let wanted = format!("TMPDIR={}", place.display());
    let processes = fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let is_in = |process: &fs::DirEntry| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let mut variables = environment.split(|&byte| byte == 0);
        variables.any(|variable| variable == wanted.as_bytes())
    };
    processes
        .filter(is_in)
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .collect()
}

/// The QEMU that the tests use, the host's or Strata's, as a program in this directory.
///
/// # Errors
/// Where there is none, or the program cannot be written.
pub fn qemu_in(dir: &Path) -> Result<PathBuf> {
    let store = Store::builder(&Catalogue::builtin()).build()?;
    let qemu = Machines::new(store, RunDir::anonymous())?.qemu(&PrintEvents)?;
    let path = dir.join("true-qemu");
    executable(&path, &harness::launch_script(&qemu.launch))?;
    Ok(path)
}

/// Writes an executable script.
///
/// # Errors
/// Where it cannot be written.
pub fn executable(path: &Path, script: &str) -> Result<()> {
    fs::write(path, script)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))?;
    Ok(())
}

/// The name of a test, and its function.
pub type NamedTest = (&'static str, fn() -> Result<()>);

/// A list of tests with their names. Each returns nothing or a result.
#[macro_export]
macro_rules! tests {
    ($($test:path),* $(,)?) => {
        vec![$({
            let test: fn() -> anyhow::Result<()> = || {
                $crate::Done::done($test())
            };
            (stringify!($test), test)
        }),*]
    };
}

/// What a test may return.
pub trait Done {
    /// Turns it into a result.
    ///
    /// # Errors
    /// If the test failed.
    fn done(self) -> Result<()>;
}

impl Done for () {
    fn done(self) -> Result<()> {
        Ok(())
    }
}

impl Done for Result<()> {
    fn done(self) -> Result<()> {
        self
    }
}

/// Runs groups of tests as the command line says. A group for which something is
/// missing is ignored, with that as the reason.
#[must_use]
pub fn run_tests<const N: usize>(groups: [(Vec<NamedTest>, Option<&str>); N]) -> ExitCode {
    let mut trials = Vec::new();
    for (tests, missing) in groups {
        for (name, test) in tests {
            let test = move || test().map_err(|error| format!("{error:?}").into());
            let trial = Trial::test(name, test);
            trials.push(match missing {
                Some(missing) => trial.with_kind(missing).with_ignored_flag(true),
                None => trial,
            });
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Builds a C program of `tests/programs`.
///
/// # Errors
/// Where the compiler fails.
pub fn cc(source: &str, program: &Path, options: &[&str]) -> Result<()> {
    let source = harness::root().join("tests/programs").join(source);
    let built = Command::new("cc")
        .arg("-o")
        .arg(program)
        .arg(&source)
        .args(options)
        .status()
        .context("running cc")?;
    ensure!(built.success(), "cc could not build {}", source.display());
    Ok(())
}
