//! The figures of a stress run.

use std::collections::BTreeMap;
use std::fmt::Write;

use indicatif::{ProgressBar, ProgressStyle};

use crate::stress::{Figures, Stress};

const BAR: &str = "{elapsed_precise} {pos} of {len} boots {bar:20} {msg}";

/// Progress of a stress run on stderr: a bar where it is a terminal, else nothing.
#[derive(Debug)]
pub struct StressProgress(ProgressBar);

impl StressProgress {
    /// Of so many boots.
    #[must_use]
    pub fn of(boots: usize) -> Self {
        let bar = ProgressBar::new(boots as u64);
        // A template without this crate's own mistakes always parses.
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So far it came to this.
    pub fn tell(&self, figures: &Figures) {
        self.0.set_position(figures.boots as u64);
        self.0.set_message(format!(
            "{} wrong, {} lost, {} orphans",
            figures.wrong.len(),
            figures.lost.len(),
            figures.orphans.len()
        ));
    }
}

/// A table of the figures, and what went wrong one by one.
#[must_use]
pub fn stress(stress: &Stress, figures: &Figures) -> String {
    let mut text = format!(
        "{} machines side by side, {} processors busy with other work, seed {}\n\n",
        stress.jobs, stress.load, stress.seed
    );
    let faults: usize = figures.faults.values().sum();
    let hostile: usize = figures.hostile.values().sum();
    let rows = [
        ("boots", figures.boots),
        ("kernels", figures.by_kernel.len()),
        ("results that arrived and are right", figures.results),
        ("faults injected", faults),
        ("runs killed", figures.killed),
        ("runs on a hostile host", hostile),
        ("wrong verdicts", figures.wrong.len()),
        ("lost results", figures.lost.len()),
        ("orphans", figures.orphans.len()),
        ("boots made again", figures.retries.len()),
    ];
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, count) in rows {
        let _ = writeln!(text, "| {name:width$} | {count:>6} |");
    }
    let counted = |counts: &BTreeMap<String, usize>| {
        let each = counts.iter().map(|(name, count)| format!("{name} {count}"));
        each.collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(text, "\nboots by kernel: {}", counted(&figures.by_kernel));
    if faults > 0 {
        let _ = writeln!(text, "faults: {}", counted(&figures.faults));
    }
    if hostile > 0 {
        let _ = writeln!(text, "hostile hosts: {}", counted(&figures.hostile));
    }
    let _ = writeln!(
        text,
        "the slowest took {:.1} s",
        figures.longest.as_secs_f64()
    );
    for (what, list) in [
        ("WRONG", &figures.wrong),
        ("LOST", &figures.lost),
        ("ORPHAN", &figures.orphans),
        ("made again", &figures.retries),
    ] {
        for one in list {
            let _ = writeln!(text, "{what}: {one}");
        }
    }
    text
}
