//! The process of a program: its streams, its user, its session.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use guest::wire::Stream;
use guest::{Program, STDIN_PATH, Stdin, User, WindowSize};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::unistd::{Gid, Pid, Uid, fchown, pipe2, setsid};

/// A program that runs, and PID 1's ends of its streams. They do not block.
pub(crate) struct Process {
    pub(crate) pid: Pid,
    /// Where what it reads is written to.
    pub(crate) stdin: Option<File>,
    /// Where what it writes is read from.
    pub(crate) outputs: Vec<(Stream, File)>,
    /// The master side of its terminal, if it has one.
    pub(crate) terminal: Option<File>,
}

/// What a program is given, and the other ends of it.
struct Streams {
    given: [Stdio; 3],
    stdin: Option<File>,
    outputs: Vec<(Stream, File)>,
    terminal: Option<File>,
}

/// Starts a program in a session of its own.
pub(crate) fn start(program: &Program) -> io::Result<Process> {
    // A kernel without pseudo-terminals still runs programs.
    let terminal = program
        .terminal
        .and_then(|size| on_terminal(size, program.user).ok());
    let streams = match terminal {
        Some(streams) => streams,
        None => on_pipes(program)?,
    };
    let on_terminal = streams.terminal.is_some();
    let [stdin, stdout, stderr] = streams.given;
    let (name, arguments) = program
        .arguments
        .split_first()
        .ok_or_else(|| io::Error::other("its arguments lack its own name"))?;
    let mut command = Command::new(&program.path);
    command
        .arg0(name)
        .args(arguments)
        .env_clear()
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .current_dir("/")
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr);
    if let Some(user) = program.user {
        // Supplementary groups are given up along with root.
        command.gid(user.gid).uid(user.uid);
    }
    // SAFETY: between fork(2) and execve(2) it makes system calls only.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            if on_terminal && libc::ioctl(0, libc::TIOCSCTTY, 0) != 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let child = command.spawn()?;
    Ok(Process {
        pid: Pid::from_raw(child.id().cast_signed()),
        stdin: streams.stdin,
        outputs: streams.outputs,
        terminal: streams.terminal,
    })
    // This side's copies of what was given go with the command, so that the
    // streams end when the program, and all it has started, has closed them.
}

fn on_pipes(program: &Program) -> io::Result<Streams> {
    let (stdin, to_stdin) = match program.stdin {
        Stdin::Null => (Stdio::null(), None),
        Stdin::File => (File::open(STDIN_PATH)?.into(), None),
        Stdin::Console => {
            let (read, write) = pipe(program.user)?;
            (read.into(), Some(not_blocking(write)?))
        }
    };
    let (from_stdout, stdout) = pipe(program.user)?;
    let (from_stderr, stderr) = pipe(program.user)?;
    Ok(Streams {
        given: [stdin, stdout.into(), stderr.into()],
        stdin: to_stdin,
        outputs: vec![
            (Stream::Stdout, not_blocking(from_stdout)?),
            (Stream::Stderr, not_blocking(from_stderr)?),
        ],
        terminal: None,
    })
}

fn on_terminal(size: WindowSize, user: Option<User>) -> io::Result<Streams> {
    let pair = openpty(Some(&winsize(size)), None)?;
    own(&pair.slave, user)?;
    let master = not_blocking(pair.master)?;
    let slave = File::from(pair.slave);
    Ok(Streams {
        given: [
            slave.try_clone()?.into(),
            slave.try_clone()?.into(),
            slave.into(),
        ],
        stdin: Some(master.try_clone()?),
        outputs: vec![(Stream::Stdout, master.try_clone()?)],
        terminal: Some(master),
    })
}

/// Gives a terminal another size; its programs are told (SIGWINCH).
pub(crate) fn resize(terminal: &File, size: WindowSize) {
    // SAFETY: the request reads a winsize, which is there for the call. Where
    // it fails, the size stays what it was.
    unsafe {
        libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &winsize(size));
    }
}

const fn winsize(size: WindowSize) -> Winsize {
    Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// A pipe that its user may open by name, as `/dev/stdout`.
fn pipe(user: Option<User>) -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    own(&read, user)?;
    Ok((read, write))
}

fn own(file: impl AsFd, user: Option<User>) -> io::Result<()> {
    if let Some(User { uid, gid }) = user {
        fchown(file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    Ok(())
}

fn not_blocking(end: OwnedFd) -> io::Result<File> {
    fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    fcntl(&end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    Ok(end.into())
}
