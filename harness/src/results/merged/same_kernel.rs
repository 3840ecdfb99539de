//! Groups the rows of the same kernel.

use guest::Version;
use itertools::Itertools;

use crate::results::log_reader::PastRun;
use crate::results::matrix::{Problem, Row};
use crate::system::grouped;

/// A row and its run.
pub(super) type RowOfRun<'a> = (&'a PastRun, &'a Row);

/// The rows of each kernel, oldest run first.
pub(super) fn kernels_of<'a>(runs: &[&'a PastRun]) -> Vec<Vec<RowOfRun<'a>>> {
    let rows = runs
        .iter()
        .flat_map(|&run| run.rows.iter().map(move |row| (run, row)));
    let (came_up, never): (Vec<RowOfRun<'a>>, Vec<RowOfRun<'a>>) =
        rows.partition(|(_, row)| row.kernel.is_some());
    let groups = grouped(came_up.into_iter().map(|seen| (identity(seen.1), seen)));
    let mut kernels: Vec<Vec<RowOfRun<'a>>> = groups.into_iter().map(|(_, seen)| seen).collect();
    for (run, row) in never {
        let of_that_name = kernels.iter_mut().filter(|seen| seen[0].1.spec == row.spec);
        match of_that_name.max_by_key(|seen| seen.last().map(|(run, _)| run.header.started)) {
            Some(seen) => seen.push((run, row)),
            None => kernels.push(vec![(run, row)]),
        }
    }
    for seen in &mut kernels {
        seen.sort_by_key(|(run, _)| (run.header.started, &run.header.run));
    }
    kernels
}

/// What two rows of the same kernel share. A kernel's build is no part of it: a rebuild
/// of the same version is the same kernel.
fn identity(row: &Row) -> (&str, Option<&str>, Option<Version>) {
    let release = row.kernel.as_ref().map(|kernel| kernel.release.as_str());
    (&row.spec, release, row.version())
}

/// One architecture after the other, the host's first, and each from old to new; what has
/// no version comes last.
pub(super) fn order(row: &Row) -> impl Ord + use<> {
    let version = row.likely_version();
    (
        row.other_arch(),
        version.is_none(),
        version,
        row.name.clone(),
        row.spec.clone(),
    )
}

/// The merged row of a kernel, without cells.
pub(super) fn row_of(seen: &[RowOfRun<'_>]) -> Option<Row> {
    let newest = |of: fn(&Row) -> bool| seen.iter().rev().find(|(_, row)| of(row));
    let (_, row) = newest(|row| row.kernel.is_some()).or(seen.last())?;
    let failed = newest(|row| matches!(row.problem, Some(Problem::Failed(_))));
    Some(Row {
        cells: Vec::new(),
        // A failure of the harness is kept, even if another run succeeded.
        problem: failed.map_or_else(|| row.problem.clone(), |(_, row)| row.problem.clone()),
        boots: seen.iter().map(|(_, row)| row.boots).sum(),
        retries: seen
            .iter()
            .flat_map(|(_, row)| row.retries.clone())
            .collect(),
        took: seen.iter().map(|(_, row)| row.took).sum(),
        last_lines: seen
            .iter()
            .flat_map(|(_, row)| row.last_lines.clone())
            .unique()
            .collect(),
        ..(*row).clone()
    })
}
