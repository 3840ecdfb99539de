use anyhow::Result;
use clap::Args;
use harness::Exit;
use harness::report::History;

use crate::stdout::print;

/// Write docs/history.md from the table of claims
#[derive(Args)]
#[command(after_help = "\
Exit codes:
  0  the file is written, or was up to date
  1  --check, and it is out of date

Examples:
  cargo xtask history
  cargo xtask history --check      as in CI")]
pub(crate) struct HistoryCommand {
    /// Only say whether the file is up to date
    #[arg(long)]
    check: bool,
}

impl HistoryCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
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
