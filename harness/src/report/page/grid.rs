//! The matrix: a row a scenario, a column a kernel, time from left to right.

use std::collections::BTreeSet;
use std::fmt::Write;

use guest::{Scenario, scenarios};
use maud::{Markup, html};

use super::columns::{Column, slug};
use super::mark;
use super::strip::{Boundary, Spot, Strip};
use super::summary::about;
use crate::results::{Cell, Merged, Verdict};

/// With more kernels than that, the matrix scrolls within the page.
const WIDE: usize = 20;
/// The number of tints: behaviours beyond that share the last one.
const TINTS: usize = 6;
/// How long a text fits into one cell of a narrow window, in bytes.
const SHORT: usize = 2;
/// How many steps a bar of changes has.
const STEPS: usize = 8;

/// The rules that let a text run over several cells. A style sheet must have
/// them, for the policy allows no style in an element.
pub(super) fn spans(columns: usize) -> String {
    let mut rules = String::new();
    for n in 2..=columns {
        let _ = write!(rules, ".n{n}{{--n:{n}}}");
    }
    rules
}

/// The filters. They need the script, which shows them.
pub(super) fn controls(columns: &[Column]) -> Markup {
    let bound = |id: &str, name: &str, chosen: usize| {
        html! {
            label for=(id) { (name) }
            select id=(id) {
                @for (number, column) in columns.iter().enumerate() {
                    option value=(number) selected[number == chosen] { (column.label) }
                }
            }
        }
    };
    html! {
        form #controls role="search" hidden {
            span.field {
                label for="scenario" { "Scenario" }
                input #scenario type="search" placeholder="setns, EXDEV, runc …"
                    autocomplete="off" spellcheck="false" aria-keyshortcuts="/";
            }
            span.field.range {
                (bound("from", "From", 0))
                (bound("to", "to", columns.len().saturating_sub(1)))
            }
            label.check { input #changing type="checkbox"; " changes only" }
            label.check { input #reds type="checkbox"; " red only" }
            output #shown for="scenario from to changing reds" {}
        }
    }
}

/// The table.
pub(super) fn html(merged: &Merged, columns: &[Column], strips: &[Strip<'_>]) -> Markup {
    let rows: Vec<(usize, &String)> = merged.scenarios.iter().enumerate().collect();
    let families = rows.chunk_by(|(_, a), (_, b)| family(a) == family(b));
    let width = columns.len() + 1;
    html! {
        div #matrix.matrix.wide[columns.len() > WIDE] tabindex="-1" {
            table {
                caption.unseen { "Scenarios by kernels, from old to new" }
                colgroup { col.name; @for _ in columns { col; } }
                thead {
                    tr {
                        th scope="col" { "scenario" }
                        @for (column, row) in columns.iter().zip(&merged.matrix.rows) {
                            @let red = row.cells.iter().any(|cell| cell.verdict.is_red());
                            @let (series, rest) = column.parts();
                            th.red[red] scope="col" {
                                a href={ "#" (column.anchor()) } {
                                    b { (series) } @if !rest.is_empty() { small { (rest) } }
                                }
                            }
                        }
                    }
                    (changes(columns, strips))
                }
                @for family in families {
                    tbody {
                        @if let Some(chapter) = chapter(family[0].1) {
                            tr.family {
                                th id={ "family-" (chapter) } scope="rowgroup" colspan=(width) {
                                    a href={ "#family-" (chapter) } { (chapter.replace('_', " ")) }
                                }
                            }
                        }
                        @for (number, scenario) in family {
                            (row(merged, columns, scenario, &strips[*number], *number))
                        }
                    }
                }
            }
            p #nothing.hint hidden { "No scenario is left: widen the filter." }
        }
    }
}

/// How many scenarios changed their behaviour since the kernel before.
fn changes(columns: &[Column], strips: &[Strip<'_>]) -> Markup {
    let changes = |at: usize| strips.iter().filter(|strip| strip.0[at].changes()).count();
    let changes: Vec<usize> = (0..columns.len()).map(changes).collect();
    let most = changes.iter().copied().max().unwrap_or(0).max(1);
    html! {
        tr.changes {
            th scope="row" { "changes" }
            @for count in changes {
                @let height = (count * STEPS).div_ceil(most);
                td {
                    @if count > 0 {
                        svg viewBox="0 0 1 8" preserveAspectRatio="none" aria-hidden="true" {
                            rect y=(STEPS - height) width="1" height=(height) {}
                        }
                        span { (count) }
                    }
                }
            }
        }
    }
}

fn row(
    merged: &Merged,
    columns: &[Column],
    scenario: &str,
    strip: &Strip<'_>,
    number: usize,
) -> Markup {
    let about = about(scenario);
    html! {
        tr.changing[strip.changes() > 0].reds[strip.has_red()] {
            th #(slug(scenario)) scope="row" title=[about] { (scenario) }
            @for (at, (spot, column)) in strip.0.iter().zip(columns).enumerate() {
                (cell(spot, column, scenario, merged.dissent.contains_key(&(at, number))))
            }
        }
    }
}

fn cell(spot: &Spot<'_>, column: &Column, scenario: &str, dissent: bool) -> Markup {
    let cell = spot.cell;
    let (boundary, change) = match spot.boundary {
        Boundary::None => ("", ""),
        Boundary::Claim => (" claim", ", another claim holds"),
        Boundary::Behaviour => (" step", ", behaves otherwise"),
    };
    let tint = match spot.behaviour.filter(|_| !cell.verdict.is_red()) {
        Some(behaviour) => format!(" k{}", behaviour.min(TINTS - 1)),
        None => String::new(),
    };
    let classes = format!("{}{tint}{boundary}", mark::class(cell.verdict));
    let on_source = cell.rests_on_source();
    let mut label = format!("{}: {}{change}", column.label, cell.verdict);
    if dissent {
        label.push_str(", runs disagree");
    }
    if on_source {
        label.push_str(", claim rests on source");
    }
    html! {
        td class=(classes) {
            a href={ "#" (column.cell(scenario)) } aria-label=(label) {
                (mark::sign(cell.verdict))
                @if let Some((text, cells)) = &spot.news {
                    span class={ "t" @if *cells > 1 { " n" (cells) } @else if text.len() > SHORT { " long" } } { (text) }
                }
                @if dissent { sup { "≠" } } @else if on_source { sup { "*" } }
            }
        }
    }
}

/// The meaning of the signs that are used.
pub(super) fn legend(merged: &Merged) -> Markup {
    let cells = || merged.matrix.rows.iter().flat_map(|row| &row.cells);
    let used: BTreeSet<Verdict> = cells().map(|cell| cell.verdict).collect();
    html! {
        ul.legend aria-label="Legend" {
            li { span.swatch.k0 {} span.swatch.k1 {} span.swatch.k2 {} " behaviours of a scenario, by first appearance" }
            li { span.swatch.k1.step {} " behaves otherwise than the kernel before" }
            li { span.swatch.k0.claim {} " another claim holds, the same is seen" }
            @for verdict in used.iter().filter(|verdict| **verdict != Verdict::Passed) {
                li { span class={ "swatch " (mark::class(*verdict)) } { (mark::sign(*verdict)) } " " (verdict) }
            }
            @if cells().any(Cell::rests_on_source) {
                li { span.swatch.k0 { sup { "*" } } " the claim rests on source: no kernel was seen to show it" }
            }
            @if !merged.dissent.is_empty() {
                li { span.swatch.k0 { sup { "≠" } } " runs disagree" }
            }
        }
    }
}

/// The family of a scenario. Of what is not in the table, those that begin with the same
/// word are one.
fn family(scenario: &str) -> &str {
    let word = || scenario.split('_').next().unwrap_or(scenario);
    chapter(scenario).unwrap_or_else(word)
}

/// The family, where the table of claims has the scenario.
fn chapter(scenario: &str) -> Option<&'static str> {
    scenarios::find(scenario).map(Scenario::family)
}
