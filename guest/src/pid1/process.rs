//! The process of a program: its streams, its user, its session.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::SigSet;
use nix::unistd::{
    Gid, Pid, Uid, chdir, execve, fchown, pipe2, setgid, setgroups, setpgid, setsid, setuid,
};

use super::root;
use crate::protocol::wire::Stream;
use crate::protocol::{ProgramJob, STDIN_PATH, Stdin, User, WindowSize};

/// PID 1's ends of a program's streams. They do not block.
pub(crate) struct Streams {
    /// Where what it reads is written to.
    pub(crate) stdin: Option<File>,
    /// Where what it writes is read from.
    pub(crate) outputs: Vec<(Stream, File)>,
    /// The master side of its terminal, if it has one.
    pub(crate) terminal: Option<File>,
}

/// The program's ends: stdin, stdout and stderr.
type Given = [Stdio; 3];

/// Starts a program as a plain parent does: no signal is blocked or ignored, and
/// it leads a process group. On a terminal it leads a session too, as what a
/// terminal belongs to does.
pub(crate) fn start(program: &ProgramJob) -> io::Result<(Pid, Streams)> {
    // A kernel without pseudo-terminals still runs programs.
    let terminal = program
        .terminal
        .and_then(|size| on_terminal(size, program.user).ok());
    let ([stdin, stdout, stderr], streams) = match terminal {
        Some(ends) => ends,
        None => on_pipes(program)?,
    };
    let on_terminal = streams.terminal.is_some();
    let text = |text: &OsStr| CString::new(text.as_bytes());
    let path = text(program.path.as_ref())?;
    let directory = text(program.directory.as_ref())?;
    let arguments = program.arguments.iter().map(|argument| text(argument));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    let variables = last_of_each(&program.environment);
    let variables = variables
        .map(|(name, value)| text(&[name, value].map(OsString::as_os_str).join(OsStr::new("="))));
    let environment = variables.collect::<Result<Vec<_>, _>>()?;
    let mut command = Command::new(&program.path);
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    let user = program.user;
    // SAFETY: PID 1 has one thread only, so the child may do anything.
    unsafe {
        command.pre_exec(move || {
            // PID 1 blocks what it waits for.
            SigSet::empty().thread_set_mask()?;
            let this = Pid::from_raw(0);
            if on_terminal {
                setsid()?;
                if libc::ioctl(0, libc::TIOCSCTTY, 0) != 0 {
                    return Err(io::Error::last_os_error());
                }
            } else {
                setpgid(this, this)?;
            }
            root::enter()?;
            if let Some(User { uid, gid }) = user {
                // Supplementary groups are given up along with root.
                setgroups(&[])?;
                setgid(Gid::from_raw(gid))?;
                setuid(Uid::from_raw(uid))?;
            }
            chdir(directory.as_c_str())?;
            // The standard library's way to execute gives a shell what the kernel does
            // not know (execvp(3)), be it a program for another machine.
            let Err(errno) = execve(&path, &arguments, &environment);
            Err(errno.into())
        });
    }
    // This side's copies of what was given go with the command, so that the
    // streams end when the program, and all it has started, has closed them.
    let child = command.spawn()?;
    Ok((Pid::from_raw(child.id().cast_signed()), streams))
}

/// The variables, each by its name but once: the last one counts.
fn last_of_each(variables: &[(OsString, OsString)]) -> impl Iterator<Item = &(OsString, OsString)> {
    let is_last = |number: usize, name: &OsString| {
        let mut later = variables[number + 1..].iter();
        later.all(|(other, _)| other != name)
    };
    let numbered = variables.iter().enumerate();
    numbered
        .filter(move |(number, (name, _))| is_last(*number, name))
        .map(|(_, variable)| variable)
}

fn on_pipes(program: &ProgramJob) -> io::Result<(Given, Streams)> {
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
    let streams = Streams {
        stdin: to_stdin,
        outputs: vec![
            (Stream::Stdout, not_blocking(from_stdout)?),
            (Stream::Stderr, not_blocking(from_stderr)?),
        ],
        terminal: None,
    };
    Ok(([stdin, stdout.into(), stderr.into()], streams))
}

fn on_terminal(size: WindowSize, user: Option<User>) -> io::Result<(Given, Streams)> {
    let pair = openpty(Some(&winsize(size)), None)?;
    own(&pair.slave, user)?;
    close_on_exec(&pair.slave)?;
    let master = not_blocking(pair.master)?;
    let slave = File::from(pair.slave);
    let [stdin, stdout] = [slave.try_clone()?, slave.try_clone()?];
    let streams = Streams {
        stdin: Some(master.try_clone()?),
        outputs: vec![(Stream::Stdout, master.try_clone()?)],
        terminal: Some(master),
    };
    Ok(([stdin.into(), stdout.into(), slave.into()], streams))
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
    close_on_exec(&end)?;
    Ok(end.into())
}

fn close_on_exec(file: impl AsFd) -> io::Result<()> {
    fcntl(file, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}
