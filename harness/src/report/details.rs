//! Explains every cell that did not pass.

use std::ffi::OsStr;
use std::fmt::Write;

use guest::{faults, scenarios};

use super::basis::basis_of;
use crate::machine::booted_again;
use crate::results::{Cell, Matrix, Row, Verdict};
use crate::system::{quoted, root};

/// Each red cell with expected and observed side by side, the console's last
/// lines, and the command that shows it again; and why cells are not asserted.
#[must_use]
pub fn details(matrix: &Matrix) -> String {
    let mut text = String::new();
    for row in &matrix.rows {
        if !row.retries.is_empty() {
            let _ = writeln!(text, "{}{}", row.name, booted_again(&row.retries));
        }
        let red_cell = row.cells.iter().find(|cell| cell.verdict.is_red());
        if let (None, Some(cell)) = (&row.kernel, red_cell) {
            never_up(row, cell, &mut text);
            continue;
        }
        for cell in &row.cells {
            match cell.verdict {
                Verdict::Passed => {}
                // Said once, in the matrix.
                Verdict::NotRun if row.problem.is_some() => {}
                Verdict::NoClaim | Verdict::Differs | Verdict::NotApplicable | Verdict::NotRun => {
                    aside(row, cell, &mut text);
                }
                _ => red(row, cell, &mut text),
            }
        }
    }
    text
}

/// The same for one red cell.
pub(super) fn of_cell(row: &Row, cell: &Cell) -> String {
    let mut text = String::new();
    match row.kernel {
        Some(_) => red(row, cell, &mut text),
        None => never_up(row, cell, &mut text),
    }
    text
}

fn aside(row: &Row, cell: &Cell, text: &mut String) {
    let why = cell.why.as_deref().unwrap_or_default();
    let (name, verdict) = (&row.name, cell.verdict);
    let _ = writeln!(text, "{name} {}: {verdict} ({why})", cell.scenario);
    if let Some(claim) = cell.claim.as_ref().filter(|_| verdict == Verdict::Differs) {
        let _ = writeln!(text, "    claimed:  {}", claim.expected);
    }
    if !cell.observed.0.is_empty() {
        let _ = writeln!(text, "    observed: {}", cell.observed);
    }
}

fn red(row: &Row, cell: &Cell, text: &mut String) {
    let _ = write!(text, "\n{} {}: {}", row.name, cell.scenario, cell.verdict);
    text.extend(cell.why.iter().map(|why| format!(": {why}")));
    text.push('\n');
    if let Some(kernel) = &row.kernel {
        let _ = writeln!(text, "  kernel: {} {}", kernel.release, kernel.version);
    }
    text.extend(row.image.iter().map(|image| format!("  image: {image}\n")));
    side_by_side(cell, text);
    if let Some(claim) = &cell.claim {
        let _ = writeln!(text, "  claimed {}: {}", claim.of_what(), claim.because);
        text.extend(claim.commit.iter().map(|id| format!("  commit {id}\n")));
        let _ = writeln!(text, "  {}", basis_of(claim));
    }
    console(row, &cell.console, text);
    let _ = writeln!(text, "  reproduce: {}", reproduce(row, cell));
}

/// The console during the scenario, or else its last lines.
fn console(row: &Row, meanwhile: &[String], text: &mut String) {
    let lines = match meanwhile {
        [] => &row.last_lines,
        lines => lines,
    };
    let dir = row.dir.strip_prefix(root()).unwrap_or(&row.dir);
    let _ = writeln!(text, "  console, last lines ({}):", dir.display());
    if lines.is_empty() {
        text.push_str("    (nothing)\n");
    }
    text.extend(lines.iter().map(|line| format!("    {line}\n")));
}

/// A kernel on which the guest never came up: reported once for all scenarios.
fn never_up(row: &Row, cell: &Cell, text: &mut String) {
    let why = cell.why.as_deref().unwrap_or_default();
    let (name, verdict) = (&row.name, cell.verdict);
    let _ = writeln!(
        text,
        "\n{name}: the guest did not come up: {verdict}: {why}"
    );
    text.extend(row.image.iter().map(|image| format!("  image: {image}\n")));
    console(row, &[], text);
    let _ = writeln!(text, "  reproduce: {}", reproduce_kernel(row));
}

fn side_by_side(cell: &Cell, text: &mut String) {
    let rows = cell.comparison();
    if rows.is_empty() {
        return;
    }
    fn shown(value: &Option<String>) -> &str {
        value.as_deref().unwrap_or("-")
    }
    let fact = rows.iter().map(|row| row.fact.len()).max().unwrap_or(0);
    let expected = rows.iter().map(|row| shown(&row.expected).len());
    let expected = expected.chain(["expected".len()]).max().unwrap_or(0);
    let _ = writeln!(text, "  {:fact$}  {:expected$}  observed", "", "expected");
    for row in &rows {
        let mark = if row.agrees() { "" } else { "   <--" };
        let (name, should, is) = (&row.fact, shown(&row.expected), shown(&row.observed));
        let _ = writeln!(text, "  {name:fact$}  {should:expected$}  {is}{mark}");
    }
}

/// Whether a cell is of somebody's own suite, and of no scenario.
fn is_of_suite(cell: &Cell) -> bool {
    scenarios::find(&cell.scenario).is_none() && faults::find(&cell.scenario).is_none()
}

/// The command that runs all of this kernel.
pub(super) fn reproduce_kernel(row: &Row) -> String {
    let kernel = &row.spec;
    match row.cells.first().is_some_and(is_of_suite) {
        true => format!("strata test --kernel {kernel}"),
        false => format!("cargo xtask test-kernels {kernel}"),
    }
}

/// The command that runs this cell alone.
pub(super) fn reproduce(row: &Row, cell: &Cell) -> String {
    let kernel = &row.spec;
    if is_of_suite(cell) {
        // A case of somebody's own suite, `test::case`, or the test itself.
        let test = cell.scenario.split("::").next().unwrap_or_default();
        let test = quoted(OsStr::new(test));
        return format!("strata test --kernel {kernel} --test {test}");
    }
    let scenario = quoted(OsStr::new(&cell.scenario));
    format!("cargo xtask test-kernels {kernel} --scenario {scenario}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table;
    use crate::results::tests::run;
    use crate::results::{Event, EventLog, Merged, PastRun, Sink};

    #[test]
    fn a_record_from_elsewhere_does_no_harm_when_it_is_shown() {
        let evil = "a\u{1b}]0;x\u{7}\n::error::b\u{202e}";
        let mut row = Row::new(evil, "6.1; reboot");
        row.image = Some(evil.to_owned());
        row.last_lines = vec![evil.to_owned()];
        row.dir = evil.into();
        row.cells = vec![Cell::without(evil, Verdict::Failed, evil)];
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut log = EventLog::create(&path).unwrap();
        log.take(&Event::Run(run("a", 1, Vec::new()).header))
            .unwrap();
        log.take(&Event::Kernel(Box::new(row))).unwrap();
        let run = PastRun::read(&path).unwrap();
        let merged = Merged::of(std::slice::from_ref(&run));
        let shown = details(&merged.matrix) + &table(&merged.matrix, false);
        for flaw in merged.flaws_in_words() {
            assert!(!flaw.contains(['\u{1b}', '\u{202e}', '\n']), "{flaw:?}");
        }
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{shown:?}"
        );
        assert!(!shown.contains("\n::error"), "{shown}");
        assert!(shown.contains("--kernel '6.1; reboot'"), "{shown}");
    }
}
