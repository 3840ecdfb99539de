//! What changed since other runs.

use maud::{Markup, html};

use super::columns::Column;
use super::parts::folded;
use crate::report::changes::{ChangedTogether, changed_together, kernel_in_words};
use crate::results::{Cell, ChangedCell, Changes, Merged};

pub(super) fn html(changes: &Changes, merged: &Merged, columns: &[Column]) -> Markup {
    let kernels = changes.kernels.iter();
    let kernels = kernels.map(|kernel| html! { li { p { (kernel_in_words(kernel)) } } });
    let together = changed_together(&changes.cells);
    let cells = together.iter().map(|cells| item(cells, merged, columns));
    html! {
        section.list aria-labelledby="changed" {
            h2 #changed { "What changed" }
            p.hint {
                "Since " (changes.before.join(", ")) ". "
                (changes.cells.len()) " changed, " (changes.same) " show the same."
            }
            (folded(kernels.chain(cells).collect()))
        }
    }
}

fn item(together: &ChangedTogether<'_>, merged: &Merged, columns: &[Column]) -> Markup {
    let first = together.first();
    html! {
        li {
            span.scenario { (first.scenario) }
            @for cell in &together.cells { (kernel(cell, merged, columns)) " " }
            p.facts {
                span { del { (word(&first.before)) } " → " ins { (word(&first.after)) } }
                @for fact in &together.facts { span { (fact) } " " }
            }
        }
    }
}

/// The kernel of a cell, as a link to it where it is on the page.
fn kernel(cell: &ChangedCell, merged: &Merged, columns: &[Column]) -> Markup {
    let at = cell.at.and_then(|(kernel, scenario)| {
        Some((columns.get(kernel)?, merged.scenarios.get(scenario)?))
    });
    html! {
        @match at {
            Some((column, scenario)) => a.at href={ "#" (column.cell(scenario)) } { (column.label) },
            None => span.at { (cell.kernel) },
        }
    }
}

fn word(cell: &Option<Cell>) -> &'static str {
    cell.as_ref().map_or("nothing", |cell| cell.verdict.word())
}
