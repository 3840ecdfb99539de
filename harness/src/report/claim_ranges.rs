//! The range of versions of each claim, in words.

use std::fmt;

use guest::{Claim, Scenario, Version};
use itertools::Itertools;

/// A claim and where it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range<'a> {
    pub(super) claim: &'a Claim,
    /// The claim that it ends with, where it does.
    next: Option<&'a Claim>,
}

/// The claims of a scenario, oldest first.
pub(super) fn ranges(scenario: &Scenario) -> impl Iterator<Item = Range<'_>> {
    let nexts = scenario.claims.iter().skip(1).map(Some).chain([None]);
    let claims = scenario.claims.iter().zip(nexts);
    claims.map(|(claim, next)| Range { claim, next })
}

impl Range<'_> {
    /// The range and its exceptions.
    pub(super) fn with_exceptions(&self) -> String {
        [self.to_string()]
            .into_iter()
            .chain(self.exceptions())
            .join(", ")
    }

    /// Point releases to which it was backported, and those that have the next claim's
    /// change already.
    fn exceptions(&self) -> Vec<String> {
        let next = self.next.map_or(&[][..], |next| next.backports);
        let also = self.claim.backports.iter().map(|v| ("also", v));
        let not = next.iter().map(|v| ("not", v));
        also.chain(not)
            .map(|(word, v)| format!("{word} {} from {v}", series(*v)))
            .collect()
    }
}

/// `3.12.y`.
fn series(version: Version) -> String {
    format!("{}.{}.y", version.major, version.minor)
}

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.claim.since;
        match self.next.map(|next| (next, next.since.series_before())) {
            None => write!(f, "{since} and later"),
            Some((_, Some(last))) if last == since => write!(f, "{since}"),
            Some((_, Some(last))) => write!(f, "{since} to {last}"),
            Some((next, None)) => write!(f, "{since} to before {}", next.since),
        }
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
        "an example",
        no_probe,
        &[
            Claim::since(3, 2).shows("call=ENOSYS"),
            Claim::since(3, 12).shows("call=EINVAL"),
            Claim::since(3, 13)
                .shows("call=ok")
                .backported(&[Version::point(3, 12, 5)]),
            Claim::since(4, 0).shows("call=EPERM"),
        ],
    );

    #[test]
    fn a_claim_ends_where_the_next_begins() {
        let said: Vec<(String, Vec<String>)> = ranges(&SCENARIO)
            .map(|range| (range.to_string(), range.exceptions()))
            .collect();
        let said: Vec<(&str, String)> = said
            .iter()
            .map(|(range, exceptions)| (range.as_str(), exceptions.join(", ")))
            .collect();
        assert_eq!(
            said,
            [
                ("3.2 to 3.11", String::new()),
                ("3.12", "not 3.12.y from 3.12.5".to_owned()),
                ("3.13 to 3.19", "also 3.12.y from 3.12.5".to_owned()),
                ("4.0 and later", String::new()),
            ]
        );
    }
}
