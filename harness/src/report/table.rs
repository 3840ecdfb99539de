//! The matrix, as text.

use std::fmt::Write;

use console::style;

use crate::{Cell, Matrix, Problem, Row, Verdict};

/// A wider table is shown as one letter a cell.
const WIDTH: usize = 120;

/// Whether stdout is for colours: a terminal, and no `NO_COLOR` is set.
#[must_use]
pub fn in_colour() -> bool {
    console::colors_enabled()
}

/// Kernels by scenarios, in colour or not. A kernel that did not run has one line
/// that says why.
#[must_use]
pub fn table(matrix: &Matrix, colour: bool) -> String {
    let scenarios: Vec<&str> = matrix.rows.first().map_or_else(Vec::new, |row| {
        row.cells
            .iter()
            .map(|cell| cell.scenario.as_str())
            .collect()
    });
    let name_width = matrix
        .rows
        .iter()
        .map(|row| label(row).chars().count())
        .max()
        .unwrap_or(0);
    let name_width = name_width.max("kernel".len());
    let widest = Verdict::NotApplicable.word().len();
    let columns: Vec<usize> = scenarios
        .iter()
        .map(|name| name.len().max(widest))
        .collect();

    let mut text = String::new();
    if name_width + columns.iter().map(|width| width + 2).sum::<usize>() <= WIDTH {
        words(matrix, &scenarios, name_width, &columns, colour, &mut text);
    } else {
        letters(matrix, &scenarios, name_width, colour, &mut text);
    }
    text
}

fn words(
    matrix: &Matrix,
    scenarios: &[&str],
    name_width: usize,
    columns: &[usize],
    colour: bool,
    text: &mut String,
) {
    let _ = write!(text, "{:name_width$}", "kernel");
    for (name, width) in scenarios.iter().zip(columns) {
        let _ = write!(text, "  {name:width$}");
    }
    end_line(text);
    for row in &matrix.rows {
        let _ = write!(text, "{:name_width$}", label(row));
        match not_run(row) {
            Some(why) => {
                let _ = write!(text, "  {why}");
            }
            None => {
                for (cell, width) in row.cells.iter().zip(columns) {
                    let mark = if is_marked(cell) { "*" } else { "" };
                    let verdict = format!("{}{mark}", cell.verdict);
                    let gap = " ".repeat(width.saturating_sub(verdict.len()));
                    let verdict = painted(&verdict, cell.verdict, colour);
                    let _ = write!(text, "  {verdict}{gap}");
                }
                problem(row, text);
            }
        }
        end_line(text);
    }
    if matrix.rows.iter().flat_map(|row| &row.cells).any(is_marked) {
        text.push_str("* basis: source (no kernel was seen to show what is claimed)\n");
    }
}

/// Whether a cell says something of a claim that rests on source alone.
fn is_marked(cell: &Cell) -> bool {
    matches!(cell.verdict, Verdict::Passed | Verdict::Failed) && cell.rests_on_source()
}

fn letters(
    matrix: &Matrix,
    scenarios: &[&str],
    name_width: usize,
    colour: bool,
    text: &mut String,
) {
    for (index, name) in scenarios.iter().enumerate() {
        let _ = writeln!(text, "{:>3} {name}", index + 1);
    }
    let mut used: Vec<(Verdict, bool)> = matrix
        .rows
        .iter()
        // The others have words instead of letters.
        .filter(|row| not_run(row).is_none())
        .flat_map(|row| &row.cells)
        .map(|cell| (cell.verdict, is_marked(cell)))
        .collect();
    used.sort_unstable();
    used.dedup();
    let legend: Vec<String> = used
        .iter()
        .map(|&(verdict, marked)| {
            let basis = if marked { " (basis: source)" } else { "" };
            format!("{} {verdict}{basis}", letter(verdict, marked))
        })
        .collect();
    let _ = writeln!(text, "\n{}\n", legend.join("   "));
    // A ruler: every tenth scenario has its number over its cell.
    let mut ruler = String::new();
    for number in (10..=scenarios.len()).step_by(10) {
        let _ = write!(ruler, "{number:>11}");
    }
    let _ = writeln!(text, "{:name_width$} {ruler}", "kernel");
    for row in &matrix.rows {
        let _ = write!(text, "{:name_width$} ", label(row));
        match not_run(row) {
            Some(why) => {
                let _ = write!(text, " {why}");
            }
            None => {
                for (index, cell) in row.cells.iter().enumerate() {
                    if index % 10 == 0 {
                        text.push(' ');
                    }
                    let letter = letter(cell.verdict, is_marked(cell));
                    text.push_str(&painted(&letter.to_string(), cell.verdict, colour));
                }
                problem(row, text);
            }
        }
        end_line(text);
    }
}

