//! What was measured on real kernels, held against what is claimed of them.

use std::collections::HashMap;

use guest::{Observation, Version, scenarios, versions};

const MEASURED: &str = include_str!("fixtures/measured.tsv");
const COVERED: &str = include_str!("fixtures/covered.tsv");
const IN_OTHER_WORDS: &str = include_str!("fixtures/in_other_words.tsv");

/// The kernels behind each column of what was measured.
const COLUMNS: [&[Version]; 3] = [
    versions!["3.10.4"],
    versions!["3.12.0"],
    versions!["5.10.223", "6.1.176", "6.12.117"],
];

/// What no scenario looks at, and why.
const NOT_COVERED: &[(&str, &str)] = &[(
    "after.setns_back_unshare_again",
    "on 3.10.4 it hit the moment after pthread_join(3) in which the thread still counts in \
         mm_users; after_unshare_setns_back waits until it has gone, and is let through",
)];

#[test]
fn every_case_is_covered_or_not_for_a_reason() {
    let mut measured: Vec<&str> = table(MEASURED).map(|[case, ..]| case).collect();
    let covered = table(COVERED).map(|[case, ..]| case);
    let mut other: Vec<&str> = table(IN_OTHER_WORDS).map(|[case, ..]| case).collect();
    other.dedup();
    let not = NOT_COVERED.iter().map(|(case, _)| *case);
    let mut known: Vec<&str> = covered.chain(other).chain(not).collect();
    known.sort_unstable();
    measured.sort_unstable();
    assert_eq!(known, measured);
}

#[test]
fn claims_say_what_was_measured() {
    let measured = measured();
    for [case, scenario, call, child] in table(COVERED) {
        for (text, versions) in measured[case].iter().zip(COLUMNS) {
            let (call_said, child_said) = read(text);
            for (fact, said) in [(call, call_said), (child, child_said)] {
                if let Some(said) = said {
                    assert_claimed(case, scenario, versions, fact, &said);
                }
            }
        }
    }
}

#[test]
fn claims_say_in_their_words_what_was_measured() {
    let measured = measured();
    for [case, ..] in table(IN_OTHER_WORDS) {
        for (text, versions) in measured[case].iter().zip(COLUMNS) {
            let translation =
                table(IN_OTHER_WORDS).find(|[other, _, words, _]| other == &case && words == text);
            let Some([_, scenario, _, said]) = translation else {
                panic!("{case}: {text:?} in other words?");
            };
            for fact in Observation::written(said).0 {
                assert_claimed(case, scenario, versions, &fact.name, &fact.value);
            }
        }
    }
}

fn assert_claimed(case: &str, scenario: &str, versions: &[Version], fact: &str, said: &str) {
    let known = scenarios::find(scenario);
    let known = known.unwrap_or_else(|| panic!("{case}: no scenario {scenario:?}"));
    for version in versions {
        let claim = known.claim(*version).expect("3.2 is long ago");
        assert_eq!(
            claim.observation().get(fact),
            Some(said),
            "{case}: {fact} of {scenario} on {version}"
        );
    }
}

/// The rows of a table, without its comments and its heading.
fn table(text: &'static str) -> impl Iterator<Item = [&'static str; 4]> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("four columns: {line:?}"))
    })
}

/// What was measured, by case.
fn measured() -> HashMap<&'static str, [&'static str; 3]> {
    let by_case = |[case, old, middle, later]: [_; 4]| (case, [old, middle, later]);
    table(MEASURED).map(by_case).collect()
}

/// How the call ended and what the child saw, as facts have it: of
/// `ok child=1`, that is `ok` and `1`; of `fork ENOMEM`, nothing and
/// `fork:ENOMEM`.
fn read(text: &str) -> (Option<String>, Option<String>) {
    if let Some(errno) = text.strip_prefix("fork ") {
        return (None, Some(format!("fork:{errno}")));
    }
    let (mut call, mut child) = (None, None);
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("child", pid)) => child = Some(pid.to_owned()),
            None => call = Some(word.to_owned()),
            Some(_) => panic!("not to be read: {text:?}"),
        }
    }
    (call, child)
}
