//! Machines that `up` keeps up take one program after another.

use std::fs::{self, DirBuilder};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::{available_parallelism, scope, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, cc, processes_in, xtask};
use tempfile::{TempDir, tempdir};

use super::{assert_status, random, text};

/// How long the host may take for what is a matter of moments.
const PATIENCE: Duration = Duration::from_secs(60);

/// A place of their own, and machines in it.
pub(super) struct Up(TempDir);

impl Up {
    pub(super) fn new(options: &[&str]) -> Self {
        let up = Self::nowhere();
        let output = up.bring_up(options);
        assert_status(&output, 0);
        assert!(text(&output.stdout).starts_with("own is up"), "{output:?}");
        up
    }

    /// A place without machines.
    pub(super) fn nowhere() -> Self {
        let up = Self(tempdir().unwrap());
        // Saved machines are those of other tests.
        let saved = harness::runs().unwrap().join("machines");
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700).create(&saved).unwrap();
        symlink(saved, up.0.path().join("machines")).unwrap();
        up
    }

    pub(super) fn bring_up(&self, options: &[&str]) -> Output {
        self.bring_up_with(&any_image().unwrap(), options)
    }

    fn bring_up_with(&self, kernel: &Path, options: &[&str]) -> Output {
        let mut command = self.command(&["up", "--name", "own", "--accel", "tcg"]);
        command.arg(kernel).args(options).output().unwrap()
    }

    pub(super) fn place(&self) -> &Path {
        self.0.path()
    }

    /// All processes of theirs have this directory in their environment.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = xtask();
        command.args(words).stdin(Stdio::null());
        command.env("STRATA_RUNS", self.0.path());
        command.env("TMPDIR", self.0.path());
        command
    }

    pub(super) fn run(&self, words: &[&str]) -> Command {
        let mut command = self.command(&["run", "--in", "own"]);
        command.args(["--file", "/bin/cat", "--file", "/bin/sleep"]);
        command.args(words);
        command
    }

    pub(super) fn says(&self, script: &str) -> String {
        let output = self.run(&["--", "sh", "-c", script]).output().unwrap();
        assert_status(&output, 0);
        text(&output.stdout).to_owned()
    }

    fn down(&self) {
        let output = self.command(&["down", "own"]).output().unwrap();
        assert_status(&output, 0);
    }

    fn assert_gone(&self) {
        let until = Instant::now() + PATIENCE;
        while !processes_in(self.0.path()).is_empty() {
            assert!(Instant::now() < until, "{:?}", processes_in(self.0.path()));
            sleep(Duration::from_millis(20));
        }
    }

    /// The process in the background.
    pub(super) fn keeper(&self) -> Pid {
        let is_keeper = |process: &u32| {
            let words = fs::read_to_string(format!("/proc/{process}/cmdline"));
            words.is_ok_and(|words| words.contains("--serve"))
        };
        let mut processes = processes_in(self.0.path()).into_iter();
        let keeper = processes.find(is_keeper);
        Pid::from_raw(keeper.unwrap().cast_signed())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.command(&["down", "own"]).output();
    }
}

