//! The output of a program arrives, or the run fails.

use std::io::{Read, pipe, sink};
use std::process::Stdio;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use harness::{Ending, Input, Machines, Outlet, Program, RunDir, Runner};
use images::{Catalogue, Kernel, Silent, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use strata_tests::{any_image, cc};
use tempfile::tempdir;

use super::{Run, WAYS, assert_nothing_left, assert_status, text};

/// Writes a mebibyte, more than all buffers on the way hold, and exits with 0.
const MEBIBYTE: &str = "dd if=/dev/zero bs=65536 count=16 2>/dev/null";

#[test]
fn an_enlarged_pipe_is_drained() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("enlarge");
    cc("enlarge.c", &program, &["-static"]).unwrap();
    let output = Run::new(&["--", program.to_str().unwrap()]).output();
    assert_status(&output, 0);
    assert_eq!(output.stdout.len(), 1 << 20);
}

/// The program ends long before its last output is read.
#[test]
fn a_slow_reader_gets_all_output() {
    for way in WAYS {
        let mut run = Run::new(way).with(&["--file", "/bin/dd", "--", "sh", "-c", MEBIBYTE]);
        let mut child = run.command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut heard = 0;
        let mut buffer = vec![0; 32 << 10];
        loop {
            match stdout.read(&mut buffer).unwrap() {
                0 => break,
                length => heard += length,
            }
            sleep(Duration::from_millis(300));
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(heard, 1 << 20);
        assert_nothing_left(run.place.path());
    }
}

/// The reader pauses for longer than a guest may be silent.
#[test]
fn a_pausing_reader_is_not_taken_for_a_hanging_kernel() {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let mut machines = Machines::new(store, RunDir::anonymous()).unwrap();
    machines.accelerator = "tcg".parse().unwrap();
    let kernel = Kernel::File(any_image().unwrap().into());
    let bootable = machines.machine(&kernel, &Silent).unwrap();
    let program = Program::new("sh").file("/bin/dd", None);
    let program = program.args(["-c", MEBIBYTE]).pack().unwrap();
    let silence = Duration::from_secs(8);
    let runner = Runner {
        silence,
        ..Runner::default()
    };
    let (mut read, write) = pipe().unwrap();
    let reader = spawn(move || {
        let mut heard = vec![0; 1];
        read.read_exact(&mut heard).unwrap();
        sleep(2 * silence);
        read.read_to_end(&mut heard).unwrap();
        heard.len()
    });
    let mut outlet = Outlet::new(write, sink()).unwrap();
    let ran = runner.run(&bootable, &program, Input::Null, &mut outlet);
    drop(outlet);
    let ran = ran.unwrap();
    assert!(
        matches!(ran.ending, Ending::Ended(status) if status.success()),
        "{:?}",
        ran.ending
    );
    assert!(ran.took > silence, "nothing had to wait");
    assert_eq!(reader.join().unwrap(), 1 << 20);
}

/// A process that cannot be killed holds the output open, so more could follow.
#[test]
fn output_held_open_by_a_frozen_process_is_a_failure() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("frozen");
    cc("frozen.c", &program, &["-static"]).unwrap();
    let output = Run::new(&["--", program.to_str().unwrap()]).output();
    assert_status(&output, 125);
    assert_eq!(text(&output.stdout), "done\n");
    let stderr = text(&output.stderr);
    let words = "the program ended (exit status 0), but something that it has left behind";
    assert!(stderr.contains(words), "{stderr}");
}

/// Nothing reads the output; the deadline and signals still end the run.
#[test]
fn an_unread_run_ends_by_timeout_or_signal() {
    for way in WAYS {
        ends_by_timeout_or_signal(way);
    }
}

fn ends_by_timeout_or_signal(way: &[&str]) {
    let endless = "while :; do echo 'a line that fills a pipe before long'; done";
    let started = Instant::now();
    let mut run = Run::new(way).with(&["--timeout", "3", "--", "sh", "-c", endless]);
    // Both go to one pipe: the error message has no reader, either.
    let (read, write) = pipe().unwrap();
    run.command
        .stdout(write.try_clone().unwrap())
        .stderr(write)
        .stdin(Stdio::null());
    let mut child = run.command.spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(125));
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_nothing_left(run.place.path());
    drop((read, run));

    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut run = Run::new(way).with(&["--", "sh", "-c", endless]);
        let mut child = run.command.stdout(Stdio::piped()).spawn().unwrap();
        let mut begun = [0; 1];
        let stdout = child.stdout.as_mut().unwrap();
        stdout.read_exact(&mut begun).unwrap();
        // By then all buffers are full.
        sleep(Duration::from_secs(3));
        let told = Instant::now();
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(told.elapsed() < Duration::from_secs(5));
        assert_nothing_left(run.place.path());
    }
}

/// The first signal ends it, also while output of several kernels is to be printed.
#[test]
fn an_unread_run_of_several_kernels_ends_by_timeout_or_signal() {
    let dir = tempdir().unwrap();
    let mut run = Run::on_several(dir.path(), &["one", "two"]);
    run.command
        .args(["--file", "/bin/dd", "--", "sh", "-c", MEBIBYTE]);
    let mut child = run.command.stdout(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 1];
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut begun).unwrap();
    sleep(Duration::from_secs(1));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_nothing_left(run.place.path());

    let mut run = Run::on_several(dir.path(), &["one", "two"]);
    run.command.args(["--timeout", "20", "--file", "/bin/dd"]);
    run.command.args(["--", "sh", "-c", MEBIBYTE]);
    let mut child = run.command.stdout(Stdio::piped()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(125));
    assert_nothing_left(run.place.path());
}

#[test]
fn a_closed_stdout_or_stderr_is_refused() {
    for (redirection, name) in [(">&-", "stdout"), ("2>&-", "stderr")] {
        let run = Run::new(&["--", "echo", "words"]);
        let line = format!("exec \"$@\" {redirection}");
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &line, "sh"])
            .arg(run.command.get_program());
        let output = shell.args(run.command.get_args()).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{redirection}");
        let said = [output.stdout, output.stderr].concat();
        if name == "stdout" {
            assert!(text(&said).contains("stdout is closed"), "{}", text(&said));
        }
    }
}

/// `ulimit -f` acts like a full disk: there is one error message.
#[test]
fn a_file_size_limit_is_reported_once() {
    let run = Run::new(&["--", "true"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -f 100; exec \"$@\"", "sh"]);
    shell.arg(run.command.get_program());
    let output = shell.args(run.command.get_args()).output().unwrap();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert_eq!(stderr.matches("File too large").count(), 1, "{stderr}");
    assert!(stderr.contains("raise `ulimit -f`"), "{stderr}");
}
