//! `cargo xtask run`, as a user sees it.

mod beside;
mod boot_files;
mod cgroups;
mod codes;
mod disks;
mod faults;
mod files;
mod forged;
mod input;
mod many;
mod modules;
mod needs;
mod network;
mod out;
mod output;
mod runner;
mod saved;
mod several;
mod shared_memory;
mod standing;
mod state;
mod terminal;
mod ulimits;
mod vendors;
mod volumes;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, cc, processes_in, xtask};
use tempfile::{TempDir, tempdir};

/// Options with which a program's streams travel by shared memory, and those without: a
/// machine without PCI has only the console.
const WAYS: [&[&str]; 2] = [&[], &["--append", "pci=off"]];

/// A command, and the directory for its temporary files. Neither processes nor files
/// may be left of it.
struct Run {
    command: Command,
    place: TempDir,
}

impl Run {
    fn new(options: &[&str]) -> Self {
        let place = tempdir().unwrap();
        let mut command = xtask();
        command.args(["run", "--kernel"]).arg(any_image().unwrap());
        command.args(options).env("TMPDIR", place.path());
        command.stdin(Stdio::null());
        Self { command, place }
    }

    /// On one kernel with several names, which are links in `dir`.
    fn on_several(dir: &Path, names: &[&str]) -> Self {
        let place = tempdir().unwrap();
        let mut command = xtask();
        command.arg("run").env("TMPDIR", place.path());
        for name in names {
            let path = dir.join(name);
            if !path.exists() {
                symlink(any_image().unwrap(), &path).unwrap();
            }
            command.arg("--kernel").arg(path);
        }
        command.stdin(Stdio::null());
        Self { command, place }
    }

    fn with(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    fn output(mut self) -> Output {
        let output = self.command.output().unwrap();
        assert_nothing_left(self.place.path());
        output
    }
}

/// The result of a run on a kernel by name.
fn run_on(kernel: &str, words: &[&str]) -> Output {
    let mut command = xtask();
    command.args(["run", "--kernel", kernel]).args(words);
    command.stdin(Stdio::null()).output().unwrap()
}

fn assert_nothing_left(place: &Path) {
    let files: Vec<_> = fs::read_dir(place).unwrap().flatten().collect();
    assert!(files.is_empty(), "{files:?} left behind");
    let processes = processes_in(place);
    assert!(processes.is_empty(), "{processes:?} left behind");
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn assert_status(output: &Output, status: i32) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
}

/// Pseudo-random bytes.
fn random(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_static_program_has_its_own_exit_status() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("ends");
    cc("ends.c", &program, &["-static"]).unwrap();
    let program = program.to_str().unwrap();
    for (argument, status) in [("0", 0), ("7", 7), ("segv", 128 + 11)] {
        let output = Run::new(&["--", program, argument]).output();
        assert_status(&output, status);
        assert_eq!(text(&output.stdout), "out\n");
        assert_eq!(text(&output.stderr), "err\n");
    }
}

#[test]
fn the_libraries_of_a_dynamic_program_travel_along() {
    let dir = tempdir().unwrap();
    let library = dir.path().join("libown.so");
    cc("library.c", &library, &["-shared", "-fPIC"]).unwrap();
    let library = library.to_str().unwrap();
    let program = dir.path().join("ends");
    for tags in ["--enable-new-dtags", "--disable-new-dtags"] {
        let rpath = format!("-Wl,{tags},-rpath,$ORIGIN");
        cc("ends.c", &program, &["-DWITH_LIBRARY", library, &rpath]).unwrap();
        let output = Run::new(&["--", program.to_str().unwrap(), "7"]).output();
        assert_status(&output, 7);
    }
    fs::remove_file(library).unwrap();
    let output = Run::new(&["--", program.to_str().unwrap(), "7"]).output();
    assert_status(&output, 127);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("libown.so"), "{stderr}");
}

#[test]
fn a_script_finds_its_interpreter_its_files_and_its_user() {
    let dir = tempdir().unwrap();
    let script = dir.path().join("script");
    let content = "#!/usr/bin/env sh\nread -r line < /opt/data\n\
                   echo \"$line $GREETING $1 $(/usr/bin/id -u)\"\npwd\n";
    fs::write(&script, content).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let data = dir.path().join("data");
    fs::write(&data, "data\n").unwrap();
    let data = format!("{}:/opt/data", data.display());
    let output = Run::new(&[
        "--user",
        "1000",
        "--env",
        "GREETING=good day",
        "--file",
        &data,
    ])
    .tap(|command| {
        command
            .args(["--file", "/usr/bin/id", "--"])
            .arg(&script)
            .arg("a b")
    })
    .output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "data good day a b 1000\n/\n");
}