fn ended(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

/// Each finds a machine without what those before it have left.
#[test]
fn another_file_at_the_kernels_path_is_another_kernel() {
    let up = Up::nowhere();
    let kernel = up.0.path().join("bzImage");
    let image = any_image().unwrap();
    let put = || {
        let new = up.0.path().join("new");
        fs::copy(&image, &new).unwrap();
        fs::rename(new, &kernel).unwrap();
    };
    put();
    assert_status(&up.bring_up_with(&kernel, &[]), 0);
    let again = up.bring_up_with(&kernel, &[]);
    assert_status(&again, 0);
    assert!(
        text(&again.stdout).contains("own is up already"),
        "{again:?}"
    );
    put();
    let other = up.bring_up_with(&kernel, &[]);
    assert_status(&other, 2);
    let words = "own is up with a kernel that was at this path before: end it with";
    assert!(text(&other.stderr).contains(words), "{other:?}");
}

#[test]
fn programs_run_one_after_another_and_find_nothing_of_each_other() {
    let up = Up::new(&["--jobs", "1"]);
    let before = up.says("cat /proc/uptime");
    let leaves = "echo x > /left; echo x > /tmp/left; echo x > /dev/shm/left; \
                  echo other > /proc/sys/kernel/hostname; sleep 1000 & exit 7";
    let output = up.run(&["--", "sh", "-c", leaves]).output().unwrap();
    assert_status(&output, 7);
    let looks = "for file in /left /tmp/left /dev/shm/left; do [ -e $file ] && echo $file; done; \
                 cat /etc/hostname /proc/sys/kernel/hostname; \
                 for p in /proc/[0-9]*/cmdline; do cat $p; done";
    let found = up.says(looks);
    assert!(found.starts_with("strata\nstrata\n"), "{found}");
    assert!(!found.contains("sleep"), "{found}");
    // It was the same machine.
    let seconds = |uptime: &str| -> f64 { uptime.split(' ').next().unwrap().parse().unwrap() };
    let after = up.says("cat /proc/uptime");
    assert!(seconds(&before) < seconds(&after), "{before} {after}");

    for (script, status) in [
        ("kill -9 $$", 137),
        ("kill -SEGV $$", 139),
        ("exit 255", 255),
    ] {
        let output = up.run(&["--", "sh", "-c", script]).output().unwrap();
        assert_status(&output, status);
    }
    let output = up.run(&["--", "/no/program"]).output().unwrap();
    assert_status(&output, 127);
    up.down();
    up.assert_gone();
    let output = up.run(&["--", "true"]).output().unwrap();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("own is not up"), "{output:?}");
}

/// The next program gets another machine, and is told why.
#[test]
fn what_a_program_changes_in_the_kernel_is_not_the_next_programs() {
    let up = Up::new(&["--jobs", "1", "--memory", "256"]);
    for (script, what) in [
        (
            "echo 3 > /proc/sys/net/ipv4/tcp_syn_retries",
            "tcp_syn_retries",
        ),
        (
            "mkdir /sys/fs/cgroup/a; mount -t tmpfs x /mnt; mkdir /mnt/x",
            "",
        ),
        ("echo x > /dev/left", "devices"),
        (
            "echo N > /sys/module/printk/parameters/time",
            "printk/parameters/time",
        ),
        ("echo 7 > /proc/1/oom_score_adj", "the OOM score of PID 1"),
        ("echo 3 > /sys/fs/cgroup/cgroup.max.depth", "control groups"),
        ("renice -n 5 -p 1", "how PID 1 is scheduled"),
        ("exit 0", ""),
    ] {
        let files = [
            "--file",
            "/bin/mkdir",
            "--file",
            "/bin/mount",
            "--file",
            "/usr/bin/renice",
            "--cwd",
            "/mnt",
        ];
        let mut command = up.run(&[&files[..], &["--", "sh", "-c", script]].concat());
        assert_status(&command.output().unwrap(), 0);
        let look = "cat /proc/sys/net/ipv4/tcp_syn_retries; [ -e /dev/left ] || \
                    [ -e /sys/fs/cgroup/a ] || [ -e /mnt/x ] || echo clean";
        let output = up.run(&["--", "sh", "-c", look]).output().unwrap();
        assert_eq!(text(&output.stdout), "6\nclean\n", "after {script}");
        let stderr = text(&output.stderr);
        assert_eq!(
            stderr.contains("an earlier program had changed"),
            !what.is_empty(),
            "{stderr}"
        );
        assert!(stderr.contains(what), "{stderr}");
    }
}

