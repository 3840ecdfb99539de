//! Runs in another process, on a host that makes them difficult or kills them.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use harness::dies_with_this;
use harness::launch_script;
use images::Kernel;
use nix::sys::resource::setrlimit;
use nix::sys::signal::Signal;

use super::Stress;
use super::figures::{Figures, Finding};
use super::orphans::{MARK, orphans};
use super::plan::{HardRun, Hardship};

/// How long a run may take, however busy the host is.
const DEADLINE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(20);
/// How much a slow reader reads at once.
const SIP: usize = 16 << 10;

/// A QEMU that boots once, ends in a panic amid its report, and then has no memory. The
/// real one is `true-qemu`, beside it.
const FAILS_LATER: &str = r#"#!/bin/sh
here=${0%/*}; qemu=$here/true-qemu
case "$*" in *-version*|*'-machine none'*) exec "$qemu" "$@";; esac
if mkdir "$here/begun" 2>/dev/null; then
    exec 3<&0; mkfifo "$here/console"
    "$qemu" "$@" <&3 >"$here/console" &
    dd bs=1 count=8000 status=none <"$here/console"; kill -9 $!
    printf '\r\n[    9.9] Kernel panic - not syncing: for a test\r\n'; exit 0
fi
echo "qemu: cannot set up guest memory 'pc.ram': Cannot allocate memory" >&2; exit 1
"#;

impl Stress {
    /// Makes such a run and judges what comes of it.
    pub(super) fn run_hard(&self, kernel: &Kernel, dir: &Path, run: &HardRun) -> Result<Figures> {
        let temporary = dir.join("tmp");
        fs::create_dir(&temporary).with_context(|| format!("creating {}", temporary.display()))?;
        let mut child = self
            .command(kernel, dir, run)?
            .env(MARK, dir)
            .env("TMPDIR", &temporary)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        // Held open, and silent.
        let _stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let (mut limit, mut first, mut each) = (None, Duration::ZERO, Duration::ZERO);
        match run.hardship {
            Hardship::Killed(after) => limit = Some(after),
            Hardship::Reader(stops, pauses) => (first, each) = (stops, pauses),
            _ => {}
        }
        let reader = stdout.map(|stdout| thread::spawn(move || read(stdout, first, each)));
        let in_time = ends_within(&mut child, limit.unwrap_or(DEADLINE))?;
        let status = child.wait().context("waiting for a run")?;
        let mut figures = Figures::default();
        for orphan in orphans(dir, &temporary) {
            figures.find(Finding::Orphan, orphan);
        }
        let output = match reader.map(JoinHandle::join) {
            Some(output) => output.map_err(|_| anyhow!("a reader panicked"))?,
            None => Ok(Vec::new()),
        };
        let output = output.context("reading what a run writes")?;

        match limit {
            None => figures.find(Finding::Hostile, run.name),
            Some(_) if status.signal().is_some() => figures.find(Finding::Killed, run.name),
            Some(_) => {}
        }
        let told = |what: &str| format!("{} {}: {what}", kernel.name(), run.name);
        let (codes, wanted) = match run.codes {
            [] => {
                let (code, output) = on_this_host(run.program)?;
                (vec![code], Some(output))
            }
            codes => (codes.to_vec(), None),
        };
        if !in_time && limit.is_none() {
            let what = format!("no end within {} s", DEADLINE.as_secs());
            figures.find(Finding::Lost, told(&what));
        } else if !codes.contains(&code(status)) {
            figures.find(Finding::Wrong, told(&status.to_string()));
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != output) {
            let (came, all) = (output.len(), wanted.len());
            let what = format!("{came} bytes of {all} arrived as they were");
            figures.find(Finding::Lost, told(&what));
        }
        Ok(figures)
    }

    /// The command line, and what is done to it.
    fn command(&self, kernel: &Kernel, dir: &Path, run: &HardRun) -> Result<Command> {
        let log = dir.join("log");
        let log = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = Command::new(&self.program);
        dies_with_this(&mut command, Signal::SIGKILL);
        match run.program {
            [] => command.args(["test-kernels", &kernel.spec()]),
            program => command
                .args(["run", "--kernel", &kernel.spec(), "--"])
                .args(program),
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?);
        match run.hardship {
            // What it leaves behind might keep a pipe open for ever.
            Hardship::Killed(_) => {
                command.stdout(log);
            }
            Hardship::SilentStdin => {
                command.stdin(Stdio::piped());
            }
            Hardship::Limit(resource, to) => {
                // SAFETY: it makes one system call.
                unsafe {
                    command.pre_exec(move || Ok(setrlimit(resource, to, to)?));
                }
            }
            Hardship::LaterBootFails => {
                // A probe of the accelerator would take the one boot that there is.
                command.args(["--accel", "tcg", "--qemu"]);
                command.arg(self.failing_qemu(&dir.join("qemu"))?);
            }
            _ => {}
        }
        Ok(command)
    }

    /// Writes the QEMU that fails later, and says where it is.
    fn failing_qemu(&self, dir: &Path) -> Result<PathBuf> {
        let path = dir.join("qemu");
        let write = |path: &Path, text: &str| -> io::Result<()> {
            fs::write(path, text)?;
            fs::set_permissions(path, Permissions::from_mode(0o755))
        };
        fs::create_dir(dir)
            .and_then(|()| write(&dir.join("true-qemu"), &launch_script(&self.qemu)))
            .and_then(|()| write(&path, FAILS_LATER))
            .with_context(|| format!("writing into {}", dir.display()))?;
        Ok(path)
    }
}

/// What a program comes to without Strata.
fn on_this_host(program: &[&str]) -> Result<(i32, Vec<u8>)> {
    let (name, arguments) = program.split_first().context("there is a program")?;
    let output = Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("running {name}"))?;
    Ok((code(output.status), output.stdout))
}

/// Whether a process ends within this time; else it is killed.
fn ends_within(child: &mut Child, time: Duration) -> Result<bool> {
    let until = Instant::now() + time;
    while child.try_wait().context("waiting for a run")?.is_none() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            child.kill().context("killing a run")?;
            return Ok(false);
        }
        sleep(POLL.min(left));
    }
    Ok(true)
}

/// Reads all, with a pause before the first read and after each.
fn read(mut from: impl Read, first: Duration, each: Duration) -> io::Result<Vec<u8>> {
    sleep(first);
    let (mut output, mut buffer) = (Vec::new(), vec![0; SIP]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(output),
            length => output.extend(&buffer[..length]),
        }
        sleep(each);
    }
}

/// The exit code as a shell has it.
fn code(status: ExitStatus) -> i32 {
    let signal = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(signal).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use nix::sys::resource::Resource;

    use super::super::tests::with_program;
    use super::*;

    const LINES: usize = 40_000;
    const ENLARGED: usize = 1 << 20;

    /// Runs a script as the harness.
    fn figures(script: &str, run: &HardRun) -> Figures {
        let (stress, dir, _place) = with_program(script);
        stress
            .run_hard(&stress.kernels[0], dir.path(), run)
            .unwrap()
    }

    /// A hostile host that is drawn, with a hardship that takes less time.
    fn drawn(name: &str, hardship: Option<Hardship>) -> HardRun {
        let all = HardRun::hostile(&mut Rng::with_seed(1));
        let mut run = all.into_iter().find(|run| run.name == name).unwrap();
        run.hardship = hardship.unwrap_or(run.hardship);
        run
    }

    /// How much of it is wrong, and how much is lost.
    fn counted(script: &str, run: &HardRun) -> (usize, usize) {
        let figures = figures(script, run);
        assert_eq!(figures.found(Finding::Hostile), [run.name]);
        (
            figures.number(Finding::Wrong),
            figures.number(Finding::Lost),
        )
    }

    #[test]
    fn a_run_is_killed_or_was_done_and_one_that_fails_is_wrong() {
        for (script, count, wrong) in [
            ("exec sleep 60", 1, vec![]),
            ("exit 0", 0, vec![]),
            ("exit 3", 0, vec!["vmlinuz test-kernels: exit status: 3"]),
        ] {
            let run = HardRun {
                name: "test-kernels",
                program: &[],
                codes: &[0, 128 + 9],
                hardship: Hardship::Killed(Duration::from_millis(500)),
            };
            let figures = figures(script, &run);
            assert_eq!(figures.number(Finding::Killed), count, "{script}");
            assert_eq!(figures.found(Finding::Wrong), wrong, "{script}");
        }
    }

    #[test]
    fn what_a_reader_does_not_get_is_lost() {
        let slow = Hardship::Reader(Duration::ZERO, Duration::from_millis(1));
        let stopped = Hardship::Reader(Duration::from_millis(300), Duration::ZERO);
        for (name, hardship) in [("slow reader", slow), ("stopped reader", stopped)] {
            let run = drawn(name, Some(hardship));
            assert_eq!(counted(&format!("seq {LINES}"), &run), (0, 0));
            assert_eq!(counted(&format!("seq {}", LINES - 1), &run), (0, 1));
            assert_eq!(counted(&format!("seq {LINES}; exit 3"), &run), (1, 0));
        }
        let silent = drawn("silent stdin", None);
        assert_eq!(counted("echo done", &silent), (0, 0));
        // It is open, so this is ended by its own means.
        assert_eq!(counted("timeout 1 cat; echo done", &silent), (0, 0));
        let pipe = drawn("enlarged pipe", None);
        let write = |bytes: usize| format!("head -c {bytes} /dev/zero | tr '\\0' x");
        assert_eq!(counted(&write(ENLARGED), &pipe), (0, 0));
        assert_eq!(counted(&write(ENLARGED - 1), &pipe), (0, 1));
    }

    #[test]
    fn an_exit_code_that_is_not_right_is_wrong() {
        let signal = drawn("real-time signal", None);
        assert_eq!(counted("exit 168", &signal), (0, 0));
        assert_eq!(counted("kill -40 $$", &signal), (0, 0));
        assert_eq!(counted("exit 3", &signal), (1, 0));
        let later = drawn("later boot fails", None);
        assert_eq!(counted("exit 1", &later), (0, 0));
        assert_eq!(counted("exit 3", &later), (1, 0));
        for (name, resource, to, limit) in [
            (
                "few descriptors",
                Resource::RLIMIT_NOFILE,
                20,
                "[ $(ulimit -n) = 20 ]",
            ),
            (
                "little memory",
                Resource::RLIMIT_AS,
                1 << 30,
                "[ $(ulimit -v) = 1048576 ]",
            ),
        ] {
            let run = drawn(name, Some(Hardship::Limit(resource, to)));
            for (code, wrong) in [(0, 0), (3, 0), (1, 1)] {
                let script = format!("{limit} && exit {code}; exit 9");
                assert_eq!(counted(&script, &run), (wrong, 0), "{script}");
            }
        }
    }
}
