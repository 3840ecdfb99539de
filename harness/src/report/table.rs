//! The matrix, as text.

use std::fmt::Write;

use console::{Alignment, pad_str, style};
use itertools::Itertools;

use super::said_reasons::SaidReasons;
use crate::results::{Cell, Matrix, Problem, Row, Verdict};

/// A wider table has one letter for each cell.
const WIDTH: usize = 120;

/// Whether stdout is a terminal and `NO_COLOR` is not set.
#[must_use]
pub fn in_colour() -> bool {
    console::colors_enabled()
}

/// Kernels by scenarios, in colour or not. A kernel that did not run has one line
/// that says why, or which kernel above it did not run for the same reason.
#[must_use]
pub fn table(matrix: &Matrix, colour: bool) -> String {
    let cells = matrix.rows.first().into_iter().flat_map(|row| &row.cells);
    let scenarios: Vec<&str> = cells.map(|cell| cell.scenario.as_str()).collect();
    let names = matrix.rows.iter().map(|row| label(row).chars().count());
    let name_width = names.max().unwrap_or(0).max("kernel".len());
    let widest = Verdict::NotApplicable.word().len();
    let columns: Vec<usize> = scenarios.iter().map(|s| s.len().max(widest)).collect();
    let in_words = name_width + columns.iter().map(|width| width + 2).sum::<usize>() <= WIDTH;

    let mut text = String::new();
    if in_words {
        let _ = write!(text, "{:name_width$}", "kernel");
        for (name, width) in scenarios.iter().zip(&columns) {
            let _ = write!(text, "  {name:width$}");
        }
        end_line(&mut text);
    } else {
        key(matrix, &scenarios, &mut text);
        // A ruler: every tenth scenario has its number over its cell.
        let tens = (10..=scenarios.len()).step_by(10);
        let ruler: String = tens.map(|number| format!("{number:>11}")).collect();
        let _ = writeln!(text, "{:name_width$} {ruler}", "kernel");
    }
    let mut reasons = SaidReasons::default();
    for row in &matrix.rows {
        let _ = write!(text, "{:name_width$}", label(row));
        if let Some(problem) = not_run(row) {
            let failed = match problem {
                Problem::Unavailable(_) => "",
                Problem::Failed(_) => ", FAILED",
            };
            let why = reasons.once(&row.name, problem.why());
            let _ = write!(text, "  not run{failed}: {why}");
        } else {
            if in_words {
                words(row, &columns, colour, &mut text);
            } else {
                letters(row, colour, &mut text);
            }
            // It came after the cells that were seen.
            if let Some(problem) = &row.problem {
                let _ = write!(text, "  FAILED: {}", problem.why());
            }
        }
        end_line(&mut text);
    }
    let mut cells = matrix.rows.iter().flat_map(|row| &row.cells);
    if in_words && cells.any(Cell::rests_on_source) {
        text.push_str("* basis: source (no kernel was seen to show what is claimed)\n");
    }
    text
}

fn words(row: &Row, columns: &[usize], colour: bool, text: &mut String) {
    for (cell, width) in row.cells.iter().zip(columns) {
        let mark = if cell.rests_on_source() { "*" } else { "" };
        let verdict = painted(&format!("{}{mark}", cell.verdict), cell.verdict, colour);
        let verdict = pad_str(&verdict, *width, Alignment::Left, None);
        let _ = write!(text, "  {verdict}");
    }
}

fn letters(row: &Row, colour: bool, text: &mut String) {
    text.push(' ');
    for (index, cell) in row.cells.iter().enumerate() {
        if index % 10 == 0 {
            text.push(' ');
        }
        let letter = letter(cell.verdict, cell.rests_on_source());
        text.push_str(&painted(&letter.to_string(), cell.verdict, colour));
    }
}

/// The numbers of the scenarios, and what the letters mean.
fn key(matrix: &Matrix, scenarios: &[&str], text: &mut String) {
    for (index, name) in scenarios.iter().enumerate() {
        let _ = writeln!(text, "{:>3} {name}", index + 1);
    }
    // A row that did not run has words instead of letters.
    let rows = matrix.rows.iter().filter(|row| not_run(row).is_none());
    let cells = rows.flat_map(|row| &row.cells);
    let used = cells.map(|cell| (cell.verdict, cell.rests_on_source()));
    let meaning = |(verdict, on_source): (Verdict, bool)| {
        let basis = if on_source { " (basis: source)" } else { "" };
        format!("{} {verdict}{basis}", letter(verdict, on_source))
    };
    let legend = used.unique().sorted().map(meaning).join("   ");
    let _ = writeln!(text, "\n{legend}\n");
}

/// A cell in its colour.
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

/// The label of a kernel: its name, and the version that ran.
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

/// Why no scenario ran on a kernel, if none did.
fn not_run(row: &Row) -> Option<&Problem> {
    row.problem.as_ref().filter(|_| !row.was_run())
}

fn letter(verdict: Verdict, marked: bool) -> char {
    match verdict {
        Verdict::Passed if marked => ':',
        Verdict::Failed if marked => 'f',
        Verdict::Passed => '.',
        Verdict::NotApplicable => '-',
        verdict => verdict.letter(),
    }
}

#[cfg(test)]
mod tests {

    use guest::{Claim, Observation, Version};

    use super::*;
    use crate::results::Claimed;

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

    #[test]
    fn a_reason_is_said_once() {
        let unreachable = || Problem::Unavailable("no network".to_owned());
        let broken = || Problem::Failed("wrong signature".to_owned());
        let problems = [unreachable(), broken(), unreachable(), broken()];
        let row = |(index, problem)| Row {
            cells: vec![Cell::without("example", Verdict::NotRun, "")],
            problem: Some(problem),
            ..Row::new(format!("3.{index}"), "")
        };
        let rows = problems.into_iter().enumerate().map(row).collect();
        let text = table(&Matrix { rows }, false);
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "3.0     not run: no network",
                "3.1     not run, FAILED: wrong signature",
                "3.2     not run: as 3.0",
                "3.3     not run, FAILED: as 3.1",
            ]
        );
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
