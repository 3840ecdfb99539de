//! GitHub's workflow commands, and a job's summary.
//!
//! A runner obeys lines of a job's output that begin with `::`, and `##[` anywhere
//! in one (src/Runner.Common/ActionCommand.cs in actions/runner). What a guest
//! said must be neither: in a command it is escaped, and what is for people is
//! fenced.

use std::env;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use itertools::Itertools;

use super::details::of_cell;
use super::table;
use crate::results::{Cell, Event, Header, Matrix, Problem, Row, Sink, Verdict};
use crate::system::{advised, printable, words, write_out};

/// How large a summary may be, in bytes: GitHub drops one of more than 1 MiB, and
/// there may be one of another command of the same step.
const SUMMARY: usize = 512 << 10;

/// Writes an annotation for each red cell as the kernels are done, and the job's
/// summary in the end.
pub struct Github<W> {
    to: W,
    summary: Option<PathBuf>,
    header: Option<Header>,
    rows: Vec<Row>,
}

impl<W: Write> Github<W> {
    /// Writes annotations to this, and the summary to the end of a file: the one
    /// that `GITHUB_STEP_SUMMARY` names.
    pub fn new(to: W, summary: Option<PathBuf>) -> Self {
        Self {
            to,
            summary,
            header: None,
            rows: Vec::new(),
        }
    }
}

