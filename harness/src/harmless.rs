//! What a guest says, made harmless to print.
//!
//! A guest, or whoever writes to its console, may say anything: what would move
//! a terminal's cursor or begin a new line of a report does not get further.

use guest::{Fact, Kernel, Observation, Outcome};

/// A line without the control characters that a terminal would obey.
pub(crate) fn line(text: &str) -> String {
    let visible = |c: char| {
        if c.is_control() && c != '\t' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.trim_end_matches('\r').chars().map(visible).collect()
}

/// A kernel's names.
pub(crate) fn kernel(kernel: &Kernel) -> Kernel {
    Kernel {
        release: line(&kernel.release),
        version: line(&kernel.version),
    }
}

/// How a scenario ended, in its own words.
pub(crate) fn outcome(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Completed => Outcome::Completed,
        Outcome::NotApplicable(why) => Outcome::NotApplicable(line(why)),
        Outcome::Failed(why) => Outcome::Failed(line(why)),
        Outcome::Died(how) => Outcome::Died(line(how)),
        Outcome::TimedOut => Outcome::TimedOut,
    }
}

/// What a scenario saw.
pub(crate) fn observation(seen: &Observation) -> Observation {
    let fact = |fact: &Fact| Fact {
        name: line(&fact.name),
        value: line(&fact.value),
    };
    Observation(seen.0.iter().map(fact).collect())
}
