//! A shell in a kernel, on the caller's terminal.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use guest::WindowSize;
use guest::wire::Stream;

use super::{Output, Program};
use crate::terminal::RawTerminal;

/// Where busybox is in the guest, and its commands beside it.
const BUSYBOX: &str = "/bin/busybox";
/// Makes busybox's commands, all of them, and becomes the shell.
const START: &str = "/bin/busybox --install -s /bin; exec /bin/busybox sh";

impl Program {
    /// An interactive shell: this busybox with all its commands.
    #[must_use]
    pub fn shell(busybox: PathBuf, size: WindowSize) -> Self {
        Self::new(&busybox)
            .args(["sh", "-c", START])
            .named(BUSYBOX)
            .file(busybox, Some(BUSYBOX.to_owned()))
            .env("PS1", "\\w \\$ ")
            .terminal(size)
    }
}

/// The caller's terminal while a program uses it: raw from the program's start
/// until this is dropped.
#[derive(Debug, Default)]
pub struct Screen {
    raw: Option<RawTerminal>,
}

impl Output for Screen {
    fn started(&mut self, terminal: bool) -> io::Result<()> {
        let stdin = io::stdin();
        if !terminal {
            // The caller's terminal stays as it is, and edits its lines.
            eprintln!(
                "this kernel has no pseudo-terminals (CONFIG_UNIX98_PTYS): the shell goes without \
                 a prompt"
            );
        } else if stdin.is_terminal() {
            self.raw = Some(RawTerminal::enter(stdin)?);
        }
        Ok(())
    }

    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if stream == Stream::Stderr {
            return io::stderr().write_all(bytes);
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }
}
