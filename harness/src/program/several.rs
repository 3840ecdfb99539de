//! One program in several kernels, side by side.

use std::io::{self, Write};
use std::thread;

use anyhow::{Context, Result};
use guest::wire::Stream;

use super::{Collected, Ending, Output, Packed, Ran, Runner, Stdin, Streams};
use crate::report::{closing_line, exit_code, failure};
use crate::{Bootable, Exit, Problem, side_by_side};

/// A kernel by its name, if it could be had.
pub type Named = (String, Result<Bootable, Problem>);

impl Runner<'_> {
    /// Runs a program in several kernels at a time. What it writes in each is
    /// written under a heading of its own, in the order of the kernels, with a
    /// closing line. Gives the exit code: that of the first program that did not
    /// succeed, but [`Exit::Unable`] where one did not come to its own end.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn run_in_all(
        &self,
        kernels: &[Named],
        program: &Packed,
        stdin: &Stdin,
        stdout: impl Write,
        stderr: impl Write,
    ) -> Result<u8> {
        let work = |(name, kernel): &Named| (name.clone(), self.collect(kernel, program, stdin));
        let jobs = thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
        let mut printer = Printer {
            streams: Streams { stdout, stderr },
            midline: false,
        };
        let mut code = 0;
        let mut result = Ok(());
        side_by_side(jobs, kernels, work, |(name, run)| {
            let own = match &run {
                Ok((ran, _)) => exit_code(&ran.ending, self.interrupt),
                Err(_) => Exit::Unable as u8,
            };
            let failed = !matches!(&run, Ok((ran, _)) if matches!(ran.ending, Ending::Ended(_)));
            if failed || code == 0 {
                code = own;
            }
            if result.is_ok() {
                result = printer.print(&name, run);
            }
        });
        result.context("writing the program's output")?;
        Ok(code)
    }

    fn collect(
        &self,
        kernel: &Result<Bootable, Problem>,
        program: &Packed,
        stdin: &Stdin,
    ) -> Result<(Ran, Collected)> {
        let kernel = kernel.as_ref().map_err(Problem::clone)?;
        let stdin = stdin
            .duplicate()
            .context("several programs cannot read one stream: read it to its end before")?;
        let mut collected = Collected::new().context("creating a temporary file")?;
        let ran = self.run(kernel, program, stdin, &mut collected)?;
        Ok((ran, collected))
    }
}

/// Writes output under headings.
struct Printer<O, E> {
    streams: Streams<O, E>,
    /// Whether the last line of stdout has no end yet.
    midline: bool,
}

impl<O: Write, E: Write> Printer<O, E> {
    fn print(&mut self, name: &str, run: Result<(Ran, Collected)>) -> io::Result<()> {
        writeln!(self.streams.stdout, "== {name} ==")?;
        let closing = match run {
            Ok((ran, collected)) => {
                collected.pass_on(self)?;
                match ran.ending {
                    Ending::Ended(_) => closing_line(name, &ran),
                    _ => failure(name, &ran),
                }
            }
            Err(error) => format!("{name}: {error:#}"),
        };
        if std::mem::take(&mut self.midline) {
            writeln!(self.streams.stdout)?;
        }
        writeln!(self.streams.stdout, "{closing}")?;
        self.streams.stdout.flush()
    }
}

impl<O: Write, E: Write> Output for Printer<O, E> {
    fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if stream != Stream::Stderr {
            self.midline = bytes.last() != Some(&b'\n');
        }
        self.streams.bytes(stream, bytes)
    }
}
