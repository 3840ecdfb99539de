//! What the page calls what was run: scenarios, or the cases of somebody's own suite.

use crate::results::Merged;

#[derive(Clone, Copy)]
pub(super) struct PageWords {
    pub(super) is_suite: bool,
    pub(super) one: &'static str,
    pub(super) many: &'static str,
    pub(super) heading: &'static str,
    /// What one may look for.
    pub(super) example: &'static str,
}

impl PageWords {
    pub(super) const fn of(merged: &Merged) -> Self {
        match merged.suite {
            false => Self {
                is_suite: false,
                one: "scenario",
                many: "scenarios",
                heading: "Scenario",
                example: "setns, EXDEV, runc …",
            },
            true => Self {
                is_suite: true,
                one: "case",
                many: "cases",
                heading: "Case",
                example: "a test, a case, a value …",
            },
        }
    }
}
