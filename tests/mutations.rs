//! Proof that a red is possible: whatever fact of a scenario is made another, in
//! what is claimed or in what is seen, its cell turns red.

use guest::{Claim, Fact, Observation, Outcome, RunningKernel, Scenario, Version, scenarios};
use harness::{Verdict, judge};
use strata_tests::{PrintEvents, any_kernel, suite_of};

/// One boot, in which every scenario is held against a claim whose first fact is
/// false; and what was seen in it, held against all else that could be false.
#[test]
fn every_fact_that_a_kernel_shows_can_turn_its_cell_red() {
    let version = Version::of("6.1.176");
    let false_ones: Vec<Scenario> = scenarios::ALL
        .iter()
        .map(|scenario| {
            let mut expected = claim(scenario, version).observation();
            expected.0[0].value = another(&expected.0[0]);
            claiming(scenario, &expected)
        })
        .collect();
    let run = format!("tests-mutations-{}", std::process::id());
    let suite = suite_of(&run, vec![any_kernel()], false_ones.iter().collect()).unwrap();
    let matrix = suite.run(&PrintEvents);

    let row = &matrix.rows[0];
    let kernel = row.kernel.as_ref().expect("it booted");
    assert_eq!(row.cells.len(), scenarios::ALL.len());
    for (scenario, cell) in scenarios::ALL.iter().zip(&row.cells) {
        assert_eq!(cell.verdict, Verdict::Failed, "{}", scenario.name);
        assert_eq!(
            verdict(scenario, kernel, &cell.observed),
            Verdict::Passed,
            "{}: {}",
            scenario.name,
            cell.observed
        );
        let expected = claim(scenario, version).observation();
        assert_all_mutations_fail(scenario, kernel, &expected, &cell.observed);
    }
}

/// The same for the claims about all versions, without a boot.
#[test]
fn every_fact_of_every_claim_can_turn_a_cell_red() {
    for scenario in scenarios::ALL {
        for claim in scenario.claims {
            let kernel = kernel(claim.since);
            for seen in outcomes(claim) {
                assert_eq!(verdict(scenario, &kernel, &seen), Verdict::Passed);
                assert_all_mutations_fail(scenario, &kernel, &claim.observation(), &seen);
            }
        }
    }
}

/// What satisfies the claim on one side of a boundary is red on the other side.
#[test]
fn claims_that_meet_contradict_each_other() {
    for scenario in scenarios::ALL {
        for pair in scenario.claims.windows(2) {
            let [older, newer] = pair else { unreachable!() };
            let wrong_on = |seen: &Claim, claim: &Claim| {
                let kernel = kernel(claim.since);
                let wrong =
                    |seen: &Observation| verdict(scenario, &kernel, seen) == Verdict::Failed;
                let outcomes = outcomes(seen);
                let count = outcomes.iter().filter(|seen| wrong(seen)).count();
                (count > 0, count == outcomes.len())
            };
            let (new_on_old, all_new_on_old) = wrong_on(newer, older);
            let (old_on_new, all_old_on_new) = wrong_on(older, newer);
            let place = (scenario.name, older.since);
            let same = !(new_on_old || old_on_new);
            if same {
                assert_ne!(older.because, newer.because, "{place:?}");
            }
            assert_eq!(same, newer.as_before, "{place:?}");
            let apart = all_new_on_old && all_old_on_new;
            assert_eq!(!(same || apart), older.by_chance, "{place:?}");
        }
    }
}

/// A range is a claim only where something falls outside it that could be seen:
/// a claim that has one says so.
#[test]
fn a_claim_has_a_range_where_it_says_that_chance_decides() {
    for scenario in scenarios::ALL {
        for claim in scenario.claims {
            let place = (scenario.name, claim.since);
            assert_eq!(outcomes(claim).len() > 1, claim.by_chance, "{place:?}");
        }
    }
}

/// The exceptions above are few: one that is added is added here, too.
#[test]
fn exceptions_are_counted() {
    let count = |is: fn(&&Claim) -> bool| {
        let claims = scenarios::ALL.iter().flat_map(|scenario| scenario.claims);
        claims.filter(is).count()
    };
    assert_eq!(count(|claim| claim.by_chance), 2);
    assert_eq!(count(|claim| claim.as_before), 22);
}

