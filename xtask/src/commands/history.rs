use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use harness::Exit;
use harness::report::{History, write_site};

use crate::stdout::print;

/// Write docs/history.md from the table of claims
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  the file is written, or was up to date
  1  --check, and it is out of date

Examples:
  cargo xtask history
  cargo xtask history --check      as in CI
  cargo xtask history --site DIR   the same as a page to search, DIR/index.html")]
pub(crate) struct HistoryCommand {
    /// Only say whether the file is up to date
    #[arg(long)]
    check: bool,

    /// Write a page of it instead, with a search and what changes between two versions
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    site: Option<PathBuf>,
}

impl HistoryCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        if let Some(dir) = &self.site {
            let path = write_site(guest::scenarios::ALL, dir)?;
            print(format_args!("{} is written\n", path.display()));
            return Ok(Exit::Agreed);
        }
        let history = History::of_the_workspace();
        if self.check && !history.is_current()? {
            eprintln!("error: {history} is out of date; `cargo xtask history` writes it again");
            return Ok(Exit::Disagreed);
        }
        if !self.check {
            history.write()?;
        }
        print(format_args!("{history} is up to date\n"));
        Ok(Exit::Agreed)
    }
}
