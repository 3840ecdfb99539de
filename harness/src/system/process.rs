//! Processes that do not outlive this one, and are heard within deadlines.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio, id};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid, setsid};

use super::poll::first_ready;

/// How often it is checked whether a process has ended.
const POLL: Duration = Duration::from_millis(2);
/// How many bytes of each stream an answer keeps.
const MAX_ANSWER: usize = 64 << 10;

/// Makes a command that gets this signal when the thread that starts it ends, even by
/// SIGKILL, and that the terminal's Ctrl-C does not reach.
pub fn dies_with_this(command: &mut Command, signal: Signal) {
    let parent = id();
    let prepare = move || -> io::Result<()> {
        setsid()?;
        die_with(parent, signal)
    };
    // SAFETY: between fork(2) and execve(2) it makes system calls only.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Between fork(2) and execve(2): has this process get a signal when the thread that
/// started it ends; `parent` is the id of the parent process.
pub(crate) fn die_with(parent: u32, signal: Signal) -> io::Result<()> {
    prctl::set_pdeathsig(signal)?;
    // The parent may already have died before PDEATHSIG was set.
    if getppid().as_raw().cast_unsigned() != parent {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(())
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    child: Child,
    stdout: Option<File>,
    /// What was read of stdout and not returned yet.
    unread: Vec<u8>,
}

/// What a process wrote before it ended.
#[derive(Debug)]
pub(crate) struct ProcessOutput {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl ChildProcess {
    /// Starts a command with this input. It gets `signal` when the thread that starts it
    /// ends.
    pub(crate) fn start(command: &mut Command, signal: Signal, input: &[u8]) -> io::Result<Self> {
        dies_with_this(command, signal);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        // A process that is gone shows itself when it is read.
        let stdin = child.stdin.take();
        let _ = stdin.map(|mut stdin| stdin.write_all(input));
        Ok(Self {
            stdout: child.stdout.take().map(|pipe| OwnedFd::from(pipe).into()),
            child,
            unread: Vec::new(),
        })
    }

    /// The next line of stdout, without its end; none at the end of stdout. The error
    /// is [`io::ErrorKind::TimedOut`] if none comes within `patience`.
    pub(crate) fn line(&mut self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=end).collect();
                line.pop();
                return Ok(Some(line));
            }
            let Some(stdout) = &mut self.stdout else {
                let rest = std::mem::take(&mut self.unread);
                return Ok((!rest.is_empty()).then_some(rest));
            };
            first_ready(&[stdout.as_fd()], Some(deadline))?.ok_or(io::ErrorKind::TimedOut)?;
            if !read_some(stdout, &mut self.unread)? {
                self.stdout = None;
            }
        }
    }

    /// All that it writes until it ends, if that is within `patience`.
    pub(crate) fn answer(mut self, patience: Duration) -> io::Result<ProcessOutput> {
        let deadline = Instant::now() + patience;
        let stderr = self.child.stderr.take();
        let stderr = stderr.map(|pipe| OwnedFd::from(pipe).into());
        let pipes = [self.stdout.take(), stderr].into_iter().enumerate();
        let mut open: Vec<(usize, File)> =
            pipes.filter_map(|(at, pipe)| Some((at, pipe?))).collect();
        let mut texts = [Vec::new(), Vec::new()];
        while !open.is_empty() {
            let files: Vec<_> = open.iter().map(|(_, pipe)| pipe.as_fd()).collect();
            let ready = first_ready(&files, Some(deadline))?.ok_or(io::ErrorKind::TimedOut)?;
            let (at, pipe) = &mut open[ready];
            let text = &mut texts[*at];
            if !read_some(pipe, text)? || text.len() >= MAX_ANSWER {
                open.remove(ready);
            }
        }
        let status = self.wait(deadline)?.ok_or(io::ErrorKind::TimedOut)?;
        let [stdout, stderr] = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok(ProcessOutput {
            status,
            stdout,
            stderr,
        })
    }

    /// Asks it to end, and waits for that as long as this.
    pub(crate) fn terminate(&mut self, patience: Duration) {
        let id = Pid::from_raw(self.child.id().cast_signed());
        let _ = kill(id, Signal::SIGTERM);
        let _ = self.wait(Instant::now() + patience);
    }

    /// Waits for its end, until this deadline.
    fn wait(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            sleep(POLL);
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // It has no effect on a process that was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a pipe holds; says whether there may be more.
fn read_some(pipe: &mut File, to: &mut Vec<u8>) -> io::Result<bool> {
    let mut part = [0; 4096];
    let length = match pipe.read(&mut part) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
        read => read?,
    };
    to.extend(&part[..length]);
    Ok(length > 0)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_child_dies_with_the_thread_that_started_it() {
        let mut command = Command::new("sleep");
        command.arg("60").stdin(Stdio::null());
        dies_with_this(&mut command, Signal::SIGTERM);
        let start = move || command.spawn().unwrap();
        let mut child = thread::spawn(start).join().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.to_string(), "signal: 15 (SIGTERM)");
    }

    fn shell(script: &str, input: &str) -> ChildProcess {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stderr(Stdio::piped());
        ChildProcess::start(&mut command, Signal::SIGKILL, input.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_holds_all_that_was_written() {
        let process = shell("cat; echo why >&2; exit 3", "words");
        let answer = process.answer(Duration::from_secs(30)).unwrap();
        assert_eq!((&*answer.stdout, &*answer.stderr), ("words", "why\n"));
        assert_eq!(answer.status.code(), Some(3));
    }

    #[test]
    fn lines_come_one_by_one_and_are_waited_for() {
        let mut process = shell("read line; echo $line; printf rest; exec sleep 60", "one\n");
        let long = Duration::from_secs(30);
        assert_eq!(process.line(long).unwrap().as_deref(), Some(&b"one"[..]));
        let late = process.line(Duration::from_millis(200)).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        process.terminate(long);
        assert_eq!(process.line(long).unwrap().as_deref(), Some(&b"rest"[..]));
        assert_eq!(process.line(long).unwrap(), None);
    }
}
