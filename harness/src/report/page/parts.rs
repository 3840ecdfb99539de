//! What the panels of cells and of kernels share.

use maud::{Markup, html};

use crate::results::Verdict;

/// Closes the panel: a fragment without a target scrolls nothing.
pub(super) fn close() -> Markup {
    html! { a.close href="#-" aria-label="Close" { "✕" } }
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
