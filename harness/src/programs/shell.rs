//! A shell in a kernel, on the caller's terminal.

use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::time::Duration;

use guest::WindowSize;
use guest::wire::Stream;

use super::output::Output;
use crate::payload::Program;
use crate::system::{Drained, Interrupt, Outlet, RawTerminal};

/// Where busybox is in the guest, and its commands beside it.
const BUSYBOX: &str = "/bin/busybox";
/// Installs all commands of busybox, and executes the shell, which reads stdin.
const START: &str = "/bin/busybox --install -s /bin; exec /bin/busybox sh";

impl Program {
    /// A shell: this busybox with all its commands. It is interactive on a terminal,
    /// of this size; without one it reads commands from stdin.
    #[must_use]
    pub fn shell(busybox: PathBuf, size: Option<WindowSize>) -> Self {
        let shell = Self::new(&busybox)
            .args(["sh", "-c", START])
            .named(BUSYBOX)
            .file(busybox, Some(BUSYBOX.to_owned()))
            .env("PS1", "\\w \\$ ");
        match size {
            Some(size) => shell.terminal(size),
            None => shell,
        }
    }
}

/// The caller's terminal while a program uses it: raw from the program's start
/// until this is dropped.
#[derive(Debug)]
pub struct Screen {
    outlet: Outlet,
    /// Whether the program gets a terminal.
    terminal: bool,
    raw: Option<RawTerminal>,
}

impl Screen {
    /// For a program that gets a terminal, or not.
    ///
    /// # Errors
    /// If stdout or stderr cannot be duplicated.
    pub fn new(terminal: bool) -> io::Result<Self> {
        Ok(Self {
            outlet: Outlet::stdio()?,
            terminal,
            raw: None,
        })
    }
}

impl Output for Screen {
    fn started(&mut self, terminal: bool) -> io::Result<()> {
        let stdin = io::stdin();
        if !self.terminal {
            return Ok(());
        }
        if !terminal {
            // The caller's terminal stays as it is, and edits its lines.
            eprintln!(
                "this kernel has no pseudo-terminals (CONFIG_UNIX98_PTYS): the program goes \
                 without a terminal"
            );
        } else if stdin.is_terminal() {
            self.raw = Some(RawTerminal::enter(stdin)?);
        }
        Ok(())
    }

    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.outlet.put(stream, bytes)
    }

    fn full(&self) -> Option<BorrowedFd<'_>> {
        self.outlet.full()
    }

    fn finish(
        &mut self,
        patience: Option<Duration>,
        interrupt: Option<&Interrupt>,
    ) -> io::Result<Drained> {
        self.outlet.finish(patience, interrupt)
    }
}
