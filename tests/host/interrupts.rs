//! A harness that a signal ends or kills.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, processes_in, xtask};
use tempfile::{TempDir, tempdir};

use super::{Fake, test_kernels, wait_until};

/// A command that runs until a signal ends it, and the directory for its temporary files.
struct RunningCommand {
    child: Child,
    place: TempDir,
}

impl RunningCommand {
    fn start(mut command: Command) -> Self {
        let place = tempdir().unwrap();
        command.env("TMPDIR", place.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        Self { child, place }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, signal).unwrap();
    }

    /// Ends it, and checks that no process and no file is left.
    fn end(mut self, signal: Signal) -> (std::process::ExitStatus, String) {
        self.signal(signal);
        let status = self.child.wait().unwrap();
        let place = self.place.path();
        wait_until(Duration::from_secs(10), "its processes to go", || {
            processes_in(place).is_empty()
        });
        let files: Vec<_> = fs::read_dir(place).unwrap().flatten().collect();
        assert!(files.is_empty(), "{files:?} left behind");
        let said = self.child.stderr.take().unwrap();
        (status, std::io::read_to_string(said).unwrap())
    }
}

fn each() -> [Command; 3] {
    let image = any_image().unwrap();
    let on = |name: &str| {
        let mut command = xtask();
        command
            .args([name, "--accel", "tcg", "--kernel"])
            .arg(&image);
        command
    };
    let mut run = on("run");
    run.args(["--", "sh", "-c", "while :; do :; done"]);
    let mut all = xtask();
    all.arg("test-kernels").arg(&image).args(["--accel", "tcg"]);
    [run, on("shell"), all]
}

/// The moments are before the boot, during it and after it.
pub(crate) fn a_killed_harness_leaves_nothing_behind() {
    for round in 0..20 {
        let running = each().map(RunningCommand::start);
        sleep(Duration::from_millis(round * 100));
        for running in running {
            let (status, _) = running.end(Signal::SIGKILL);
            assert_eq!(status.signal(), Some(9), "it ended by itself");
        }
    }
}

/// `test-kernels native` while a scenario runs: a process outside the namespaces, their
/// PID 1 and the scenario.
fn native_at_work() -> RunningCommand {
    let mut command = xtask();
    command.args(["test-kernels", "native"]);
    let running = RunningCommand::start(command);
    let place = running.place.path();
    wait_until(Duration::from_secs(60), "a scenario to run", || {
        processes_in(place).len() > 3
    });
    running
}

pub(crate) fn an_ended_native_run_leaves_no_process() {
    for (signal, code) in [
        (Signal::SIGKILL, None),
        (Signal::SIGINT, Some(130)),
        (Signal::SIGTERM, Some(143)),
        (Signal::SIGHUP, Some(129)),
    ] {
        for _ in 0..5 {
            let (status, said) = native_at_work().end(signal);
            assert_eq!(status.code(), code, "{status}: {said}");
        }
    }
}

/// Orphans become children of this process, which does not wait for them.
pub(crate) fn a_native_run_leaves_no_zombie() {
    prctl::set_child_subreaper(true).unwrap();
    let mine = format!(" {} ", std::process::id());
    for _ in 0..5 {
        let output = xtask().args(["test-kernels", "native"]).output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1 | 3)), "{code:?}");
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let left: Vec<String> = processes
            .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
            // `PID (comm) state PPID …`
            .filter(|stat| stat.contains("(strata-guest)"))
            .filter(|stat| stat.rsplit(')').next().unwrap()[2..].starts_with(&mine))
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

pub(crate) fn a_signal_ends_a_run_with_its_exit_code() {
    for (signal, code) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let running = each().map(RunningCommand::start);
        sleep(Duration::from_secs(1));
        for running in running {
            let (status, said) = running.end(signal);
            assert_eq!(status.code(), Some(code), "{status}: {said}");
        }
    }
}