/// What an earlier program has not read of its input is not the next one's.
#[test]
fn input_that_is_left_is_not_the_next_programs() {
    let up = Up::new(&["--jobs", "1"]);
    let bytes = random(3 << 20);
    for _ in 0..3 {
        let mut command = up.run(&["--", "sh", "-c", "read -r line; exit 3"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        sleep(Duration::from_millis(400));
        // The reader is gone at some time.
        let _ = stdin.write_all(&bytes);
        drop(stdin);
        assert_status(&ended(child), 3);

        let mut command = up.run(&["--", "cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = scope(|scope| {
            scope.spawn(|| {
                sleep(Duration::from_millis(400));
                stdin.write_all(&bytes).unwrap();
                drop(stdin);
            });
            ended(child)
        });
        assert_status(&output, 0);
        assert!(output.stdout == bytes, "{} bytes", output.stdout.len());
    }
}

/// A panic, a reset, a time limit and a client that is killed each cost a machine, and
/// no more.
#[test]
fn a_machine_that_is_lost_is_replaced() {
    let up = Up::new(&["--jobs", "1"]);
    for (key, words) in [("c", "panicked"), ("b", "ended before")] {
        let script = format!("echo {key} > /proc/sysrq-trigger; sleep 100");
        let output = up.run(&["--", "sh", "-c", &script]).output().unwrap();
        assert_status(&output, 125);
        assert!(text(&output.stderr).contains(words), "{output:?}");
        assert_eq!(up.says("echo right"), "right\n");
    }
    let output = up
        .run(&["--timeout", "1", "--", "sleep", "100"])
        .output()
        .unwrap();
    assert_status(&output, 125);
    assert!(
        text(&output.stderr).contains("not done after 1 s"),
        "{output:?}"
    );
    assert_eq!(up.says("echo right"), "right\n");

    for (signal, status) in [(Signal::SIGKILL, None), (Signal::SIGTERM, Some(143))] {
        let mut command = up.run(&["--", "sh", "-c", "echo up; exec sleep 1000"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = [0; 3];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut line).unwrap();
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), status);
        // With one machine, a program that went on would be in the way.
        let begun = Instant::now();
        assert_eq!(up.says("echo right"), "right\n");
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn files_come_back_from_a_machine_that_stays() {
    let up = Up::new(&["--jobs", "1"]);
    let here = tempdir().unwrap();
    for number in ["1", "2"] {
        let script = format!("echo {number} > /tmp/result; cat; exit 3");
        let out = ["--out", "/tmp/result", "--", "sh", "-c", &script];
        let mut command = up.run(&out);
        let mut child = command
            .current_dir(here.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"input").unwrap();
        let output = ended(child);
        assert_status(&output, 3);
        assert_eq!(output.stdout, b"input");
        let result = fs::read_to_string(here.path().join("result")).unwrap();
        assert_eq!(result, format!("{number}\n"));
    }
    assert_eq!(up.says("echo right"), "right\n");
}

/// It keeps no other waiting.
#[test]
fn a_client_that_says_nothing_does_no_harm() {
    let up = Up::new(&["--jobs", "1"]);
    let socket = up.0.path().join("up/own/socket");
    let _silent = UnixStream::connect(&socket).unwrap();
    let mut senseless = UnixStream::connect(&socket).unwrap();
    senseless.write_all(b"{").unwrap();
    let begun = Instant::now();
    assert_eq!(up.says("echo right"), "right\n");
    up.down();
    assert!(begun.elapsed() < Duration::from_secs(15), "{begun:?}");
}

/// A client waits for a process that is busy, and not for one that is stopped.
#[test]
fn a_keeper_that_is_stopped_is_not_waited_for() {
    let (stopped, busy) = (Up::new(&["--jobs", "1"]), Up::new(&["--jobs", "1"]));
    kill(stopped.keeper(), Signal::SIGSTOP).unwrap();
    let begun = Instant::now();
    let [waits, down, works] = scope(|scope| {
        let later = |seconds, mut command: Command| {
            scope.spawn(move || {
                sleep(Duration::from_secs(seconds));
                command.output().unwrap()
            })
        };
        let started = [
            later(0, stopped.run(&["--", "true"])),
            later(4, stopped.command(&["down", "own"])),
            later(0, busy.run(&["--", "sleep", "33"])),
        ];
        started.map(|thread| thread.join().unwrap())
    });
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert_status(&waits, 125);
    let words = "the process that keeps own has said nothing for 30 s: see whether it is stopped";
    assert!(text(&waits.stderr).contains(words), "{waits:?}");
    assert_status(&down, 0);
    stopped.assert_gone();
    assert_status(&works, 0);
}

#[test]
fn several_programs_run_side_by_side() {
    let up = Up::new(&["--jobs", "2"]);
    scope(|scope| {
        let run = |number: usize| {
            let up = &up;
            scope.spawn(move || (number, up.says(&format!("echo {number}"))))
        };
        let running: Vec<_> = (0..8).map(run).collect();
        for thread in running {
            let (number, said) = thread.join().unwrap();
            assert_eq!(said, format!("{number}\n"));
        }
    });
}

#[test]
fn those_that_start_together_share_the_machines_of_their_user() {
    let place = Up(tempdir().unwrap());
    let outputs: Vec<Output> = scope(|scope| {
        let start = || scope.spawn(|| place.bring_up(&[]));
        let started: Vec<_> = (0..3).map(|_| start()).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for output in outputs {
        assert_status(&output, 0);
    }
    place.keeper();
    let dir = place.0.path().join("up/own");
    let mode = fs::metadata(dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn nothing_is_left_of_a_keeper_that_is_killed_or_idle() {
    let up = Up::new(&[]);
    up.says("exit");
    kill(up.keeper(), Signal::SIGKILL).unwrap();
    up.assert_gone();
    // Its socket is in the way of none.
    let output = up.bring_up(&["--idle", "2"]);
    assert_status(&output, 0);
    assert_eq!(up.says("echo right"), "right\n");
    up.assert_gone();
}

#[test]
fn what_a_machine_does_not_have_is_refused() {
    let up = Up::new(&["--memory", "256"]);
    let large = up.0.path().join("large");
    fs::write(&large, random(20 << 20)).unwrap();
    let file = format!("{}:/large", large.display());
    let output = up.run(&["--file", &file, "--", "true"]).output().unwrap();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("--memory"), "{output:?}");
    for option in [
        &["--memory", "512"][..],
        &["--cpus", "2"],
        &["--append", "x"],
    ] {
        let output = up
            .run(&[option, &["--", "true"]].concat())
            .output()
            .unwrap();
        assert_status(&output, 125);
        assert!(
            text(&output.stderr).contains("cannot be used with"),
            "{output:?}"
        );
    }
    for (option, value, devices) in [
        ("--publish", "8080:80", "--publish 8080:80"),
        ("--disk", "a=64M", "--disk 'a=64M'"),
        ("--needs", "network", "--network"),
    ] {
        let output = up.run(&[option, value, "--", "true"]).output().unwrap();
        assert_status(&output, 125);
        let stderr = text(&output.stderr);
        let up = format!("--memory 256 --cpus 1 {devices}");
        for words in [" up ", &up, "--name own", " down own"] {
            assert!(stderr.contains(words), "{words}: {stderr}");
        }
    }
}

/// All of their programs have them, also of a machine that replaces another.
#[test]
fn devices_belong_to_the_machines() {
    let up = Up::nowhere();
    let devices = ["--jobs", "1", "--network", "--disk", "a=64M:ext4"];
    let output = up.bring_up_with(Path::new("6.1"), &devices);
    assert_status(&output, 0);
    // The link may take longer than the program.
    let script = "mount /dev/disk/by-name/a /tmp; echo x >> /tmp/x; cat /tmp/x; \
                  while read -r name to by rest; do [ $by != 0202000A ] || echo route; done \
                  < /proc/net/route; cat /proc/sys/kernel/hostname";
    let look = |script: &str| {
        let files = ["--file", "/bin/mount", "--", "sh", "-ec", script];
        up.run(&files).output().unwrap()
    };
    for lines in ["x\n", "x\nx\n"] {
        let output = look(script);
        assert_status(&output, 0);
        // It was no other machine.
        assert_eq!(text(&output.stderr), "");
        let expected = format!("{lines}route\nstrata\n");
        assert_eq!(text(&output.stdout), expected);
    }
    assert_status(&look("echo 3 > /proc/sys/net/ipv4/tcp_syn_retries"), 0);
    let output = look(script);
    assert!(
        text(&output.stderr).contains("tcp_syn_retries"),
        "{output:?}"
    );
    assert_eq!(text(&output.stdout), "x\nroute\nstrata\n");
}

/// A large file is sent to a machine once. The next program finds it as it was sent, whatever
/// this one does to it.
#[test]
fn a_file_that_a_program_changes_is_whole_for_the_next() {
    let up = Up::new(&["--jobs", "1"]);
    let dir = tempdir().unwrap();
    let mapped = dir.path().join("mapped");
    cc("mapped.c", &mapped, &["-static"]).unwrap();
    let bytes = random(1 << 20);
    let large = dir.path().join("large");
    fs::write(&large, &bytes).unwrap();
    let large = format!("{}:/large", large.display());
    let mapped = format!("{}:/mapped", mapped.display());
    let tools = ["/bin/chmod", "/bin/mv", "/bin/rm", "/usr/bin/stat"];
    let run = |words: &[&str]| {
        let mut command = up.run(&["--file", &large, "--file", &mapped]);
        for tool in tools {
            command.args(["--file", tool]);
        }
        let output = command.arg("--").args(words).output().unwrap();
        assert_status(&output, 0);
        assert_eq!(text(&output.stderr), "", "{words:?}");
        output.stdout
    };
    let number = || run(&["stat", "-c", "%i", "/large"]);
    let first = number();
    assert_eq!(number(), first, "it was sent again");
    for change in [
        "echo x >> /large",
        "echo x > /large",
        "chmod 777 /large",
        "mv /large /other; echo y > /large",
        "rm /large",
        "/mapped /large",
    ] {
        run(&["sh", "-c", change]);
        let found = run(&["cat", "/large"]);
        assert!(found == bytes, "{change}: {} bytes", found.len());
        assert_eq!(run(&["stat", "-c", "%a", "/large"]), b"644\n", "{change}");
    }
}

/// More of them than there are processors, and two shells.
#[test]
fn programs_that_take_long_keep_no_other_waiting() {
    let up = Up::new(&["--memory", "256"]);
    let processors = available_parallelism().unwrap().get();
    let shell = || up.command(&["shell", "--in", "own"]);
    let program = || up.run(&["--", "sh"]);
    let commands = (0..processors).map(|_| program());
    let mut running: Vec<Child> = commands
        .chain([shell(), shell()])
        .map(|mut command| {
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child
                .stdin
                .as_mut()
                .unwrap()
                .write_all(b"echo up\n")
                .unwrap();
            child
        })
        .collect();
    for child in &mut running {
        let mut line = [0; 3];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut line)
            .unwrap();
        assert_eq!(&line, b"up\n");
    }
    for mut child in running {
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"exit 7\n")
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(7));
    }
}

/// A root of its own, on which pivot_root(2) works, with users, names and control groups.
#[test]
fn a_program_has_a_mounted_root() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("root");
    cc("root.c", &program, &["-static"]).unwrap();
    let up = Up::new(&[]);
    let program = program.to_str().unwrap();
    for command in [
        &mut up.run(&["--", program]),
        &mut super::Run::new(&["--fresh", "--", program]).command,
    ] {
        let output = command.output().unwrap();
        assert_status(&output, 0);
        let expected = "user nobody: 65534\nhost localhost: 127.0.0.1\nhostname: strata\n\
                        /tmp: 1777\n/root: 0700\n/run: 0755\ncgroups: mounted\n\
                        pivot_root: ok\n";
        assert_eq!(text(&output.stdout), expected);
    }
}
