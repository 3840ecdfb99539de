//! `cargo xtask shell`, driven through a pseudo-terminal.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::pty::Winsize;
use nix::sys::termios::{LocalFlags, tcgetattr};
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serial_test::file_serial;
use strata_tests::{any_image, xtask};

// Tests with a terminal run one at a time, in all processes: each boots a machine and
// waits for prompts with a deadline.

/// For a boot on a busy machine, in milliseconds.
const PATIENCE: u64 = 120_000;

fn shell(options: &[&str]) -> Command {
    let mut command = xtask();
    command
        .args(["shell", "--kernel"])
        .arg(any_image().unwrap());
    command.args(options);
    command
}

fn start(options: &[&str]) -> PtySession {
    spawn_command(shell(options), Some(PATIENCE)).unwrap()
}

/// Whether the caller's terminal edits lines, as it does before and after the shell.
fn edits_lines(session: &PtySession) -> bool {
    let terminal = session.process().get_file_handle().unwrap();
    let flags = tcgetattr(&terminal).unwrap().local_flags;
    // Echo says nothing: rexpect turns it off.
    flags.contains(LocalFlags::ICANON | LocalFlags::ISIG)
}

fn resize(session: &PtySession, rows: u16, columns: u16) {
    let terminal = session.process().get_file_handle().unwrap();
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the request reads a winsize, which is there for the call.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &size) };
    assert_eq!(result, 0);
}

fn assert_exit(session: &PtySession, status: i32) {
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => assert_eq!(code, status),
        other => panic!("{other:?}"),
    }
}

#[test]
#[file_serial(terminal)]
fn a_shell_takes_commands_and_ctrl_c() {
    let mut session = start(&["--env", "PS1=ready> "]);
    session.exp_string("ready> ").unwrap();
    assert!(!edits_lines(&session));
    session.send_line("tty; echo $((6 * 7)) from $$").unwrap();
    session.exp_string("/dev/pts/0").unwrap();
    session.exp_string("42 from ").unwrap();
    session.exp_string("ready> ").unwrap();

    // Ctrl-C is the shell's, not this command's.
    // The quotes tell the output from the echo of the command.
    session.send_line("echo be''gun; sleep 1000").unwrap();
    session.exp_string("begun").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("ready> ").unwrap();

    session.send_line("exit 7").unwrap();
    session.exp_eof().unwrap();
    assert_exit(&session, 7);
}

#[test]
#[file_serial(terminal)]
fn the_size_of_the_window_is_passed_on() {
    let mut session = start(&["--env", "PS1=ready> "]);
    session.exp_string("ready> ").unwrap();
    resize(&session, 33, 111);
    // The new size arrives after a while.
    session
        .send_line("until [ \"$(stty size)\" = '33 111' ]; do sleep 1; done; echo re''sized")
        .unwrap();
    session.exp_string("resized").unwrap();
    session.exp_string("ready> ").unwrap();
    session.send_line("exit").unwrap();
    session.exp_eof().unwrap();
    assert_exit(&session, 0);
}

/// An outer shell keeps the terminal open, so that it can be looked at afterwards.
#[test]
#[file_serial(terminal)]
fn the_terminal_is_restored_after_a_panic() {
    let mut outer = Command::new("sh");
    let mut inner = shell(&["--env", "PS1=ready> "]);
    outer
        .arg("-c")
        .arg("\"$@\"; echo status $?; read -r line")
        .arg("sh");
    outer.arg(inner.get_program()).args(inner.get_args());
    inner.env_clear();
    let mut session = spawn_command(outer, Some(PATIENCE)).unwrap();
    session.exp_string("ready> ").unwrap();
    session.send_line("echo c > /proc/sysrq-trigger").unwrap();
    session.exp_string("the kernel panicked").unwrap();
    session.exp_string("status 125").unwrap();
    assert!(edits_lines(&session));
    session.send_line("").unwrap();
}

#[test]
#[file_serial(terminal)]
fn a_debugger_can_attach() {
    let mut session = start(&["--gdb", "--env", "PS1=ready> "]);
    session.exp_string("target remote ").unwrap();
    let socket = session.exp_string("'").unwrap();
    session.exp_string("ready> ").unwrap();

    // The packet `?` asks why the machine has stopped (gdb's remote protocol).
    let mut gdb = UnixStream::connect(Path::new(&socket)).unwrap();
    gdb.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    gdb.write_all(b"+$?#3f").unwrap();
    let mut answer = String::new();
    while !answer.contains("$T0") {
        let mut byte = [0];
        gdb.read_exact(&mut byte).unwrap();
        answer.push(byte[0].into());
    }
    // The packet `D` detaches; the machine goes on.
    gdb.write_all(b"+$D#44").unwrap();

    session.send_line("exit").unwrap();
    session.exp_eof().unwrap();
    assert_exit(&session, 0);
}

/// If stdin is no terminal, the shell has none.
#[test]
fn commands_on_stdin_are_run() {
    let mut command = shell(&[]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"tty; echo $((6 * 7))\nexit 5\n").unwrap();
    // stdin stays open: `exit` ends the shell.
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(str::from_utf8(&output.stdout), Ok("not a tty\n42\n"));
}

/// A shell in a machine that is up: its terminal, the size of that, and the next one.
#[test]
#[file_serial(terminal)]
fn a_shell_opens_in_a_machine_that_is_up() {
    let place = tempfile::tempdir().unwrap();
    let command = |words: &[&str]| {
        let mut command = xtask();
        command.args(words).env("STRATA_RUNS", place.path());
        command
    };
    let mut up = command(&["up", "--name", "own", "--accel", "tcg", "--jobs", "1"]);
    let output = up.arg(any_image().unwrap()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for status in [7, 8] {
        let shell = command(&["shell", "--in", "own", "--env", "PS1=ready> "]);
        let mut session = spawn_command(shell, Some(PATIENCE)).unwrap();
        session.exp_string("ready> ").unwrap();
        assert!(!edits_lines(&session));
        session
            .send_line("tty; ls /tmp; echo x > /tmp/left")
            .unwrap();
        session.exp_string("/dev/pts/0\r\nready> ").unwrap();
        resize(&session, 33, 111);
        session
            .send_line("until [ \"$(stty size)\" = '33 111' ]; do sleep 1; done; echo re''sized")
            .unwrap();
        session.exp_string("resized").unwrap();
        session.send_line("echo be''gun; sleep 1000").unwrap();
        session.exp_string("begun").unwrap();
        session.send_control('c').unwrap();
        session.exp_string("ready> ").unwrap();
        session.send_line(&format!("exit {status}")).unwrap();
        session.exp_eof().unwrap();
        assert_exit(&session, status);
    }
    let mut commands = command(&["shell", "--in", "own"]);
    commands.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = commands.spawn().unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(b"echo $((6 * 7))\nexit 3\n").unwrap();
    drop(stdin);
    let output = shell.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(3), &b"42\n"[..])
    );
    assert!(command(&["down", "own"]).status().unwrap().success());
}
