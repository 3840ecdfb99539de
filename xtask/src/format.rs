//! What stdout of a command that tests kernels is for.

use std::fs::File;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::{env, io};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use harness::{EventBus, EventLog, Exit, Matrix, Merged, RunDir, report};

use crate::stdout::print;

#[derive(Args)]
pub(crate) struct FormatOption {
    /// What stdout is for; with formats for programs, people read stderr
    #[arg(long, value_enum, default_value = "human")]
    format: OutputFormat,

    /// Write the results to this file, too, as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write a page of the run, too, as `report` does: index.html in this directory
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// The matrix, and the details of every cell that is not as claimed
    Human,
    /// The events, one JSON object a line (docs/events.md)
    Json,
    /// The kernel's own format for tests
    Ktap,
    /// JUnit's XML, once the run is over
    Junit,
    /// The same as human, with an annotation for each red cell, and a summary of
    /// the job
    Github,
}

impl FormatOption {
    /// Where events go: the log, the terminal, and what stdout is for.
    pub(crate) fn bus(&self, dir: &RunDir) -> Result<EventBus<'static>> {
        // On a terminal, bars would mix with the events on stdout.
        let terminal = match self.format {
            OutputFormat::Human => report::Terminal::default(),
            _ if io::stdout().is_terminal() => report::Terminal::without_bars(),
            _ => report::Terminal::default(),
        };
        let bus = EventBus::default()
            .to(EventLog::create(&dir.events())?)
            .to(terminal);
        let bus = match &self.junit {
            Some(path) => {
                let file = File::create(path);
                let file = file.with_context(|| format!("writing {}", path.display()))?;
                bus.to(report::Junit::new(file))
            }
            None => bus,
        };
        Ok(match self.format {
            OutputFormat::Human => bus,
            OutputFormat::Json => bus.to(EventLog::new(io::stdout(), "stdout")),
            OutputFormat::Ktap => bus.to(report::Ktap::new(io::stdout())),
            OutputFormat::Junit => bus.to(report::Junit::new(io::stdout())),
            OutputFormat::Github => {
                let summary = env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from);
                bus.to(report::Github::new(io::stdout(), summary))
            }
        })
    }

    /// Ends what `bus` began, and writes the page; says if nothing was asserted. A
    /// disagreement outranks a failed report.
    pub(crate) fn end(
        &self,
        bus: EventBus<'_>,
        dir: &RunDir,
        matrix: &Matrix,
        exit: Exit,
    ) -> Result<Exit> {
        if let Some(words) = report::nothing_asserted(matrix) {
            eprintln!("{words}");
        }
        let ended = bus.end().and_then(|()| self.write_page(dir));
        match ended {
            Err(error) if exit == Exit::Disagreed => eprint!("{}", report::complaint(&error)),
            result => result?,
        }
        Ok(exit)
    }

    fn write_page(&self, dir: &RunDir) -> Result<()> {
        let Some(page) = &self.page else {
            return Ok(());
        };
        let merged = Merged::read(&[dir.events()])?;
        let path = report::write_page(&merged, None, page)?;
        eprintln!("{}", path.display());
        Ok(())
    }

    /// Prints a report, in colour or not, wherever people read.
    pub(crate) fn tell_people(&self, report: impl FnOnce(bool) -> String) -> Result<()> {
        let on_stdout = matches!(self.format, OutputFormat::Human | OutputFormat::Github);
        let colour = on_stdout && report::in_colour();
        let text = report(colour);
        let text = match self.format {
            OutputFormat::Github => report::fenced(&text)?,
            _ => report::for_people(text)?,
        };
        if on_stdout {
            print(text);
        } else {
            eprint!("{text}");
        }
        Ok(())
    }
}
