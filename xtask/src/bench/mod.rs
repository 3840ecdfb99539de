//! How fast Strata is, measured against bare QEMU (docs/performance.md).
//!
//! Every figure is a ratio of two times, each the median of rounds in which all
//! commands take turns. May use: the library.

mod row;
mod start;
mod stopwatch;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use harness::{Machine, Machines, Watcher, cached_kernels};
use images::{Catalogue, Initramfs, Kernel, Store};

pub(crate) use row::{FigureRow, HEAD};
use stopwatch::{Timed, Times, take_turns};

/// What is measured: the first column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Figure {
    /// A whole command over bare QEMU, and over Strata's machine
    One,
    /// What is done before QEMU starts
    Start,
    /// Strata's machine over bare QEMU
    Floor,
}

/// Any scenario would do.
const SCENARIO: &str = "unshare_newpid_single_threaded";
/// The commands, and how many times as long as bare QEMU each may take.
const COMMANDS: [(&str, f64); 6] = [
    ("`strata test`, 100 programs", 4.0),
    ("`run -- true`, restored", 0.25),
    ("`run --fresh -- true`", 1.15),
    ("`test-kernels`, all scenarios", 1.15),
    ("`test-kernels --saved`, all scenarios", 1.0),
    ("`test-kernels`, one scenario", 1.15),
];

/// A measurement.
pub(crate) struct Benchmark {
    /// Strata's command line, as a program.
    pub(crate) program: PathBuf,
    pub(crate) kernels: Vec<Kernel>,
    /// All figures where none is named.
    pub(crate) figures: Vec<Figure>,
    /// How often everything is timed.
    pub(crate) rounds: usize,
}

impl Benchmark {
    /// Measures, and tells each row as soon as it is known.
    ///
    /// # Errors
    /// Where a kernel cannot be had. A command that fails has a row that says so.
    pub(crate) fn measure(
        &self,
        bench: &Machines,
        watcher: &dyn Watcher,
        mut tell: impl FnMut(FigureRow<'_>),
    ) -> Result<()> {
        for kernel in &self.kernels {
            let (name, spec) = (kernel.name(), kernel.spec());
            let mut row = |figure, what: &Times, against: &Times, goal| {
                tell(FigureRow {
                    figure,
                    kernel: &name,
                    what,
                    against,
                    goal,
                });
            };
            let bootable = bench
                .machine(kernel, watcher)
                .with_context(|| format!("kernel {name}"))?;
            let mut machine = bootable.machine.clone();
            machine.initramfs = bootable.dir.path().join("floor");
            pack_no_init(&machine.initramfs)?;
            let accel = machine.accelerator.name();
            let run = ["run", "--kernel", &spec, "--accel", accel, "--", "true"];
            let fresh = [&["run", "--fresh"], &run[1..]].concat();
            let all = ["test-kernels", &spec, "--accel", accel];
            let saved = [&all[..], &["--saved"]].concat();
            let single = [&all[..], &["--scenario", SCENARIO]].concat();
            let boot = |name, arguments: Vec<OsString>| {
                let mut command = machine.qemu.command();
                command.args(arguments);
                Timed::new(name, "init found", command)
            };
            let mut commands = Vec::new();
            if self.wants(Figure::One) || self.wants(Figure::Floor) {
                commands.push(boot("bare QEMU", bare(&machine, &bootable.packaged)));
                commands.push(boot("Strata's machine", machine.arguments()));
            }
            if self.wants(Figure::One) {
                let suite = suite_of_programs(bootable.dir.path(), &spec)?;
                let mut test = self.strata(&["test", "--accel", accel]);
                test.current_dir(suite).env_remove("CARGO_MANIFEST_DIR");
                let others = [&run[..], &fresh, &all, &saved, &single];
                let others = others.map(|words| self.strata(words));
                let all = [test].into_iter().chain(others);
                for ((name, _), command) in COMMANDS.iter().zip(all) {
                    commands.push(Timed::new(name, "", command));
                }
            }
            let log = bootable.dir.path().join("output");
            let times = take_turns(commands, self.rounds, &log);
            if let [bare, ours, commands @ ..] = &times[..] {
                for (command, (_, goal)) in commands.iter().zip(COMMANDS) {
                    row(Figure::One, command, bare, Some(goal));
                    row(Figure::One, command, ours, None);
                }
                if self.wants(Figure::Floor) {
                    row(Figure::Floor, ours, bare, None);
                }
            }
            if self.wants(Figure::Start) {
                for (name, words) in [
                    ("`run` until QEMU starts", &run[..]),
                    ("`test-kernels` until QEMU starts", &all),
                ] {
                    let times = start::until_qemu(name, self.strata(words), self.rounds);
                    row(Figure::Start, &times, &start::limit(), Some(1.0));
                }
            }
        }
        Ok(())
    }

    fn strata(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words);
        command
    }

    fn wants(&self, figure: Figure) -> bool {
        self.figures.is_empty() || self.figures.contains(&figure)
    }
}

/// Makes a repository whose suite has 100 programs, and this kernel.
fn suite_of_programs(dir: &Path, kernel: &str) -> Result<PathBuf> {
    let suite = dir.join("suite");
    let programs = suite.join("programs");
    fs::create_dir_all(&programs).context("making a suite")?;
    for number in 0..100 {
        fs::copy("/bin/true", programs.join(format!("{number:02}"))).context("copying true")?;
    }
    let text = format!("kernels = [{kernel:?}]\n[[test]]\nname = \"all\"\ndir = \"programs\"\n");
    fs::write(suite.join("strata.toml"), text).context("writing strata.toml")?;
    Ok(suite)
}

/// Writes an initramfs whose init is empty: the kernel finds no init that works, panics
/// and restarts, which ends QEMU.
fn pack_no_init(path: &Path) -> Result<()> {
    Initramfs::new()
        .dir("/dev", 0o755)
        .char_device("/dev/console", 5, 1, 0o600)
        .file("/init", Vec::new(), 0o755)
        .write_to(path)
}

/// The fewest arguments with which QEMU shows a line and ends, on the same
/// processor and memory, with the kernel as it is packaged.
fn bare(machine: &Machine, packaged: &Path) -> Vec<OsString> {
    let words = "-nodefaults -display none -serial stdio -no-reboot -kernel";
    let mut arguments: Vec<OsString> = words.split(' ').map(OsString::from).collect();
    arguments.push(packaged.into());
    let append = format!("{} quiet panic=-1", machine.arch.console);
    arguments.extend(["-append", &append].map(OsString::from));
    let same = ["-machine", "-accel", "-cpu", "-m", "-initrd"];
    for option in machine.arguments().windows(2) {
        if same.iter().any(|name| option[0] == *name) {
            arguments.extend_from_slice(option);
        }
    }
    arguments
}

/// The kernels that are measured where none is named: the first and the last in
/// the cache.
pub(crate) fn usual_kernels(catalogue: &Catalogue, store: &Store) -> Vec<Kernel> {
    let mut kernels = cached_kernels(catalogue, store);
    if kernels.len() > 2 {
        kernels.drain(1..kernels.len() - 1);
    }
    kernels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_named_as_it_is_shown() {
        for (figure, name) in [
            (Figure::One, "one"),
            (Figure::Start, "start"),
            (Figure::Floor, "floor"),
        ] {
            assert_eq!(row::name(figure), name);
            assert_eq!(Figure::from_str(name, false), Ok(figure));
        }
        assert!(Figure::from_str("two", false).is_err());
    }
}
