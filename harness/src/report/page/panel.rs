//! The panel of a cell: the claim and the observation side by side, and why.
//!
//! Cells that agree in all of that share a panel. Each cell has its own fragment in the
//! panel, so that a browser opens it without a script.

use maud::{Markup, html};

use super::columns::Column;
use super::parts::{close, said};
use super::summary::about;
use super::{kernel_panel, mark};
use crate::report::basis::basis_of;
use crate::report::details::reproduce;
use crate::results::{Cell, Claimed, Comparison, Merged, Row};
use crate::system::grouped;

/// A panel of one or more cells.
struct Panel<'a> {
    /// The first of them.
    cell: &'a Cell,
    /// The number of the scenario.
    scenario: usize,
    console: &'a [String],
    /// The numbers of the kernels.
    kernels: Vec<usize>,
}

/// The panels of all cells and kernels.
pub(super) fn html(merged: &Merged, columns: &[Column]) -> Markup {
    let rows = &merged.matrix.rows;
    html! {
        div #panels {
            @for scenario in 0..merged.scenarios.len() {
                @for panel in panels(rows, scenario) { (panel.html(merged, columns)) }
            }
            @for (row, column) in rows.iter().zip(columns) { (kernel_panel::html(row, column)) }
        }
    }
}

/// The panels of a scenario.
fn panels(rows: &[Row], scenario: usize) -> impl Iterator<Item = Panel<'_>> {
    let cells = rows.iter().enumerate().map(move |(kernel, row)| {
        let cell = &row.cells[scenario];
        let seen = (&cell.claim, &cell.observed, console(row, cell));
        ((cell.verdict, &cell.why, seen), kernel)
    });
    let panels = grouped(cells).into_iter();
    panels.map(move |((_, _, (_, _, console)), kernels)| Panel {
        cell: &rows[kernels[0]].cells[scenario],
        scenario,
        console,
        kernels,
    })
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
        h3 { "Claimed " (claim.of_what()) }
        p { (claim.because) }
        @if let Some(commit) = &claim.commit { p.commit { (linked(commit)) } }
        p.basis { (basis_of(claim)) }
        @if !claim.links.is_empty() {
            h3 { @if claim.vendor.is_some() { "Told in" } @else { "Where people met it" } }
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