#[test]
fn a_mebibyte_through_cat_is_unchanged() {
    let bytes = random(1 << 20);
    let mut run = Run::new(&["--", "cat"]);
    run.command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = run.command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let sent = bytes.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&sent).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_status(&output, 0);
    // assert_eq would print a mebibyte.
    assert!(output.stdout == bytes, "{} bytes came", output.stdout.len());
}

/// On the console, it goes three kilobytes at a time.
#[test]
fn late_input_is_complete() {
    let bytes = random(64 << 10);
    for way in WAYS {
        let mut run = Run::new(way).with(&["--", "cat"]);
        run.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = run.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let sent = bytes.clone();
        let writer = std::thread::spawn(move || {
            for part in sent.chunks(1 << 14) {
                sleep(Duration::from_millis(500));
                stdin.write_all(part).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert_status(&output, 0);
        assert!(output.stdout == bytes, "{} bytes came", output.stdout.len());
    }
}

#[test]
fn kernel_messages_are_not_in_the_output() {
    let script = "i=0; while [ $i -lt 100 ]; do echo out $i; echo err $i >&2; \
                  echo '<0>kernel message' $i > /dev/kmsg; i=$((i+1)); done";
    let output = Run::new(&["--", "sh", "-c", script]).output();
    assert_status(&output, 0);
    let expected = |word: &str| -> String { (0..100).map(|i| format!("{word} {i}\n")).collect() };
    assert_eq!(text(&output.stdout), expected("out"));
    assert_eq!(text(&output.stderr), expected("err"));
}

#[test]
fn an_endless_program_ends_by_timeout() {
    let script = "echo begun; while :; do :; done";
    let output = Run::new(&["--timeout", "2", "--", "sh", "-c", script]).output();
    assert_status(&output, 125);
    assert_eq!(text(&output.stdout), "begun\n");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("not done after 2 s"), "{stderr}");
}

/// Output does not extend the deadline.
#[test]
fn an_endless_program_that_writes_ends_by_timeout() {
    let script = "while :; do echo; done";
    let output = Run::new(&["--timeout", "2", "--", "sh", "-c", script]).output();
    assert_status(&output, 125);
    assert!(!output.stdout.is_empty());
    let stderr = text(&output.stderr);
    assert!(stderr.contains("not done after 2 s"), "{stderr}");
}

#[test]
fn an_interrupt_ends_the_guest() {
    let mut run = Run::new(&["--", "sh", "-c", "echo begun; while :; do :; done"]);
    let mut child = run.command.stdout(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut begun).unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_nothing_left(run.place.path());
}

#[test]
fn a_panic_is_shown_with_the_last_lines() {
    let script = "echo begun; echo c > /proc/sysrq-trigger; echo not reached";
    // What was written just before is kept, each time: some part of it used to be lost in one
    // run of six.
    for _ in 0..6 {
        let output = Run::new(&["--", "sh", "-c", script]).output();
        assert_status(&output, 125);
        assert_eq!(text(&output.stdout), "begun\n");
        let stderr = text(&output.stderr);
        for words in ["the kernel panicked: Kernel panic", "console, last lines:"] {
            assert!(stderr.contains(words), "{words:?} is missing in:\n{stderr}");
        }
    }
}

#[test]
fn a_panic_is_shown_though_its_console_cannot_be_kept() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let script = "echo c > /proc/sysrq-trigger";
    let run = Run::new(&["--", "sh", "-c", script]);
    let output = run
        .tap(|run| run.env("STRATA_RUNS", file.join("runs")))
        .output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    for words in [
        "the kernel panicked: Kernel panic",
        "console, last lines:",
        "the console is not kept: ",
        "--runs",
    ] {
        assert!(stderr.contains(words), "{words:?} is missing in:\n{stderr}");
    }
}

#[test]
fn several_kernels_have_a_heading_each() {
    let dir = tempdir().unwrap();
    for name in ["one", "two"] {
        symlink(any_image().unwrap(), dir.path().join(name)).unwrap();
    }
    let place = tempdir().unwrap();
    let mut command = xtask();
    command.arg("run").env("TMPDIR", place.path());
    for name in ["one", "two"] {
        command.arg("--kernel").arg(dir.path().join(name));
    }
    let script = "cat; echo err >&2; exit 7";
    command.args(["--file", "/bin/cat", "--", "sh", "-c", script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"no line end")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_nothing_left(place.path());
    assert_status(&output, 7);
    assert_eq!(text(&output.stderr), "err\nerr\n");
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let [heading, words, closing, other, ..] = lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(
        [heading, words, other],
        ["== one ==", "no line end", "== two =="]
    );
    assert!(closing.starts_with("one: exit status 7, "), "{closing}");
}

trait Tap {
    fn tap(self, change: impl FnOnce(&mut Command) -> &mut Command) -> Self;
}

impl Tap for Run {
    fn tap(mut self, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        change(&mut self.command);
        self
    }
}
