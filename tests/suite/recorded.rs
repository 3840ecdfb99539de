//! What a test shows: recorded, asserted, or neither.

use strata_tests::Repository;

use super::{FACTS, text};

#[test]
fn what_a_test_shows_is_recorded_and_then_asserted() {
    let repository = Repository::with(FACTS);
    let probe = |value: &str| format!("#!/bin/sh\necho call={value}\necho 'other\tok'\n");
    repository.write("probe.sh", &probe("EINVAL"));
    let (code, verdicts) = repository.verdicts(&[]);
    let unknown = [
        "probe: passed",
        "probe::call: no_claim",
        "probe::other: no_claim",
    ];
    assert_eq!((code, &verdicts[..]), (0, &unknown.map(str::to_owned)[..]));

    let output = repository.test(&["--record"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let recorded = repository.read("strata.expected.toml");
    assert!(recorded.contains("case = \"probe::call\"\nkernels = \"6.1\"\nshows = \"EINVAL\""));
    let known = [
        "probe: passed",
        "probe::call: passed",
        "probe::other: passed",
    ];
    let (code, verdicts) = repository.verdicts(&[]);
    assert_eq!((code, &verdicts[..]), (0, &known.map(str::to_owned)[..]));

    let explained = repository
        .strata(&["explain", "probe::call"])
        .output()
        .unwrap();
    assert_eq!(
        text(&explained.stdout),
        "probe::call\n\n  6.1: EINVAL\n    recorded\n"
    );

    // It shows something else, and a case less.
    repository.write("probe.sh", "#!/bin/sh\necho call=ok\n");
    let output = repository.test(&[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("probe::call: FAIL"), "{said}");
    assert!(said.contains("call  EINVAL    ok"), "{said}");
    assert!(
        said.contains("probe::other: FAIL: it was not shown"),
        "{said}"
    );
    assert!(said.contains("reproduce: strata test --kernel"), "{said}");

    let output = repository.test(&["--accept", "probe::call"]);
    assert!(text(&output.stderr).contains("probe::call on 6.1: ok (was EINVAL)"));
    let (code, verdicts) = repository.verdicts(&[]);
    let one_less = [
        "probe: passed",
        "probe::call: passed",
        "probe::other: failed",
    ];
    assert_eq!((code, &verdicts[..]), (1, &one_less.map(str::to_owned)[..]));

    // What is written by hand outweighs that.
    let strata = repository.read("strata.toml");
    let by_hand = "\n[[expect]]\ncase = \"probe::call\"\nkernels = \"5.10..\"\nshows = \"EPERM\"\n\
                   because = \"our own reason\"\n";
    repository.write("strata.toml", &(strata + by_hand));
    let output = repository.test(&[]);
    assert!(
        text(&output.stdout).contains("claimed since 5.10: our own reason"),
        "{output:?}"
    );
}

#[test]
fn a_case_that_disagrees_with_itself_is_recorded_as_such() {
    let repository = Repository::with(FACTS);
    let probe = "#!/bin/sh\nread -r id < /proc/sys/kernel/random/uuid\necho id=$id\n";
    repository.write("probe.sh", probe);
    let output = repository.test(&["--record"]);
    assert!(
        text(&output.stderr).contains("probe::id on 6.1: varies"),
        "{output:?}"
    );
    let (_, verdicts) = repository.verdicts(&[]);
    assert_eq!(verdicts, ["probe: passed", "probe::id: no_claim"]);
}

#[test]
fn a_suite_that_asserts_nothing_says_so() {
    let tests = "[[test]]\nname = \"skips\"\nrun = [\"./skips\"]\nshows = \"tap\"\n\
                 [[test]]\nname = \"varies\"\nrun = [\"./skips\"]\n";
    let repository = Repository::with(tests);
    repository.write("skips", "#!/bin/sh\necho '1..0 # SKIP no such call'\n");
    let varies = "[[expect]]\ncase = \"varies\"\nkernels = \"6.1\"\nshows = \"varies\"\n";
    repository.write("strata.expected.toml", varies);
    let output = repository.test(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("nothing was asserted"), "{said}");
    assert!(
        said.contains("1 × not applicable: it was skipped"),
        "{said}"
    );
    assert!(
        said.contains("1 × no claim: it does not show the same each time"),
        "{said}"
    );
}
