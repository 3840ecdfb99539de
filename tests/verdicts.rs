//! From a real boot to a verdict.

use guest::{Claim, Facts, ProbeError, Scenario, scenarios};
use harness::{Exit, Matrix, Verdict, report};
use strata_tests::{PrintEvents, any_kernel, suite_of};

fn run(name: &str, scenarios: Vec<&Scenario>) -> Matrix {
    let run = format!("test-{name}-{}", std::process::id());
    suite_of(&run, vec![any_kernel()], scenarios)
        .unwrap()
        .run(&PrintEvents)
}

/// The guest runs the true probes, and the host judges one of them by a false claim.
#[test]
fn a_wrong_claim_turns_exactly_its_cell_red() {
    const WRONG: &[Claim] = &[Claim::since(3, 2)
        .shows("unshare=EINVAL child=outer")
        .because("it is not so")];
    let wrong = Scenario {
        claims: WRONG,
        ..*scenarios::find("unshare_newpid_multithreaded").unwrap()
    };
    let scenarios = scenarios::ALL
        .iter()
        .map(|scenario| {
            if scenario.name == wrong.name {
                &wrong
            } else {
                scenario
            }
        })
        .collect();
    let matrix = run("wrong-claim", scenarios);

    for cell in &matrix.rows[0].cells {
        let expected = if cell.scenario == wrong.name {
            Verdict::Failed
        } else {
            Verdict::Passed
        };
        assert_eq!(cell.verdict, expected, "{}", cell.scenario);
    }
    assert_eq!(matrix.exit(false), Exit::Disagreed);

    let details = report::details(&matrix);
    for words in [
        "6.1 unshare_newpid_multithreaded: FAIL",
        "unshare  EINVAL    ok   <--",
        "child    outer     1   <--",
        "console, last lines",
        "cargo xtask test-kernels 6.1 --scenario unshare_newpid_multithreaded",
    ] {
        assert!(
            details.contains(words),
            "{words:?} is missing in:\n{details}"
        );
    }
}

/// The guest does not have this scenario: its cell says so, and the next one passes.
#[test]
fn a_scenario_unknown_to_the_guest_does_not_pass() {
    fn no_probe(_: &mut Facts) -> Result<(), ProbeError> {
        Ok(())
    }
    const UNKNOWN: Scenario = Scenario::new(
        "a scenario of the host alone",
        no_probe,
        &[Claim::since(3, 2).shows("nothing=seen")],
    )
    .named("unknown_to_the_guest");
    let known = &scenarios::ALL[0];
    let matrix = run("unknown", vec![&UNKNOWN, known]);
    let verdicts: Vec<Verdict> = matrix.rows[0]
        .cells
        .iter()
        .map(|cell| cell.verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Broken, Verdict::Passed]);
    assert_eq!(matrix.exit(false), Exit::Disagreed);
}
