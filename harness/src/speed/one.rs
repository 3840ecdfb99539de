//! One kernel: the whole command over bare QEMU.

use std::process::Command;

use super::contest::Contest;
use super::floor::{BARE, OURS};
use super::line::{Figure, Goal, Line, Measured};
use super::{Entry, Speed};

const GOAL: Goal = Goal::AtMost(1.15);
/// A scenario as good as any, for what a single one takes.
const SCENARIO: &str = "unshare_newpid_single_threaded";

/// The commands, by what is shown of them.
const RUN: &str = "`run -- true`";
const ALL: &str = "`test-kernels`, all scenarios";
const SINGLE: &str = "`test-kernels`, one scenario";

/// Enters the commands; where this figure is not wanted, the one that its peers are
/// held against.
pub(crate) fn enter(contest: &mut Contest<'_>, speed: &Speed, entry: &Entry) {
    let command = |before: &[&str], after: &[&str]| {
        let mut command = Command::new(&speed.program);
        command.args(before).arg(&entry.spec);
        command
            .args(["--accel", entry.machine.accelerator.name()])
            .args(after);
        command
    };
    contest.enter(RUN, command(&["run", "--kernel"], &["--", "true"]));
    if !speed.wants(Figure::One) {
        return;
    }
    contest.enter(ALL, command(&["test-kernels"], &[]));
    contest.enter(
        SINGLE,
        command(&["test-kernels"], &["--scenario", SCENARIO]),
    );
}

/// Each over bare QEMU, for which there is a goal, and over the machine that it
/// boots, which is what the harness and the work in the guest add.
pub(crate) fn lines(contest: &Contest<'_>, entry: &Entry) -> Vec<Line> {
    let mut lines = Vec::new();
    for what in [RUN, ALL, SINGLE] {
        for (against, goal) in [(BARE, Some(GOAL)), (OURS, None)] {
            let measured = contest
                .took(what)
                .and_then(|took| Ok(Measured::of(took, contest.took(against)?)));
            lines.push(Line {
                figure: Figure::One,
                kernel: entry.name.clone(),
                what: what.to_owned(),
                against: against.to_owned(),
                result: measured.map_err(|error| format!("{error:#}")),
                goal,
            });
        }
    }
    lines
}

/// What a user of another program would run instead, for comparison with it.
pub(crate) fn run_took(contest: &Contest<'_>) -> anyhow::Result<super::stopwatch::Took> {
    contest.took(RUN)
}
