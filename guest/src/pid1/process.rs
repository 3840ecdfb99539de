//! The process of a program: its streams, its user, its session.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::{
    ForkResult, Gid, Pid, Uid, chdir, execve, fchown, fork, pipe2, setgid, setgroups, setpgid,
    setsid, setuid,
};

use super::{limits, root};
use crate::protocol::wire::Stream;
use crate::protocol::{ProgramJob, STDIN_PATH, Stdin, User, WindowSize};

/// The most bytes of words why a program could not be executed.
const LONGEST: u64 = 4096;

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
type Given = [OwnedFd; 3];

/// A process that is about to execute a program.
pub(crate) struct Starting {
    pub(crate) pid: Pid,
    pub(crate) streams: Streams,
    /// Ends when the program is executed; else it says why it could not be.
    outcome: File,
}

impl Starting {
    /// Whether the program was executed. Waits until that is known. The error of the
    /// kernel, or one with the words of what came before.
    pub(crate) fn outcome(&mut self) -> io::Result<()> {
        let mut errno = [0; 4];
        match self.outcome.read_exact(&mut errno) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut before = String::new();
        (&self.outcome).take(LONGEST).read_to_string(&mut before)?;
        match before.is_empty() {
            true => Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno))),
            false => Err(io::Error::other(before)),
        }
    }
}

impl AsFd for Starting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.outcome.as_fd()
    }
}

/// Starts a program as a plain parent does: no signal is blocked or ignored, and
/// it leads a process group. On a terminal it leads a session too, as what a
/// terminal belongs to does.
///
/// The kernel may ask for a module to execute it, and so wait for PID 1: this does not wait
/// for the kernel.
pub(crate) fn start(program: &ProgramJob) -> io::Result<Starting> {
    // A kernel without pseudo-terminals still runs programs.
    let terminal = program
        .terminal
        .and_then(|size| on_terminal(size, program.user).ok());
    let (given, streams) = match terminal {
        Some(ends) => ends,
        None => on_pipes(program)?,
    };
    let (outcome, tell) = pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: PID 1 has one thread only, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let Err(error) = become_program(program, &given, streams.terminal.is_some());
            let errno = error.raw_os_error();
            let told = errno.unwrap_or(libc::EINVAL).to_ne_bytes();
            let before = errno.map_or_else(|| error.to_string(), |_| String::new());
            let _ = File::from(tell).write_all(&[&told, before.as_bytes()].concat());
            // SAFETY: it only ends the process.
            unsafe { libc::_exit(127) }
        }
        // This side's copies of what was given go, so that the streams end when the
        // program, and all it has started, has closed them.
        ForkResult::Parent { child } => Ok(Starting {
            pid: child,
            streams,
            outcome: outcome.into(),
        }),
    }
}

/// Executes the program in place of this process.
fn become_program(
    program: &ProgramJob,
    given: &Given,
    on_terminal: bool,
) -> io::Result<Infallible> {
    let text = |text: &OsStr| CString::new(text.as_bytes());
    let path = text(program.path.as_ref())?;
    let directory = text(program.directory.as_ref())?;
    let arguments = program.arguments.iter().map(|argument| text(argument));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    let variables = last_of_each(&program.environment);
    let variables = variables
        .map(|(name, value)| text(&[name, value].map(OsString::as_os_str).join(OsStr::new("="))));
    let environment = variables.collect::<Result<Vec<_>, _>>()?;
    for (number, end) in (0..).zip(given) {
        // SAFETY: both are descriptors of this process.
        Errno::result(unsafe { libc::dup2(end.as_raw_fd(), number) })?;
    }
    // PID 1 blocks what it waits for, and this language ignores SIGPIPE.
    SigSet::empty().thread_set_mask()?;
    limits::have_fewer_files()?;
    // SAFETY: no handler is set.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
    let this = Pid::from_raw(0);
    if on_terminal {
        setsid()?;
        // SAFETY: the request takes a number.
        Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
    } else {
        setpgid(this, this)?;
    }
    root::enter()?;
    for limit in &program.ulimits {
        limits::bound(*limit)
            .map_err(|error| io::Error::other(format!("--ulimit {limit}: {error}")))?;
    }
    if let Some(User { uid, gid }) = program.user {
        // Supplementary groups are given up along with root.
        setgroups(&[])?;
        setgid(Gid::from_raw(gid))?;
        setuid(Uid::from_raw(uid))?;
    }
    chdir(directory.as_c_str()).map_err(|errno| {
        let (directory, why) = (&program.directory, errno.desc());
        io::Error::other(format!("starting in {directory}: {why}"))
    })?;
    Ok(execve(&path, &arguments, &environment)?)
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
        Stdin::Null => (File::open("/dev/null")?.into(), None),
        Stdin::File => (File::open(STDIN_PATH)?.into(), None),
        Stdin::Console => {
            let (read, write) = pipe(program.user)?;
            (read, Some(not_blocking(write)?))
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
    Ok(([stdin, stdout, stderr], streams))
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
