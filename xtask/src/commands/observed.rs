use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use guest::{NATIVE, ObservedTable, scenarios};
use harness::{Exit, PastRun, Row, Verdict, root};
use images::Spec;
use images::files::write_whole;

use crate::stdout::print;

/// Add what runs showed to guest/observed.tsv
///
/// What counts is a cell that passed, and agrees with today's claims, on a kernel
/// that is known to be unmodified: one of Debian's, or one whose release is nothing
/// but a version.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask observed                         the newest run
  cargo xtask observed target/strata/2026*     many of them")]
pub(crate) struct ObservedCommand {
    /// Runs: their directories, or the files of their events [default: the
    /// newest]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
}

impl ObservedCommand {
    pub(crate) fn run(&self) -> Result<Exit> {
        let mut runs = self.runs.clone();
        if runs.is_empty() {
            runs.push(PastRun::newest()?);
        }
        let path = root().join(ObservedTable::PATH);
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut table = ObservedTable::parse(&text)?;
        let mut added = 0;
        for run in &runs {
            let rows = PastRun::read(run)?.rows;
            added += rows.iter().map(|row| add(&mut table, row)).sum::<usize>();
        }
        write_whole(&path, table.to_string().as_bytes())
            .with_context(|| format!("writing {}", path.display()))?;
        print(format_args!("{}: {added} added\n", ObservedTable::PATH));
        Ok(Exit::Agreed)
    }
}

/// Adds the cells of a kernel; says how many are new.
fn add(table: &mut ObservedTable, row: &Row) -> usize {
    let kernel = row.kernel.as_ref();
    let version = kernel.and_then(guest::RunningKernel::unmodified);
    // The table is of one architecture; a row of another has its name before a slash.
    let spec = row.name.parse::<Spec>().ok();
    let is_usual = spec.is_none_or(|spec| spec.arch().is_none());
    // On a host, a container or a filter may have had a hand in it.
    let is_usual = is_usual && !row.name.starts_with(NATIVE);
    let Some(version) = version.filter(|_| is_usual) else {
        return 0;
    };
    let passed = row.cells.iter().filter(|cell| {
        let scenario = scenarios::find(&cell.scenario);
        let claim = scenario.and_then(|scenario| scenario.claim(version));
        let agrees = claim.is_some_and(|claim| claim.observation().satisfied_by(&cell.observed));
        cell.verdict == Verdict::Passed && agrees
    });
    passed
        .filter(|cell| table.insert(&cell.scenario, version))
        .count()
}

#[cfg(test)]
mod tests {
    use guest::{RunningKernel, Version};
    use harness::Cell;

    use super::*;

    /// A kernel that shows what is claimed of its version.
    fn row(name: &str, release: &str) -> Row {
        let scenario = &scenarios::ALL[0];
        let version = Version::leading(release).unwrap().0;
        let cell = Cell {
            observed: scenario.claim(version).unwrap().observation(),
            ..Cell::without(scenario.name, Verdict::Passed, "")
        };
        Row {
            kernel: Some(RunningKernel {
                release: release.to_owned(),
                version: "#1 SMP".to_owned(),
            }),
            cells: vec![cell],
            ..Row::new(name, name)
        }
    }

    #[test]
    fn what_passed_is_added_once() {
        let mut table = ObservedTable::default();
        let row = row("3.12", "3.12.7");
        assert_eq!(add(&mut table, &row), 1);
        assert_eq!(add(&mut table, &row), 0);
        let added = format!("\n{}\t3.12.7\n", scenarios::ALL[0].name);
        assert!(table.to_string().ends_with(&added), "{table}");
    }

    #[test]
    fn what_proves_nothing_is_not_added() {
        let mut table = ObservedTable::default();
        let good = || row("3.12", "3.12.7");
        let mut failed = good();
        failed.cells[0].verdict = Verdict::Failed;
        let mut other_claim = good();
        other_claim.cells[0].observed = guest::Observation::written("unshare=EINVAL child=outer");
        let mut unknown = good();
        unknown.cells[0].scenario = "example".to_owned();
        let mut down = good();
        down.kernel = None;
        let rows = [
            failed,
            other_claim,
            unknown,
            down,
            row("native", "3.12.7"),
            row("native as 3.12", "3.12.7"),
            row("mine", "3.12.7-mine"),
        ];
        for row in rows {
            assert_eq!(add(&mut table, &row), 0, "{row:?}");
        }
    }
}
