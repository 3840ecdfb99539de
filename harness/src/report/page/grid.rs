//! The matrix: a row a scenario, a column a kernel, time from left to right.

use std::collections::BTreeSet;
use std::fmt::Write;

use guest::{Scenario, scenarios};
use maud::{Markup, html};

use super::columns::{Column, fragment};
use super::mark;
use super::strip::{Boundary, Spot, Strip};
use super::summary::about;
use super::words::PageWords;
use crate::results::{Cell, Changes, Merged, Place, Row, Tally, Verdict};

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

/// The table.
pub(super) fn html(
    merged: &Merged,
    columns: &[Column],
    strips: &[Strip<'_>],
    changed: &BTreeSet<Place>,
) -> Markup {
    let words = PageWords::of(merged);
    let rows: Vec<(usize, &String)> = merged.scenarios.iter().enumerate().collect();
    let families = rows.chunk_by(|(_, a), (_, b)| family(a, words) == family(b, words));
    let width = columns.len() + 1;
    html! {
        div #matrix.matrix.wide[columns.len() > WIDE] tabindex="-1" {
            table {
                caption.unseen { (words.heading) "s by kernels, from old to new, one architecture after the other" }
                colgroup { col.name; @for _ in columns { col; } }
                thead {
                    tr {
                        th scope="col" { (words.one) }
                        @for (column, row) in columns.iter().zip(&merged.matrix.rows) {
                            @let red = row.cells.iter().any(|cell| cell.verdict.is_red());
                            @let (series, rest) = column.parts();
                            th.red[red] scope="col" {
                                a href={ "#" (column.anchor()) } {
                                    @if let Some(arch) = column.arch { small.arch { (arch.title()) } }
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
                        @if words.is_suite && family.len() > 1 {
                            (test(merged, columns, self::family(family[0].1, words), family))
                        }
                        @for (number, scenario) in family {
                            (row(merged, columns, scenario, &strips[*number], *number, changed))
                        }
                    }
                }
            }
            p #nothing.hint hidden { "No " (words.one) " is left: widen the filter." }
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

/// A test of a suite with all its cases: how many passed on each kernel, or are red.
fn test(merged: &Merged, columns: &[Column], name: &str, cases: &[(usize, &String)]) -> Markup {
    let at = format!("test@{}", fragment(name));
    let tally = |row: &Row| {
        Tally::of(
            cases
                .iter()
                .filter_map(|(number, _)| row.cells.get(*number)),
        )
    };
    html! {
        tr.family.test {
            th id=(at) scope="rowgroup" { a href={ "#" (at) } { (name) } }
            @for (row, column) in merged.matrix.rows.iter().zip(columns) {
                @let tally = tally(row);
                @let (class, text) = match (tally.red, tally.passed, tally.no_claim) {
                    (red @ 1.., _, _) => ("red", format!("✕ {red}")),
                    (0, 0, 0) => ("none", String::new()),
                    (0, 0, open) => ("open", format!("? {open}")),
                    (0, passed, _) => ("pass", passed.to_string()),
                };
                td class=(class) title={ (column.label) ": " (tally) } { (text) }
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
    changed: &BTreeSet<Place>,
) -> Markup {
    let id = match PageWords::of(merged).is_suite {
        true => format!("case@{}", fragment(scenario)),
        false => fragment(scenario),
    };
    let about = about(scenario);
    html! {
        tr.changing[strip.changes() > 0].reds[strip.has_red()] {
            th id=(id) scope="row" title=[about] { (scenario) }
            @for (at, (spot, column)) in strip.0.iter().zip(columns).enumerate() {
                @let place = (at, number);
                @let marks = Marks {
                    dissent: merged.dissent.contains_key(&place),
                    changed: changed.contains(&place),
                };
                (cell(spot, column, scenario, marks))
            }
        }
    }
}

/// What is told of a cell besides what it shows.
struct Marks {
    /// Runs disagree.
    dissent: bool,
    /// It changed since other runs.
    changed: bool,
}

fn cell(spot: &Spot<'_>, column: &Column, scenario: &str, marks: Marks) -> Markup {
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
    let since = if marks.changed { " since" } else { "" };
    let classes = format!("{}{tint}{boundary}{since}", mark::class(cell.verdict));
    let on_source = cell.rests_on_source();
    let mut label = format!("{}: {}{change}", column.label, cell.verdict);
    if marks.changed {
        label.push_str(", changed since");
    }
    if marks.dissent {
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
                @if marks.dissent { sup { "≠" } }
                @else if marks.changed { sup { "Δ" } }
                @else if on_source { sup { "*" } }
            }
        }
    }
}

/// The meaning of the signs that are used.
pub(super) fn legend(merged: &Merged, changes: Option<&Changes>) -> Markup {
    let words = PageWords::of(merged);
    let cells = || merged.matrix.rows.iter().flat_map(|row| &row.cells);
    let used: BTreeSet<Verdict> = cells().map(|cell| cell.verdict).collect();
    html! {
        ul.legend aria-label="Legend" {
            li { span.swatch.k0 {} span.swatch.k1 {} span.swatch.k2 {} " behaviours of a " (words.one) ", by first appearance" }
            li { span.swatch.k1.step {} " behaves otherwise than the kernel before" }
            li { span.swatch.k0.claim {} " another claim holds, the same is seen" }
            @for verdict in used.iter().filter(|verdict| **verdict != Verdict::Passed) {
                li { span class={ "swatch " (mark::class(*verdict)) } { (mark::sign(*verdict)) } " " (verdict) }
            }
            @if cells().any(Cell::rests_on_source) {
                li { span.swatch.k0 { sup { "*" } } " the claim rests on source: no kernel was seen to show it" }
            }
            @if changes.is_some() {
                li { span.swatch.k0 { sup { "Δ" } } " changed since" }
            }
            @if !merged.dissent.is_empty() {
                li { span.swatch.k0 { sup { "≠" } } " runs disagree" }
            }
        }
    }
}

/// The family of a scenario. Of what is not in the table, those that begin with the same
/// word are one; of a suite, a test with its cases is one.
fn family(scenario: &str, words: PageWords) -> &str {
    if words.is_suite {
        return scenario.split("::").next().unwrap_or(scenario);
    }
    let word = || scenario.split('_').next().unwrap_or(scenario);
    chapter(scenario).unwrap_or_else(word)
}

/// The family, where the table of claims has the scenario.
fn chapter(scenario: &str) -> Option<&'static str> {
    scenarios::find(scenario).map(Scenario::family)
}
