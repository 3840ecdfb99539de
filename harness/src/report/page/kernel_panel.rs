//! The panel of a kernel: its release, and how it was booted.

use maud::{Markup, html};

use super::columns::Column;
use super::parts::{close, said};
use crate::report::details::reproduce_kernel;
use crate::results::{Row, Tally, Verdict};

pub(super) fn html(row: &Row, column: &Column) -> Markup {
    let tally = row.tally();
    html! {
        article.panel #(column.anchor()) {
            (close())
            p class={ "badge " (badge(tally)) } { (tally) }
            h2 { "Linux " (column.label) }
            @if let Some(problem) = &row.problem { p.why { (problem) } }
            dl.facts {
                @if row.name != column.label { dt { "name" } dd { (row.name) } }
                @if let Some(kernel) = &row.kernel {
                    dt { "release" } dd { (kernel.release) }
                    dt { "build" } dd { (kernel.version) }
                } @else {
                    dt { "release" } dd { "the guest did not come up" }
                }
                @if let Some(image) = &row.image { dt { "image" } dd { (image) } }
                @if let Some(substitute) = &row.substitute {
                    dt { "stands in" } dd { (substitute.served) " for " (substitute.pinned) }
                }
            }
            h3 { "Reproduce" }
            pre.command { code { (reproduce_kernel(row)) } }
            @if !row.last_lines.is_empty() { (said(&row.last_lines, Verdict::Passed)) }
        }
    }
}

/// The style class of the worst result.
fn badge(tally: Tally) -> &'static str {
    if tally.red > 0 || tally.qemu_failed > 0 {
        "red"
    } else if tally.passed > 0 {
        "pass"
    } else {
        "none"
    }
}
