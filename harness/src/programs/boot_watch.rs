//! Reports the boot before a program to a watcher.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use guest::wire::Stream;

use super::output::Output;
use crate::results::{Event, Watcher};
use crate::system::{Drained, Interrupt};

/// Passes output on, and reports when the boot begins and ends.
pub(super) struct BootWatch<'a> {
    output: &'a mut dyn Output,
    watcher: &'a dyn Watcher,
    kernel: &'a str,
}

impl<'a> BootWatch<'a> {
    /// Reports that the kernel of this name begins to boot.
    pub(super) fn of(
        output: &'a mut dyn Output,
        watcher: &'a dyn Watcher,
        kernel: &'a str,
    ) -> Self {
        watcher.event(&Event::Boot {
            kernel: kernel.to_owned(),
            boot: 1,
            scenarios: 0,
        });
        Self {
            output,
            watcher,
            kernel,
        }
    }

    fn over(&self) {
        self.watcher.event(&Event::Booted {
            kernel: self.kernel.to_owned(),
        });
    }
}

impl Output for BootWatch<'_> {
    fn started(&mut self, terminal: bool) -> io::Result<()> {
        self.over();
        self.output.started(terminal)
    }

    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.output.bytes(stream, bytes)
    }

    fn full(&self) -> Option<BorrowedFd<'_>> {
        self.output.full()
    }

    fn finish(
        &mut self,
        patience: Option<Duration>,
        interrupt: Option<&Interrupt>,
    ) -> io::Result<Drained> {
        // The wait for a kernel that never came up is over.
        self.over();
        self.output.finish(patience, interrupt)
    }
}
