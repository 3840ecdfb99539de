use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use harness::{Changes, Exit, Merged, report, runs};

use crate::stdout::print;

/// Write a page of one or more runs
///
/// One file that needs nothing but itself: kernels from old to new by scenarios,
/// and behind each cell what was claimed, what was observed, and how to see it
/// again. Runs of other days, of other hosts and of shards become one matrix, in
/// which the newest verdict counts. Prints the red cells.
///
/// With --compare, it tells instead what changed since other runs: cells that show
/// something else, are new or are gone. Kernels are compared by the name under which
/// they were asked for, and the page marks what changed.
#[derive(Args)]
#[command(after_help = "\
Exit codes, once the page is written:
  0  all that ran agreed with its claims
  1  a cell is red, or something red is told of that is in no cell; or
     --strict, and the runs do not agree
  3  a run could not do its work or was cut short, its record does not add up,
     or a shard is missing; or --strict, and something was not run
With --compare:
  0  nothing changed
  1  something did
  3  nothing did, but a run was cut short, does not add up, or a shard is missing

Examples:
  cargo xtask report                         the newest run
  cargo xtask report target/strata/2026*     many of them
  cargo xtask report --compare target/strata/20261126T030000Z-7
  cargo xtask report shard-1.jsonl shard-2.jsonl --strict --output site")]
pub(crate) struct ReportCommand {
    /// Runs: their directories, or the files of their events [default: the
    /// newest]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,

    /// Where to write index.html [default: report, beside the runs]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Tell what changed since this run; may be given more than once, for shards
    #[arg(long, value_name = "OLD")]
    compare: Vec<PathBuf>,

    /// What --compare prints
    #[arg(long, value_enum, default_value = "text", requires = "compare")]
    format: ChangesFormat,

    /// Fail where something was not run, or runs do not agree
    #[arg(long, conflicts_with = "compare")]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChangesFormat {
    /// For people
    Text,
    /// For programs: one object
    Json,
}

impl ReportCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let merged = Merged::read(&self.runs)?;
        let usual = || runs().map(|runs| runs.join("report"));
        let dir = self.output.clone().map_or_else(usual, Ok)?;
        if !self.compare.is_empty() {
            return self.compared(&merged, &dir);
        }
        let path = report::write_page(&merged, None, &dir)?;
        print(report::details(&merged.matrix));
        for flaw in merged.flaws_in_words() {
            print(format_args!("{flaw}\n"));
        }
        print(format_args!("{merged}: {}\n", path.display()));
        Ok(merged.exit(self.strict))
    }

    fn compared(&self, merged: &Merged, dir: &Path) -> Result<Exit> {
        let before = Merged::read(&self.compare)?;
        let changes = Changes::of(&before, merged);
        let path = report::write_page(merged, Some(&changes), dir)?;
        let flaws: Vec<String> = [&before, merged]
            .iter()
            .flat_map(|it| it.doubts())
            .collect();
        let doubts = flaws.iter().map(|flaw| format!("{flaw}\n"));
        match self.format {
            ChangesFormat::Json => {
                eprint!("{}", doubts.collect::<String>());
                print(report::changes_json(&changes));
            }
            ChangesFormat::Text => {
                print(report::changes(&changes));
                print(doubts.collect::<String>());
                print(format_args!("{}\n", path.display()));
            }
        }
        Ok(match (changes.is_empty(), flaws.is_empty()) {
            (false, _) => Exit::Disagreed,
            (true, true) => Exit::Agreed,
            (true, false) => Exit::Unable,
        })
    }
}
