//! The list of runs: the only part of the page that names them.

use std::collections::BTreeSet;

use itertools::Itertools;
use maud::{Markup, html};

use crate::results::{Merged, MergedRun};

pub(super) fn html(merged: &Merged) -> Markup {
    let on = |run: &MergedRun| match run.accelerator {
        Some(accelerator) => format!("{} ({accelerator})", run.host),
        None => run.host.clone(),
    };
    let hosts: BTreeSet<String> = merged.sources.iter().map(on).collect();
    let date = |at: Option<&MergedRun>| at.map(|run| run.started.strftime("%-d %B %Y").to_string());
    let (first, last) = (date(merged.sources.first()), date(merged.sources.last()));
    html! {
        @for flaw in merged.flaws_in_words() {
            p { b { "✕ " (flaw) } }
        }
        @if let Some(missing) = merged.missing_in_words() {
            p { b { "✕ " (missing) } ": their kernels are not on this page." }
        }
        @if let Some(cut) = merged.cut_short_in_words() {
            p { b { "✕ " (cut) } ": the kernels they did not come to are not on this page." }
        }
        @if let (Some(first), Some(last)) = (first, last) {
            details.sources {
                    summary {
                        (merged.sources.len()) (if merged.sources.len() == 1 { " run" } else { " runs" })
                        ", " (first) @if first != last { " to " (last) }
                        ", on " (hosts.iter().join(", "))
                    }
                    div.scroll { (table(merged)) }
                }
        }
    }
}

fn table(merged: &Merged) -> Markup {
    html! {
        table {
            thead {
                tr {
                    @for name in ["run", "began", "host", "accelerator", "kernels", "ended"] {
                        th scope="col" { (name) }
                    }
                }
            }
            tbody {
                @for run in &merged.sources {
                    tr {
                        th scope="row" { (run.run) }
                        td { (run.started.strftime("%Y-%m-%d %H:%M UTC")) }
                        td { (run.host) }
                        td { (run.accelerator.map_or("none", |accelerator| accelerator.name())) }
                        td { (run.kernels) }
                        td { (if run.finished { "yes" } else { "✕ cut short" }) }
                    }
                }
            }
        }
    }
}
