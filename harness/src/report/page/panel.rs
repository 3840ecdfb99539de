//! The panel of a cell: the claim and the observation side by side, and why.
//!
//! Cells that agree in all of that share a panel. Each cell has its own fragment in the
//! panel, so that a browser opens it without a script.

use maud::{Markup, html};

use super::columns::Column;
use super::parts::{close, said};
use super::summary::about;
use super::{kernel_panel, mark};
use crate::report::basis;
use crate::report::details::reproduce;
use crate::results::{Cell, Claimed, Comparison, Merged, Row};

/// The panels of all cells.
pub(super) struct Panels<'a>(Vec<Panel<'a>>);

/// A panel of one or more cells.
struct Panel<'a> {
    cell: &'a Cell,
    /// The number of the scenario.
    scenario: usize,
    console: &'a [String],
    /// The numbers of the kernels.
    kernels: Vec<usize>,
}

impl<'a> Panels<'a> {
    pub(super) fn of(merged: &'a Merged) -> Self {
        let mut panels = Vec::new();
        for scenario in 0..merged.scenarios.len() {
            let first = panels.len();
            for (kernel, row) in merged.matrix.rows.iter().enumerate() {
                let cell = &row.cells[scenario];
                let console = console(row, cell);
                let of_scenario: &mut [Panel<'a>] = &mut panels[first..];
                match of_scenario
                    .iter_mut()
                    .find(|panel| panel.holds(cell, console))
                {
                    Some(panel) => panel.kernels.push(kernel),
                    None => panels.push(Panel {
                        cell,
                        scenario,
                        console,
                        kernels: vec![kernel],
                    }),
                }
            }
        }
        Self(panels)
    }

    pub(super) fn html(&self, merged: &Merged, columns: &[Column]) -> Markup {
        html! {
            div #panels {
                @for panel in &self.0 { (panel.html(merged, columns)) }
                @for (row, column) in merged.matrix.rows.iter().zip(columns) {
                    (kernel_panel::html(row, column))
                }
            }
        }
    }
}

/// The console during the scenario, or its last lines if the cell is red and there is
/// nothing else.
fn console<'a>(row: &'a Row, cell: &'a Cell) -> &'a [String] {
    if cell.console.is_empty() && cell.verdict.is_red() {
        &row.last_lines
    } else {
        &cell.console
    }
}

impl Panel<'_> {
    fn holds(&self, cell: &Cell, console: &[String]) -> bool {
        let of = |cell: &Cell| (cell.verdict, cell.why.clone());
        of(self.cell) == of(cell)
            && self.cell.claim == cell.claim
            && self.cell.observed == cell.observed
            && self.console == console
    }

    fn html(&self, merged: &Merged, columns: &[Column]) -> Markup {
        let cell = self.cell;
        html! {
            article.panel {
                (close())
                p class={ "badge " (mark::class(cell.verdict)) } { (cell.verdict) }
                h2 { (cell.scenario) }
                @if let Some(about) = about(&cell.scenario) { p.about { (about) } }
                ul.kernels aria-label="Kernels" {
                    @for &kernel in &self.kernels {
                        (self.kernel(merged, &columns[kernel], kernel))
                    }
                }
                @if let Some(why) = &cell.why { p.why { (why) } }
                (side_by_side(cell))
                @if let Some(claim) = &cell.claim { (claimed(claim)) }
                (said(self.console, cell.verdict))
            }
        }
    }

    fn kernel(&self, merged: &Merged, column: &Column, number: usize) -> Markup {
        let row = &merged.matrix.rows[number];
        let at = column.cell(&self.cell.scenario);
        html! {
            li id=(at) {
                a href={ "#" (at) } { (column.label) }
                div.own {
                    h3 { "Reproduce on " a href={ "#" (column.anchor()) } { (column.label) } }
                    pre.command { code { (reproduce(row, self.cell)) } }
                    @if let Some(seen) = merged.dissent.get(&(number, self.scenario)) {
                        p.why {
                            "Runs disagree:"
                            @for seen in seen { br; (seen.run) ": " (seen.verdict) }
                        }
                    }
                }
            }
        }
    }
}

fn side_by_side(cell: &Cell) -> Markup {
    let rows = cell.comparison();
    let disagrees = |fact: &Comparison| cell.claim.is_some() && !fact.agrees();
    html! {
        @if !rows.is_empty() {
            div.scroll {
                table.facts {
                    thead { tr {
                        th scope="col" { "fact" } th scope="col" { "claimed" } th scope="col" { "observed" }
                    } }
                    tbody {
                        @for fact in &rows {
                            tr.differs[disagrees(fact)] {
                                th scope="row" { (fact.fact) }
                                td { (fact.expected.as_deref().unwrap_or("–")) }
                                td {
                                    (fact.observed.as_deref().unwrap_or("–"))
                                    @if disagrees(fact) { b { " ✕" span.unseen { " not what is claimed" } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn claimed(claim: &Claimed) -> Markup {
    html! {
        h3 { "Claimed since " (claim.since) }
        p { (claim.because) }
        @if let Some(commit) = &claim.commit { p.commit { (linked(commit)) } }
        p.basis { (basis(&claim.observed)) }
        @if !claim.links.is_empty() {
            h3 { "Where people met it" }
            ul.links { @for link in &claim.links { li { (address(link)) } } }
        }
    }
}

/// A commit, `id ("title")`, as a link to it.
fn linked(commit: &str) -> Markup {
    let (id, title) = commit.split_once(' ').unwrap_or((commit, ""));
    let title = title
        .strip_prefix("(\"")
        .and_then(|title| title.strip_suffix("\")"));
    html! {
        @match title {
            Some(title) if id.chars().all(|c| c.is_ascii_hexdigit()) => {
                a href={ "https://git.kernel.org/linus/" (id) } rel="noreferrer" { code { (id) } }
                " " (title)
            }
            _ => (commit),
        }
    }
}

/// An address, as a link if it leads to the web.
fn address(link: &str) -> Markup {
    let short = link.strip_prefix("https://").unwrap_or(link);
    html! {
        @if link.starts_with("https://") {
            a href=(link) rel="noreferrer" { (short) }
        } @else {
            (link)
        }
    }
}
