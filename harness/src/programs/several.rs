//! Runs one program in several kernels at a time.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use guest::wire::Stream;
use images::Kernel;

use super::outcome::{ExitCodes, closing_line, failure};
use super::output::{Collected, Output};
use super::program_input::SharedInput;
use super::runner::Runner;
use super::session::{Ending, Ran};
use crate::kernels::{Bootable, Machines};
use crate::payload::{LoadedProgram, PackedProgram};
use crate::results::{Problem, Watcher};
use crate::system::{Drained, Interrupt, Outlet, side_by_side, words};

/// A run and its output; none if an interrupt came first.
type CollectedRun = Option<(Ran, Collected)>;

/// The kernels, and how results are reported.
pub struct Several<'a> {
    /// The machines.
    pub machines: &'a Arc<Machines>,
    /// The kernels.
    pub kernels: &'a [Kernel],
    /// Hears of downloads and boots.
    pub watcher: &'a Arc<dyn Watcher>,
    /// The exit codes to use.
    pub codes: ExitCodes,
    /// Whether a kernel that cannot be obtained is a failure. It always is if none can.
    pub strict: bool,
}

impl Runner<'_> {
    /// Runs a program in several kernels at a time. Each kernel is obtained when its
    /// turn comes, while others run. The output of each is printed under a heading, in
    /// the order of the kernels, with a closing line. Returns the exit code of the
    /// first run that failed.
    ///
    /// # Errors
    /// If the program cannot be packed, or its output cannot be written.
    pub fn run_in_all(
        &self,
        several: &Several<'_>,
        program: &PackedProgram,
        stdin: &SharedInput,
        outlet: Outlet,
    ) -> Result<u8> {
        let codes = several.codes;
        // All machines share one initramfs.
        let loaded = self.load(program, stdin.kind, &stdin.at_hand)?;
        let work = |kernel: &Kernel| {
            let run = self
                .prepare(several.machines, kernel, several.watcher)
                .and_then(|bootable| {
                    let collect = |bootable| self.collect(&bootable, &loaded, stdin);
                    bootable.map(collect).transpose()
                });
            (kernel.name(), run)
        };
        // At least two, so that a download runs beside a machine.
        let jobs = thread::available_parallelism().map_or(2, |jobs| jobs.get().max(2));
        let jobs = NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN);
        let mut printer = Printer {
            outlet,
            patience: self.timeout,
            interrupt: self.interrupt,
            midline: false,
        };
        let mut code = 0;
        let mut unavailable = 0;
        let mut result = Ok(());
        side_by_side(
            jobs,
            several.kernels,
            work,
            |(name, run): (String, Result<CollectedRun>)| {
                let own = match &run {
                    Ok(Some((ran, _))) if is_not_applicable(&ran.ending) => {
                        unavailable += 1;
                        let fails = several.strict || unavailable == several.kernels.len();
                        let code = codes.of(&ran.ending, None);
                        if fails { code } else { 0 }
                    }
                    Ok(Some((ran, _))) => codes.of(&ran.ending, self.interrupt),
                    Ok(None) => codes.of(&Ending::Interrupted, self.interrupt),
                    Err(error) if is_unavailable(error) => {
                        unavailable += 1;
                        let fails = several.strict || unavailable == several.kernels.len();
                        if fails { codes.unable() } else { 0 }
                    }
                    Err(_) => codes.unable(),
                };
                if code == 0 || codes == ExitCodes::Legacy && own == codes.unable() {
                    code = own;
                }
                if result.is_ok() {
                    result = printer.print(&name, run);
                }
            },
        );
        match result.and_then(|()| printer.finish()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(codes.of(&Ending::OutputClosed, None))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                Ok(codes.of(&Ending::Interrupted, self.interrupt))
            }
            result => result
                .map(|()| code)
                .context("writing the program's output"),
        }
    }

    fn collect(
        &self,
        kernel: &Bootable,
        program: &LoadedProgram,
        stdin: &SharedInput,
    ) -> Result<(Ran, Collected)> {
        let coming = stdin.coming().context("sharing the program's input")?;
        let mut collected = Collected::new().context("creating a temporary file")?;
        let ran = self.run_loaded(kernel, program, coming, &mut collected, None)?;
        Ok((ran, collected))
    }
}

/// Whether the error is a kernel that cannot be obtained here.
fn is_unavailable(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Problem::Unavailable(_)))
}

/// Whether the kernel lacks what the program needs.
const fn is_not_applicable(ending: &Ending) -> bool {
    matches!(ending, Ending::NotApplicable(_))
}

/// Prints output under headings, as fast as it is read.
struct Printer<'a> {
    outlet: Outlet,
    /// How long a reader may pause.
    patience: Option<Duration>,
    interrupt: Option<&'a Interrupt>,
    /// Whether the last line of stdout has no end yet.
    midline: bool,
}

impl Printer<'_> {
    fn print(&mut self, name: &str, run: Result<CollectedRun>) -> io::Result<()> {
        self.line(&format!("== {name} =="))?;
        let closing = match run {
            Ok(Some((ran, collected))) => {
                collected.pass_on(self)?;
                match ran.ending {
                    Ending::Ended(_) | Ending::NotApplicable(_) => closing_line(name, &ran),
                    _ => failure(name, &ran),
                }
            }
            Ok(None) => format!("{name}: interrupted"),
            Err(error) => format!("{name}: {}", words(&error)),
        };
        if std::mem::take(&mut self.midline) {
            self.line("")?;
        }
        self.line(&closing)
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.put(Stream::Stdout, format!("{line}\n").as_bytes())
    }

    fn put(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        self.wait(false)?;
        self.outlet.put(stream, bytes)
    }

    /// Waits until all is written.
    fn finish(&mut self) -> io::Result<()> {
        self.wait(true)?;
        self.outlet.check()
    }

    fn wait(&mut self, all: bool) -> io::Result<()> {
        match self.outlet.wait(all, self.patience, self.interrupt)? {
            Drained::All => Ok(()),
            Drained::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            Drained::Late => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "nothing was read for as long as the program may take: --timeout S gives more",
            )),
        }
    }
}

impl Output for Printer<'_> {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if stream != Stream::Stderr {
            self.midline = bytes.last() != Some(&b'\n');
        }
        self.put(stream, bytes)
    }
}