/// Alters, renames, drops and doubles each fact that was seen, and adds one; alters and
/// drops each fact of the claim.
fn assert_all_mutations_fail(
    scenario: &Scenario,
    kernel: &RunningKernel,
    expected: &Observation,
    seen: &Observation,
) {
    let name = scenario.name;
    let wrong_guest = |what: &str, seen: Observation| {
        let verdict = verdict(scenario, kernel, &seen);
        assert_eq!(verdict, Verdict::Failed, "{name}: {what}: {seen}");
    };
    for (index, fact) in seen.0.iter().enumerate() {
        let claimed = expected.0.iter().find(|claimed| claimed.name == fact.name);
        let claimed = claimed.expect("what passes is claimed");
        for value in others(claimed) {
            let mut other = seen.clone();
            other.0[index].value = value;
            wrong_guest("another value", other);
        }
        let mut renamed = seen.clone();
        renamed.0[index].name.push_str(".other");
        wrong_guest("another name", renamed);
        let mut dropped = seen.clone();
        dropped.0.remove(index);
        wrong_guest("a fact less", dropped);
        let mut doubled = seen.clone();
        doubled.0.push(fact.clone());
        wrong_guest("a fact twice", doubled);
    }
    let mut more = seen.clone();
    more.0.push(fact("not.claimed", "this"));
    wrong_guest("a fact more", more);

    let wrong_claim = |what: &str, expected: Observation| {
        let wrong = claiming(scenario, &expected);
        let verdict = verdict(&wrong, kernel, seen);
        assert_eq!(verdict, Verdict::Failed, "{name}: {what}: {expected}");
    };
    for (index, fact) in expected.0.iter().enumerate() {
        let mut other = expected.clone();
        other.0[index].value = another(fact);
        wrong_claim("another value is claimed", other);
        let mut dropped = expected.clone();
        dropped.0.remove(index);
        wrong_claim("a fact less is claimed", dropped);
    }
}

fn verdict(scenario: &Scenario, kernel: &RunningKernel, seen: &Observation) -> Verdict {
    judge(scenario, kernel, &Outcome::Completed, seen.clone()).verdict
}

fn claim(scenario: &Scenario, version: Version) -> &'static Claim {
    scenario.claim(version).expect("every version has a claim")
}

/// The scenario with this claim alone, about all versions.
fn claiming(scenario: &Scenario, expected: &Observation) -> Scenario {
    // The fields of a scenario are static.
    let claim = Claim::since(3, 2).shows(expected.to_string().leak());
    Scenario {
        claims: vec![claim].leak(),
        ..*scenario
    }
}

fn kernel(version: Version) -> RunningKernel {
    RunningKernel {
        release: version.to_string(),
        version: String::new(),
    }
}

fn fact(name: &str, value: &str) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// Observations that satisfy a claim: where it has ranges, their lower ends and their
/// upper ends.
fn outcomes(claim: &Claim) -> Vec<Observation> {
    let expected = claim.observation();
    let ends = |pick: fn((u32, u32)) -> u32| {
        let facts = expected.0.iter().map(|claimed| match range(claimed) {
            Some(ends) => fact(&claimed.name, &pick(ends).to_string()),
            None => claimed.clone(),
        });
        Observation(facts.collect())
    };
    let mut outcomes = vec![ends(|(first, _)| first), ends(|(_, last)| last)];
    outcomes.dedup();
    outcomes
}

fn range(claimed: &Fact) -> Option<(u32, u32)> {
    let (first, last) = claimed.value.split_once("..")?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// A value that a claimed fact does not allow.
fn another(claimed: &Fact) -> String {
    format!("not-{}", claimed.value)
}

/// Values that a claimed fact does not allow: another word, and the next numbers.
fn others(claimed: &Fact) -> Vec<String> {
    let mut others = vec![another(claimed), String::new()];
    let ends = range(claimed).or_else(|| {
        let number = claimed.value.parse().ok()?;
        Some((number, number))
    });
    if let Some((first, last)) = ends {
        others.extend(first.checked_sub(1).map(|number| number.to_string()));
        others.push((last + 1).to_string());
    }
    others
}
