//! What a program reads from stdin.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use strata_tests::cc;
use tempfile::tempdir;

use super::{Run, assert_nothing_left, assert_status, text};

/// One line is there at once, one comes later, and stdin stays open.
#[test]
fn several_kernels_do_not_wait_for_the_end_of_input() {
    let dir = tempdir().unwrap();
    let mut run = Run::on_several(dir.path(), &["one", "two"]);
    run.command
        .args(["--", "sh", "-c", "read -r a; read -r b; echo \"$b $a\""]);
    run.command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = run.command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"early\n").unwrap();
    std::thread::sleep(Duration::from_secs(4));
    std::io::Write::write_all(&mut stdin, b"late\n").unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout).matches("late early\n").count(), 2);
    assert_nothing_left(run.place.path());
}

/// stdin is an open pipe without data, as on many CI runners.
#[test]
fn several_kernels_boot_while_stdin_is_silent() {
    let dir = tempdir().unwrap();
    let mut run = Run::on_several(dir.path(), &["one", "two"]);
    run.command.args(["--", "true"]);
    let mut child = run.command.stdin(Stdio::piped()).spawn().unwrap();
    let silent = child.stdin.take().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(silent);
    assert_nothing_left(run.place.path());
}

/// The shell limits the address space, so reading everything would fail.
#[test]
fn endless_input_is_read_as_it_is_taken() {
    let dir = tempdir().unwrap();
    let sparse = dir.path().join("sparse");
    File::create(&sparse).unwrap().set_len(20 << 30).unwrap();
    let program = dir.path().join("first");
    cc("first.c", &program, &["-static"]).unwrap();
    for kernels in [&["one"][..], &["one", "two"]] {
        for input in [
            "yes | \"$@\"".to_owned(),
            format!("\"$@\" < {}", sparse.display()),
        ] {
            let run = Run::on_several(dir.path(), kernels);
            let mut shell = std::process::Command::new("sh");
            // Address space for QEMU, whose code buffer alone takes a gigabyte.
            shell.args(["-c", &format!("ulimit -v 6000000; {input}"), "sh"]);
            shell.arg(run.command.get_program());
            shell.args(run.command.get_args()).arg("--").arg(&program);
            let output = shell.stderr(Stdio::inherit()).output().unwrap();
            assert_status(&output, 0);
            let read = text(&output.stdout).matches("read 100000\n").count();
            assert_eq!(read, kernels.len(), "{}", text(&output.stdout));
        }
    }
}
