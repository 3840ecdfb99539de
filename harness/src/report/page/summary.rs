//! What comes first: the verdict, and the cells that are red.

use guest::scenarios;
use maud::{Markup, html};

use super::columns::Column;
use super::parts::folded;
use super::words::PageWords;
use crate::results::{Cell, Exit, Merged, Problem, Row, Verdict};
use crate::system::grouped;

pub(super) fn html(merged: &Merged, words: PageWords, columns: &[Column]) -> Markup {
    let sign = match merged.exit(false) {
        Exit::Disagreed => "✕",
        Exit::Agreed => "✓",
        Exit::Usage | Exit::Unable => "?",
    };
    html! {
        header.top {
            p.brand {
                "Strata"
                @if let Some(name) = merged.repository.as_ref().and_then(|dir| dir.file_name()) {
                    " · " (name.to_string_lossy())
                }
            }
            h1 class=(if merged.exit(false) == Exit::Disagreed { "bad" } else { "" }) {
                span.sign aria-hidden="true" { (sign) }
                (merged.worst().sentence())
            }
            @if let (Some(first), Some(last)) = (columns.first(), columns.last()) {
                p.lead {
                    (columns.len()) " kernels from " b { (first.label) } " to " b { (last.label) }
                    ", " (merged.scenarios.len()) " " (words.many) ". A step in a row is a change of behaviour."
                }
            }
            dl.figures { (figures(merged)) }
        }
    }
}

/// The cells that need attention.
pub(super) fn lists(merged: &Merged, columns: &[Column]) -> Markup {
    html! {
        @if merged.red().next().is_some() { (red_cells(merged, columns)) }
        @if !merged.dissent.is_empty() { (dissent(merged, columns)) }
        (not_run(merged, columns))
    }
}

/// How many cells there are of each kind: together, all of them. Where runs disagree
/// is told besides.
fn figures(merged: &Merged) -> Markup {
    let class = |name: &str| match name {
        "passed" => "pass",
        "red" => "red",
        "no claim" | "differ" => "open",
        "not applicable" => "na",
        _ => "none",
    };
    let counts = merged.matrix.tally().counts();
    let counts = counts
        .into_iter()
        .map(|(name, number)| ((name, number), class(name)));
    let dissent = (("runs disagree", merged.dissent.len()), "dissent");
    html! {
        @for ((name, number), class) in counts.chain([dissent]) {
            // What is always there and what there is; not a row of noughts.
            @if number > 0 || class == "red" || class == "pass" {
                div class={ (class) @if number == 0 { " nought" } } { dt { (name) } dd { (number) } }
            }
        }
    }
}

/// A night that failed opens with the cell, not with a log.
fn red_cells(merged: &Merged, columns: &[Column]) -> Markup {
    let mut items: Vec<Markup> = Vec::new();
    for (row, column) in merged.matrix.rows.iter().zip(columns) {
        let mut red = row.cells.iter().filter(|cell| cell.verdict.is_red());
        match row.kernel {
            Some(_) => items.extend(red.map(|cell| red_cell(column, cell))),
            // It concerns all scenarios alike.
            None => items.extend(red.next().map(|cell| never_up(row, column, cell))),
        }
    }
    html! {
        section.list.bad aria-labelledby="red" {
            h2 #red { "What is red" }
            (folded(items))
        }
    }
}

fn red_cell(column: &Column, cell: &Cell) -> Markup {
    let comparison = cell.comparison();
    let differs = comparison.iter().filter(|fact| !fact.agrees());
    let details = html! {
        @if cell.verdict == Verdict::Failed {
            p.facts {
                @for fact in differs.take(3) {
                    span {
                        (fact.fact) " "
                        del { (fact.expected.as_deref().unwrap_or("nothing")) }
                        " → "
                        ins { (fact.observed.as_deref().unwrap_or("nothing")) }
                    }
                }
            }
        }
    };
    item(
        column,
        &column.cell(&cell.scenario),
        cell,
        &cell.scenario,
        details,
    )
}

fn never_up(row: &Row, column: &Column, cell: &Cell) -> Markup {
    let details = html! {
        @if let Some(line) = row.last_lines.last() { p.facts { (line) } }
    };
    item(
        column,
        &column.anchor(),
        cell,
        "the guest did not come up",
        details,
    )
}

fn item(column: &Column, at: &str, cell: &Cell, what: &str, details: Markup) -> Markup {
    html! {
        li {
            a href={ "#" (at) } {
                span.word { (cell.verdict) } " "
                span.at { (column.label) } " "
                span.scenario { (what) }
            }
            @if let Some(why) = &cell.why { p { (why) } }
            (details)
        }
    }
}

fn dissent(merged: &Merged, columns: &[Column]) -> Markup {
    html! {
        section.list aria-labelledby="dissent" {
            h2 #dissent { "Where runs disagree" }
            p.hint { "The newest verdict counts." }
            ul {
                @for ((kernel, scenario), sightings) in &merged.dissent {
                    @let (column, scenario) = (&columns[*kernel], &merged.scenarios[*scenario]);
                    li {
                        a href={ "#" (column.cell(scenario)) } {
                            span.at { (column.label) } " "
                            span.scenario { (scenario) }
                        }
                        p.facts { @for seen in sightings { span { (seen.run) ": " (seen.verdict) } " " } }
                    }
                }
            }
        }
    }
}

/// Why whole kernels were not run, each reason once.
fn not_run(merged: &Merged, columns: &[Column]) -> Markup {
    let rows = merged.matrix.rows.iter().zip(columns);
    let reasons = grouped(rows.filter_map(|(row, column)| {
        let why = match row.problem.as_ref()? {
            Problem::Unavailable(why) => why.clone(),
            Problem::Failed(why) => format!("FAILED: {why}"),
        };
        Some((why, column))
    }));
    html! {
        @if !reasons.is_empty() {
            section.list aria-labelledby="not-run" {
                h2 #not-run { "Not run" }
                ul {
                    @for (why, columns) in &reasons {
                        li {
                            @for column in columns {
                                a.at href={ "#" (column.anchor()) } { (column.label) } " "
                            }
                            p { (why) }
                        }
                    }
                }
            }
        }
    }
}

/// What a scenario tries, where the table of claims knows it.
pub(super) fn about(scenario: &str) -> Option<&'static str> {
    scenarios::find(scenario).map(|scenario| scenario.summary)
}
