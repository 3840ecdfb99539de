//! The filters. They need the script, which shows them.

use maud::{Markup, html};

use super::columns::Column;
use super::words::PageWords;

/// `compares`: whether the page tells what changed since other runs.
pub(super) fn html(words: PageWords, columns: &[Column], compares: bool) -> Markup {
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
    let check = |id: &str, text: &str| {
        html! { label.check { input id=(id) type="checkbox"; " " (text) } }
    };
    html! {
        form #controls role="search" hidden {
            span.field {
                label for="scenario" { (words.heading) }
                input #scenario type="search" placeholder=(words.example)
                    autocomplete="off" spellcheck="false" aria-keyshortcuts="/";
            }
            span.field.range {
                (bound("from", "From", 0))
                (bound("to", "to", columns.len().saturating_sub(1)))
            }
            (check("changing", "changes only"))
            (check("reds", "red only"))
            @if compares { (check("since", "changed since only")) }
            @if words.is_suite { (check("tests", "tests only")) }
            output #shown for="scenario from to changing reds" data-noun=(words.many) {}
        }
    }
}