impl<W: Write + Send> Sink for Github<W> {
    fn take(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Run(header) => self.header = Some(header.clone()),
            Event::Kernel(row) => {
                let is_suite = self.header.as_ref().is_some_and(|header| header.suite);
                self.rows.push(Row::clone(row));
                write_out(&mut self.to, annotations(row, is_suite).as_bytes())
                    .context("writing annotations")?;
            }
            Event::Finished { .. } => {
                let kernels = self.header.take().map_or(Vec::new(), |h| h.kernels);
                let place = |row: &Row| kernels.iter().position(|name| *name == row.name);
                let mut rows = std::mem::take(&mut self.rows);
                rows.sort_by_key(place);
                if let Some(path) = &self.summary {
                    append(path, &summary(&Matrix { rows }))?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn append(path: &PathBuf, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing the summary {}", path.display()))
}

/// Text for people, fenced if a runner reads the output.
///
/// # Errors
/// See [`fenced`].
pub fn for_people(text: String) -> Result<String> {
    match env::var_os("GITHUB_ACTIONS") {
        Some(_) => fenced(&text),
        None => Ok(text),
    }
}

/// An error with its causes, made harmless to a terminal and a runner: it may hold file
/// names and words of servers.
#[must_use]
pub fn complaint(error: &anyhow::Error) -> String {
    let text = format!("error: {}", advised(words(error)));
    let text = text.lines().map(printable).join("\n") + "\n";
    // Without randomness, an unfenced error is better than none.
    for_people(text.clone()).unwrap_or(text)
}

/// Text between commands that tell the runner to ignore it.
///
/// # Errors
/// If there is no randomness.
pub fn fenced(text: &str) -> Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .context("reading /dev/urandom")?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = text.trim_end_matches('\n');
    Ok(format!("::stop-commands::{token}\n{text}\n::{token}::\n"))
}

fn annotations(row: &Row, is_suite: bool) -> String {
    let mut text = String::new();
    let name = &row.name;
    let red = || row.cells.iter().filter(|cell| is_alarming(cell));
    let of_kernel = match &row.problem {
        Some(Problem::Unavailable(why)) => Some(("warning", "not run", why)),
        Some(Problem::Failed(why)) => Some(("error", "FAILED", why)),
        None => None,
    };
    if let Some((level, what, why)) = of_kernel {
        let title = format!("{name}: {what}");
        command(level, &[("title", &title)], why, &mut text);
    }
    match (&row.kernel, red().next()) {
        // It is the same for every scenario.
        (None, Some(cell)) => {
            let title = format!("{name}: the guest did not come up");
            let why = cell.why.as_deref().unwrap_or_default();
            let message = format!("{}: {why}\n{}", cell.verdict, row.last_lines.join("\n"));
            command("error", &[("title", &title)], &message, &mut text);
        }
        // Also if there is a problem: they were seen before it.
        _ => {
            for cell in red() {
                let (file, line) = place(cell, is_suite);
                let title = format!("{name} {}: {}", cell.scenario, cell.verdict);
                let properties = [("file", &*file), ("line", &*line), ("title", &*title)];
                command("error", &properties, &of_cell(row, cell), &mut text);
            }
        }
    }
    text
}

/// Whether a cell needs attention. A QEMU that failed does, though it is not red.
fn is_alarming(cell: &Cell) -> bool {
    cell.verdict.is_red() || cell.verdict == Verdict::QemuFailed
}

/// The file and line of the claim by which a cell was judged; line 1 for a claim that
/// is not in the table.
/// What is expected of a suite's own cases stands in its file.
fn place(cell: &Cell, is_suite: bool) -> (String, String) {
    if is_suite {
        return ("strata.toml".to_owned(), "1".to_owned());
    }
    let scenario = guest::scenarios::find(&cell.scenario);
    let file = scenario.map_or("guest/src/scenarios/mod.rs", |scenario| scenario.file);
    let claims = scenario.map_or(&[][..], |scenario| scenario.claims);
    let line = cell.claim.as_ref().and_then(|claimed| {
        let mut claims = claims.iter();
        claims.find(|claim| claim.since == claimed.since && claim.because == claimed.because)
    });
    let line = line.map_or(1, |claim| claim.line);
    (file.to_owned(), line.to_string())
}

/// `::error file=…,line=…,title=…::…`.
fn command(name: &str, properties: &[(&str, &str)], message: &str, text: &mut String) {
    let properties = properties.iter();
    let properties = properties.map(|(name, value)| format!("{name}={}", property(value)));
    let (properties, message) = (properties.format(","), message.trim().replace('\0', ""));
    let _ = writeln!(text, "::{name} {properties}::{}", escaped(&message));
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

/// The run in Markdown: what is red first.
fn summary(matrix: &Matrix) -> String {
    let mut text = format!("## Kernels: {}\n\n", matrix.tally());
    for row in &matrix.rows {
        // Of a kernel that did not come up, it is the same for every scenario.
        let most = if row.kernel.is_none() { 1 } else { usize::MAX };
        for cell in row.cells.iter().filter(|cell| is_alarming(cell)).take(most) {
            let details = block(&of_cell(row, cell));
            if text.len() + details.len() > SUMMARY {
                text.push_str("There is more that is red than there is room for.\n\n");
                break;
            }
            text.push_str(&details);
        }
    }
    text.push_str("| kernel | ran | cells | time |\n|---|---|---|---:|\n");
    for row in &matrix.rows {
        let ran = match (&row.problem, row.version()) {
            (Some(Problem::Unavailable(why)), _) => format!("not run: {why}"),
            (Some(Problem::Failed(why)), _) => format!("FAILED: {why}"),
            (None, Some(version)) => version.to_string(),
            (None, None) => "did not come up".to_owned(),
        };
        let (name, ran, tally) = (inline(&row.name), inline(&ran), row.tally());
        let took = row.took.as_secs_f64();
        let _ = writeln!(text, "| {name} | {ran} | {tally} | {took:.1} s |");
    }
    text.push_str("\n<details><summary>Matrix</summary>\n\n");
    text.push_str(&block(&table(matrix, false)));
    text.push_str("</details>\n");
    text
}

/// Verbatim text, in a fence longer than any in the text.
fn block(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n\n", text.trim_matches('\n'))
}

/// Text within a cell of a table, where neither Markdown nor HTML means anything.
fn inline(text: &str) -> String {
    let escape = |c: char| match c {
        c if c.is_control() => " ".to_owned(),
        c if c.is_ascii_punctuation() && !".,;-'".contains(c) => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
