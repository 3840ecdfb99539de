use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use harness::{Exit, Merged, report, runs};

use crate::stdout::print;

/// Write a page of one or more runs
///
/// One file that needs nothing but itself: kernels from old to new by scenarios,
/// and behind each cell what was claimed, what was observed, and how to see it
/// again. Runs of other days, of other hosts and of shards become one matrix, in
/// which the newest verdict counts. Prints the red cells.
#[derive(Args)]
#[command(after_help = "\
Exit codes, once the page is written:
  0  all that ran agreed with its claims
  1  a cell is red, or something red is told of that is in no cell; or
     --strict, and the runs do not agree
  3  a run could not do its work or was cut short, its record does not add up,
     or a shard is missing; or --strict, and something was not run

Examples:
  cargo xtask report                         the newest run
  cargo xtask report target/strata/2026*     many of them
  cargo xtask report shard-1.jsonl shard-2.jsonl --strict --output site")]
pub(crate) struct ReportCommand {
    /// Runs: their directories, or the files of their events [default: the
    /// newest]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,

    /// Where to write index.html [default: report, beside the runs]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Fail where something was not run, or runs do not agree
    #[arg(long)]
    strict: bool,
}

impl ReportCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let merged = Merged::read(&self.runs)?;
        let usual = || runs().map(|runs| runs.join("report"));
        let dir = self.output.clone().map_or_else(usual, Ok)?;
        let path = report::write_page(&merged, &dir)?;
        print(report::details(&merged.matrix));
        for flaw in merged.flaws_in_words() {
            print(format_args!("{flaw}\n"));
        }
        print(format_args!("{merged}: {}\n", path.display()));
        Ok(merged.exit(self.strict))
    }
}
