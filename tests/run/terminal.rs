//! A program with a terminal, or without.

use std::process::{Command, Stdio};

use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;
use serial_test::file_serial;
use strata_tests::{any_image, xtask};

use super::{assert_status, text};

/// For a boot on a busy machine, in milliseconds.
const PATIENCE: u64 = 120_000;
/// The quotes tell the output from the echo of the command.
const SCRIPT: &str = "for file in 0 1 2; do test -t $file && printf 'is a '; done; read -r line; \
                      echo \"$line\" \"$TERM\"; exit 7";

fn run(tty: &[&str]) -> Command {
    let mut command = xtask();
    command.args(["run", "--kernel"]).arg(any_image().unwrap());
    command
        .args(tty)
        .args(["--env", "TERM=one", "--", "sh", "-c", SCRIPT]);
    command
}

/// As ssh does: on a terminal it has one, and with pipes none.
#[test]
#[file_serial(terminal)]
fn a_program_has_a_terminal_where_there_is_one() {
    for (tty, is_a) in [(&[][..], "is a is a is a "), (&["--tty", "no"], "")] {
        let mut session = spawn_command(run(tty), Some(PATIENCE)).unwrap();
        if !is_a.is_empty() {
            session.exp_string(is_a).unwrap();
        }
        session.send_line("a line").unwrap();
        session.exp_string("a line one").unwrap();
        session.exp_eof().unwrap();
        match session.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => assert_eq!(code, 7),
            other => panic!("{other:?}"),
        }
    }
    let output = run(&[]).stdin(Stdio::null()).output().unwrap();
    assert_status(&output, 7);
    assert_eq!(text(&output.stdout), " one\n");
}

/// What a terminal writes ends lines with a carriage return, too; the end of this
/// command's input is the end of its.
#[test]
fn a_program_may_have_a_terminal_where_there_is_none() {
    let mut command = xtask();
    command.args(["run", "--kernel"]).arg(any_image().unwrap());
    let script = "test -t 1 && read -r line; echo end";
    command.args(["--tty", "yes", "--", "sh", "-c", script]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_status(&output, 0);
    assert!(text(&output.stdout).ends_with("end\r\n"), "{output:?}");
}
