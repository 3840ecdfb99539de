//! The caller's terminal: put in raw mode for a program, and restored.

use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use guest::WindowSize;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use signal_hook::consts::SIGWINCH;
use signal_hook::low_level::pipe;

/// A terminal in raw mode, until this is dropped, also by a panic.
#[derive(Debug)]
pub struct RawTerminal {
    terminal: OwnedFd,
    before: Termios,
}

impl RawTerminal {
    /// Makes this terminal raw.
    ///
    /// # Errors
    /// If it is no terminal.
    pub fn enter(terminal: impl AsFd) -> io::Result<Self> {
        let terminal = terminal.as_fd().try_clone_to_owned()?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(&terminal, SetArg::TCSADRAIN, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}

/// The size of the caller's terminal. Becomes readable when it changes.
#[derive(Debug)]
pub struct Window {
    changes: UnixStream,
    terminal: OwnedFd,
}

impl Window {
    /// Watches the terminal of stdout; none if stdout is not a terminal.
    ///
    /// # Errors
    /// If SIGWINCH cannot be caught.
    pub fn watch() -> io::Result<Option<Self>> {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Ok(None);
        }
        let (changes, change) = UnixStream::pair()?;
        changes.set_nonblocking(true)?;
        pipe::register(SIGWINCH, change)?;
        let terminal = stdout.as_fd().try_clone_to_owned()?;
        Ok(Some(Self { changes, terminal }))
    }

    /// Watches a terminal of another process, which passes on the signals of this socket.
    pub(crate) fn of_peer(changes: UnixStream, terminal: OwnedFd) -> Self {
        Self { changes, terminal }
    }

    /// The size now; none if the terminal does not tell.
    #[must_use]
    pub fn size(&self) -> Option<WindowSize> {
        size_of(&self.terminal)
    }

    /// The size, after it has changed.
    pub(crate) fn changed(&self) -> Option<WindowSize> {
        let mut signals = [0; 64];
        let _ = (&self.changes).read(&mut signals);
        self.size()
    }
}

impl AsFd for Window {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.changes.as_fd()
    }
}

fn size_of(terminal: impl AsFd) -> Option<WindowSize> {
    let (width, height) = terminal_size::terminal_size_of(terminal)?;
    Some(WindowSize {
        rows: height.0,
        columns: width.0,
    })
}

#[cfg(test)]
mod tests {
    use nix::pty::{Winsize, openpty};
    use nix::sys::termios::LocalFlags;

    use super::*;

    fn echoes(terminal: &OwnedFd) -> bool {
        let flags = tcgetattr(terminal).unwrap().local_flags;
        flags.contains(LocalFlags::ECHO)
    }

    #[test]
    fn a_terminal_is_given_back_as_it_was() {
        let pair = openpty(None, None).unwrap();
        assert!(echoes(&pair.slave));
        let raw = RawTerminal::enter(&pair.slave).unwrap();
        assert!(!echoes(&pair.slave));
        drop(raw);
        assert!(echoes(&pair.slave));
    }

    #[test]
    fn a_panic_gives_it_back_too() {
        let pair = openpty(None, None).unwrap();
        let terminal = pair.slave.try_clone().unwrap();
        let thread = std::thread::spawn(move || {
            let _raw = RawTerminal::enter(&terminal).unwrap();
            assert!(echoes(&terminal), "panics here: that is the test");
        });
        assert!(thread.join().is_err());
        assert!(echoes(&pair.slave));
    }

    #[test]
    fn a_terminal_knows_its_size() {
        let size = Winsize {
            ws_row: 33,
            ws_col: 77,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(Some(&size), None).unwrap();
        let expected = WindowSize {
            rows: 33,
            columns: 77,
        };
        assert_eq!(size_of(&pair.slave), Some(expected));
    }
}
