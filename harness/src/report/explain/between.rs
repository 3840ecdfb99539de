//! What changes from one version to another.

use std::fmt::{self, Write};

use guest::{Claim, Scenario, Version};
use serde::Serialize;

use super::json::{CommitJson, pretty};
use crate::report::difference::{Difference, differences};
use crate::system::grouped;

/// What a program meets that moves from one version of Linux to a later one, by family.
#[derive(Clone, Debug, Serialize)]
pub struct Between {
    from: Version,
    to: Version,
    /// How many scenarios were asked.
    scenarios: usize,
    changes: Vec<ChangedScenario>,
}

/// A scenario that shows something else on the later version.
#[derive(Clone, Debug, Serialize)]
struct ChangedScenario {
    family: &'static str,
    scenario: &'static str,
    summary: &'static str,
    facts: Vec<Difference>,
    /// The claims that begin on the way, oldest first.
    steps: Vec<ClaimBegun>,
}

/// A claim that begins between the versions.
#[derive(Clone, Debug, Serialize)]
struct ClaimBegun {
    since: Version,
    /// Earlier point releases from which it holds, too.
    backports: &'static [Version],
    because: &'static str,
    commit: Option<CommitJson>,
}

impl Between {
    /// What changes in these scenarios.
    ///
    /// Where something changed and changed back on the way, there is nothing to tell: a
    /// floor that moves does not stop in between.
    ///
    /// # Errors
    /// Why the versions make no sense: the second is no later one, or nothing is claimed of
    /// the first.
    pub fn of(scenarios: &[&'static Scenario], from: Version, to: Version) -> Result<Self, String> {
        if from >= to {
            return Err(format!("{to} is not later than {from}"));
        }
        let claims = scenarios.iter().flat_map(|one| one.claims);
        if let Some(oldest) = claims.map(|claim| claim.since).min()
            && from < oldest
        {
            return Err(format!("nothing is claimed of {from}: begin with {oldest}"));
        }
        let changes = scenarios.iter();
        Ok(Self {
            from,
            to,
            scenarios: scenarios.len(),
            changes: changes.filter_map(|one| change(one, from, to)).collect(),
        })
    }

    /// The same, as one JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        pretty(self)
    }
}

fn change(scenario: &'static Scenario, from: Version, to: Version) -> Option<ChangedScenario> {
    let (before, after) = scenario.claim(from).zip(scenario.claim(to))?;
    let facts = differences(&before.observation(), &after.observation());
    if facts.is_empty() {
        return None;
    }
    let steps = scenario.claims.iter();
    let steps = steps.filter(|claim| claim.since > before.since && claim.since <= after.since);
    Some(ChangedScenario {
        family: scenario.family(),
        scenario: scenario.name,
        summary: scenario.summary,
        facts,
        steps: steps.map(ClaimBegun::of).collect(),
    })
}

impl ClaimBegun {
    fn of(claim: &'static Claim) -> Self {
        Self {
            since: claim.since,
            backports: claim.backports,
            because: claim.because,
            commit: claim.commit.as_ref().map(CommitJson::of),
        }
    }
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        let changed = self.changes.len();
        writeln!(
            f,
            "What changes from {from} to {to}: {changed} of {} scenarios",
            self.scenarios
        )?;
        let families = self.changes.iter().map(|one| (one.family, one));
        for (family, changes) in grouped(families) {
            writeln!(f, "\n{family}")?;
            for change in changes {
                write!(f, "{change}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ChangedScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}: {}", self.scenario, self.summary)?;
        for Difference {
            fact,
            before,
            after,
        } in &self.facts
        {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            writeln!(f, "    {fact}: {} → {}", value(before), value(after))?;
        }
        for step in &self.steps {
            let mut line = format!("    since {}: {}\n", step.since, step.because);
            if let Some(commit) = &step.commit {
                let _ = writeln!(line, "      commit {commit}");
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use guest::{Facts, ProbeError};

    use super::*;

    fn no_probe(_: &mut Facts) -> Result<(), ProbeError> {
        Ok(())
    }

    const SCENARIO: Scenario = Scenario::new(
        "what a call does",
        no_probe,
        &[
            Claim::since(3, 2).shows("call=ENOSYS same=1"),
            Claim::since(5, 9)
                .shows("call=EINVAL same=1")
                .because("it is there")
                .commit("0123456789ab", "call: add it"),
            Claim::since(5, 11)
                .shows("call=ok same=1 more=2")
                .because("it knows the flag")
                .backported(&[Version::point(5, 10, 9)]),
            Claim::since(6, 0).shows("call=EINVAL same=1"),
        ],
    )
    .named("call");

    fn said(from: &str, to: &str) -> String {
        let version = |text: &str| text.parse().unwrap();
        Between::of(&[&SCENARIO], version(from), version(to))
            .unwrap()
            .to_string()
    }

    #[test]
    fn it_says_what_changes_and_what_made_it_so() {
        let said = said("3.10", "5.11");
        for words in [
            "What changes from 3.10 to 5.11: 1 of 1 scenarios\n",
            "  call: what a call does\n",
            "    call: ENOSYS → ok\n    more: - → 2\n",
            "    since 5.9: it is there\n      commit 0123456789ab (\"call: add it\")\n",
            "    since 5.11: it knows the flag\n",
        ] {
            assert!(said.contains(words), "{words:?} is missing:\n{said}");
        }
        assert!(!said.contains("same"), "{said}");
    }

    #[test]
    fn point_releases_count_and_what_changes_back_does_not() {
        assert!(said("5.10.9", "5.11").contains(": 0 of 1"));
        assert!(said("5.10.8", "5.11").contains("since 5.11"));
        assert!(said("5.9", "6.0").contains(": 0 of 1"));
    }

    #[test]
    fn versions_that_make_no_sense_are_refused() {
        let refused = |from: Version, to: Version| {
            let between = Between::of(&[&SCENARIO], from, to);
            between.unwrap_err()
        };
        let (old, new) = (Version::new(2, 6), Version::new(5, 11));
        assert!(refused(old, new).contains("nothing is claimed of 2.6: begin with "));
        assert_eq!(refused(new, new), "5.11 is not later than 5.11");
    }

    #[test]
    fn the_same_is_there_as_json() {
        let between = Between::of(&[&SCENARIO], Version::new(5, 9), Version::new(5, 11)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&between.json()).unwrap();
        assert_eq!(json["from"], "5.9");
        let change = &json["changes"][0];
        assert_eq!(change["facts"][0]["before"], "EINVAL");
        assert_eq!(change["facts"][0]["after"], "ok");
        assert_eq!(change["steps"][0]["since"], "5.11");
        assert_eq!(change["steps"][0]["backports"][0], "5.10.9");
    }
}