/// A cell, green or red where it is one or the other.
fn painted(cell: &str, verdict: Verdict, colour: bool) -> String {
    let cell = style(cell).force_styling(colour);
    match verdict {
        Verdict::Passed => cell.green().to_string(),
        verdict if verdict.is_red() => cell.red().bold().to_string(),
        _ => cell.to_string(),
    }
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// How a kernel is called in the matrix: its name, and the version that ran.
fn label(row: &Row) -> String {
    let mut label = row.name.clone();
    match row.version() {
        Some(version) if version.to_string() != row.name => {
            let _ = write!(label, " ({version})");
        }
        _ => {}
    }
    if let Some(substitute) = &row.substitute {
        let _ = write!(label, " for {}", substitute.pinned);
    }
    label
}

/// Why a kernel was not run at all, if it was not.
fn not_run(row: &Row) -> Option<String> {
    match row.problem.as_ref().filter(|_| !row.was_run())? {
        Problem::Unavailable(why) => Some(format!("not run: {why}")),
        Problem::Failed(why) => Some(format!("not run, FAILED: {why}")),
    }
}

/// What came between, behind the cells that were seen before.
fn problem(row: &Row, text: &mut String) {
    if let Some(Problem::Unavailable(why) | Problem::Failed(why)) = &row.problem {
        let _ = write!(text, "  FAILED: {why}");
    }
}

fn letter(verdict: Verdict, marked: bool) -> char {
    match verdict {
        Verdict::Passed if marked => ':',
        Verdict::Failed if marked => 'f',
        Verdict::Passed => '.',
        Verdict::Failed => 'F',
        Verdict::NoClaim => '?',
        Verdict::NotApplicable => '-',
        Verdict::NotRun => ' ',
        Verdict::Broken => 'B',
        Verdict::Died => 'D',
        Verdict::TimedOut => 'T',
        Verdict::Panicked => 'P',
        Verdict::Hung => 'H',
        Verdict::Ended => 'E',
        Verdict::Garbled => 'G',
        Verdict::QemuFailed => 'Q',
    }
}

#[cfg(test)]
mod tests {

    use guest::{Claim, Observation, Version};

    use super::*;
    use crate::Claimed;

    fn matrix(cells: usize) -> Matrix {
        let claimed = Claimed::of(&Claim::since(3, 2).shows("call=ok"));
        let seen = Claimed {
            observed: vec![Version::new(3, 10)],
            ..claimed.clone()
        };
        let claims = [claimed, seen];
        let cell = |index: usize| Cell {
            claim: Some(claims[index % 2].clone()),
            observed: Observation::written("call=ok"),
            why: None,
            ..Cell::without(&format!("example_{index}"), Verdict::Passed, "")
        };
        let row = Row {
            cells: (0..cells).map(cell).collect(),
            boots: 1,
            ..Row::new("3.10", "3.10")
        };
        Matrix { rows: vec![row] }
    }

    #[test]
    fn what_rests_on_source_is_marked() {
        let narrow = table(&matrix(2), false);
        assert!(narrow.contains("  pass*"), "{narrow}");
        assert!(narrow.contains("\n* basis: source"), "{narrow}");
        let wide = table(&matrix(12), false);
        assert!(wide.contains(": pass (basis: source)"), "{wide}");
        assert!(wide.contains("  :.:.:.:.:. :."), "{wide}");
    }

    #[test]
    fn what_was_seen_before_a_problem_is_shown_with_it() {
        for (cells, seen) in [(2, "  pass* "), (12, "  :.:.:.:.:. : ")] {
            let mut matrix = matrix(cells);
            let last = matrix.rows[0].cells.last_mut().unwrap();
            *last = Cell::without("example_last", Verdict::NotRun, "the disk is full");
            matrix.rows[0].problem = Some(Problem::Failed("the disk is full".to_owned()));
            let text = table(&matrix, false);
            assert!(text.contains(seen), "{text}");
            assert!(text.contains("  FAILED: the disk is full\n"), "{text}");
            matrix.rows[0].cells = vec![last_of(&matrix)];
            let text = table(&matrix, false);
            assert!(text.contains("not run, FAILED: the disk is full"), "{text}");
        }
    }

    fn last_of(matrix: &Matrix) -> Cell {
        matrix.rows[0].cells.last().unwrap().clone()
    }

    #[test]
    fn colour_changes_nothing_else() {
        let mut matrix = matrix(12);
        matrix.rows[0].cells[1].verdict = Verdict::Failed;
        for cells in [12, 2] {
            matrix.rows[0].cells.truncate(cells);
            let painted = table(&matrix, true);
            assert!(painted.contains("\u{1b}[32m"), "{painted}");
            assert!(painted.contains("\u{1b}[31m"), "{painted}");
            assert_eq!(console::strip_ansi_codes(&painted), table(&matrix, false));
        }
    }
}
