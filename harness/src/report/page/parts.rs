//! What the panels of cells and of kernels share.

use maud::{Markup, html};

use crate::results::Verdict;

/// Closes the panel: a fragment without a target scrolls nothing.
pub(super) fn close() -> Markup {
    html! { a.close href="#-" aria-label="Close" { "✕" } }
}

/// So many items of a list are shown at once; the others unfold.
const AT_ONCE: usize = 12;

/// A list, of which the most unfolds.
pub(super) fn folded(mut items: Vec<Markup>) -> Markup {
    let rest = items.split_off(items.len().min(AT_ONCE));
    html! {
        ul { @for item in &items { (item) } }
        @if !rest.is_empty() {
            details {
                summary { (rest.len()) " more" }
                ul { @for item in &rest { (item) } }
            }
        }
    }
}

/// The console, if the scenario ran.
pub(super) fn said(console: &[String], verdict: Verdict) -> Markup {
    html! {
        @if !console.is_empty() {
            h3 { "Console" }
            pre.console tabindex="0" { @for line in console { (line) "\n" } }
        } @else if verdict != Verdict::NotRun {
            h3 { "Console" }
            p.hint { "It held nothing meanwhile." }
        }
    }
}