/// The first boot ends, the next one never does.
pub(crate) fn an_interrupted_stress_run_prints_what_it_counted() {
    let fake = Fake::new("mkdir $here/first 2>/dev/null && exec $qemu \"$@\"\nexec sleep 1000");
    let mut command = xtask();
    command.arg("stress").arg(any_image().unwrap());
    command.args([
        "--boots", "2", "--jobs", "1", "--load", "0", "--accel", "tcg",
    ]);
    fake.before(&mut command);
    // Not known by TMPDIR: the second machine may be that of a run in another process.
    let dir = fake.path().parent().unwrap().display().to_string();
    let machines = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let starts_in = |process: &fs::DirEntry| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            let mut variables = environment.split(|&byte| byte == 0);
            variables.any(|variable| variable.starts_with(format!("PATH={dir}:").as_bytes()))
        };
        let names = processes
            .filter(starts_in)
            .map(|process| fs::read_to_string(process.path().join("comm")).unwrap_or_default());
        names.collect::<Vec<_>>()
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    wait_until(
        Duration::from_secs(300),
        "the second machine to start",
        || machines().iter().any(|name| name.trim() == "sleep"),
    );
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted: "), "{said}");
    assert!(
        shown.contains("| boots                              |      1 |"),
        "{shown}"
    );
    wait_until(Duration::from_secs(10), "its processes to go", || {
        machines().is_empty()
    });
}

/// The `qemu` is a script that starts a process and does not wait for it.
pub(crate) fn processes_of_a_qemu_wrapper_end_with_the_run() {
    let fake = Fake::new("sleep 1000 <&- >&- 2>&- &\nexec $qemu \"$@\"");
    let image = any_image().unwrap();
    let start = |boots: bool| {
        let mut command = if boots {
            test_kernels(&[&image])
        } else {
            xtask()
        };
        if !boots {
            command
                .args(["run", "--accel", "tcg", "--kernel"])
                .arg(&image);
            command.args(["--", "sh", "-c", "while :; do :; done"]);
        }
        fake.before(&mut command);
        let running = RunningCommand::start(command);
        let sleeps = || {
            let processes = processes_in(running.place.path()).into_iter();
            let comm = processes.map(|id| fs::read_to_string(format!("/proc/{id}/comm")));
            comm.flatten().any(|comm| comm.trim() == "sleep")
        };
        wait_until(Duration::from_secs(120), "the wrapper to start", sleeps);
        running
    };
    let mut running = start(true);
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
    wait_until(Duration::from_secs(10), "its processes to go", || {
        processes_in(running.place.path()).is_empty()
    });
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT] {
        start(false).end(signal);
    }
}

/// The result of a finished kernel is printed before the signal comes.
pub(crate) fn an_interrupted_run_has_reported_finished_kernels() {
    let dir = tempdir().unwrap();
    let kernels = ["first", "second"].map(|name| dir.path().join(name));
    for kernel in &kernels {
        symlink(any_image().unwrap(), kernel).unwrap();
    }
    // The second boot never ends.
    let fake = Fake::new("mkdir $here/first 2>/dev/null && exec $qemu \"$@\"\nexec sleep 1000");
    let kernels: Vec<&Path> = kernels.iter().map(AsRef::as_ref).collect();
    let mut command = test_kernels(&kernels);
    command.args(["--jobs", "1"]);
    fake.before(&mut command);
    let mut running = RunningCommand::start(command);
    let mut told = BufReader::new(running.child.stderr.as_mut().unwrap()).lines();
    let told = told.find(|line| line.as_ref().unwrap().starts_with("first: 1 of 1 passed"));
    assert!(told.is_some(), "the first kernel is not told of");
    sleep(Duration::from_millis(300));
    let (status, said) = running.end(Signal::SIGINT);
    assert_eq!(status.code(), Some(130));
    assert!(said.contains("interrupted: "), "{said}");
}
