//! How a test ends, and what is run again.

use strata_tests::Repository;

use super::text;

#[test]
fn what_failed_is_run_again_and_the_rest_is_not() {
    let run = |name: &str| format!("[[test]]\nname = \"{name}\"\nrun = [\"./{name}\"]\n");
    let repository = Repository::with(&["works", "fails"].map(run).concat());
    repository.write("works", "#!/bin/sh\nexit 0\n");
    repository.write("fails", "#!/bin/sh\nexit 3\n");
    let output = repository.test(&["--rerun-failed"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("leave out --rerun-failed"));

    let output = repository.test(&["--junit", "results.xml", "--format", "github"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(repository.read("results.xml").contains("<failure message="));
    // Where what is expected of it stands.
    assert!(text(&output.stdout).contains("::error file=strata.toml,line=1,title="));
    let again = || repository.verdicts(&["--rerun-failed"]);
    assert_eq!(again(), (1, vec!["fails: failed".to_owned()]));
    repository.write("fails", "#!/bin/sh\nexit 0\n");
    assert_eq!(again(), (0, vec!["fails: passed".to_owned()]));
    let output = repository.test(&["--rerun-failed"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("nothing failed in the run "));
    let both = repository.test(&["--rerun-failed", "--test", "works"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn a_test_has_the_limits_and_control_groups_that_it_names() {
    let limits = "[[test]]\nname = \"limits\"\nrun = [\"./limits.sh\"]\nshows = \"facts\"\n";
    let named = "ulimits = [\"nofile=64:100\", \"core=unlimited\"]\ncgroup = \"none\"\n";
    let expect = "[[expect]]\ncase = \"limits::files\"\nshows = \"64\"\n\
                  [[expect]]\ncase = \"limits::groups\"\nshows = \"none\"\n";
    let script = "#!/bin/sh\necho files=$(ulimit -n)\n\
                  [ -e /sys/fs/cgroup/cgroup.procs ] && echo groups=v2 || echo groups=none\n";
    for (more, code) in [(named, 0), ("", 1)] {
        let repository = Repository::with(&[limits, more, expect].concat());
        repository.write("limits.sh", script);
        let (found, verdicts) = repository.verdicts(&[]);
        assert_eq!(found, code, "{verdicts:?}");
    }
}

#[test]
fn a_crash_a_hang_and_a_flood_are_told_apart_and_the_rest_runs() {
    let run = |name: &str, more: &str, script: &str| {
        format!("[[test]]\nname = \"{name}\"\nrun = [\"sh\", \"-c\", \"{script}\"]\n{more}\n")
    };
    let tests = [
        run(
            "panics",
            "shows = \"facts\"",
            "echo c > /proc/sysrq-trigger; echo b=2",
        ),
        run("hangs", "timeout = 2", "while :; do :; done"),
        run(
            "floods",
            "shows = \"facts\"\nfiles = [\"/usr/bin/head\"]",
            "/usr/bin/head -c 9000000 /dev/zero",
        ),
        run(
            "reports",
            "shows = \"tap\"",
            "echo ok 1 - one; echo not ok 2 - two; exit 1",
        ),
        run("stops", "shows = \"tap\"", "echo 1..3; echo ok 1 - one"),
        run("fails", "", "exit 3"),
        run("alone", "fresh = true", "true"),
        "[[test]]\nname = \"scripts\"\ndir = \"bin\"\n".to_owned(),
    ];
    let repository = Repository::with(&tests.concat());
    repository.write("bin/works", "#!/bin/sh\nexit 0\n");
    repository.write("bin/README", "no program");
    let (code, verdicts) = repository.verdicts(&[]);
    let expected = [
        "panics: panicked",
        "hangs: timed_out",
        "floods: broken",
        "reports: passed",
        "reports::one: passed",
        "reports::two: failed",
        "stops: broken",
        "stops::one: passed",
        "fails: failed",
        "alone: passed",
        "scripts/works: passed",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
    // One that writes for ever is told from one that hangs.
    let endless = run("endless", "timeout = 2", "while :; do echo more; done");
    let silent = run("hangs", "timeout = 2", "while :; do :; done");
    let repository_of_both = Repository::with(&[endless, silent].concat());
    let output = repository_of_both.test(&["--page", "public"]);
    let wrote = |name: &str| {
        let why = format!("{name}: TIMED OUT: not done after 2 s, in which it wrote ");
        let (_, written) = text(&output.stdout).split_once(&why).unwrap();
        let (number, _) = written.split_once(" bytes").unwrap();
        number.parse::<u64>().unwrap()
    };
    assert!(wrote("endless") > 0, "{output:?}");
    assert_eq!(wrote("hangs"), 0, "{output:?}");
    let page = repository_of_both.read("public/index.html");
    assert!(page.contains("endless") && page.contains("hangs"));
    // What crashed or hung is never recorded.
    let output = repository.test(&["--record", "--test", "panics", "--test", "fails"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let recorded = repository.read("strata.expected.toml");
    assert!(recorded.contains("exit status 3") && !recorded.contains("case = \"panics\"\n"));
}

#[test]
fn a_test_that_shows_less_than_it_should_is_red_and_one_that_cannot_run_is_not_applicable() {
    let repository = Repository::with(
        r#"
[[test]]
name = "tap"
dir = "tap"
shows = "tap"

[[test]]
name = "needs"
run = ["true"]
needs = ["module=no_such_module"]

[[expect]]
case = "tap/killed::known"
shows = "failed"

[[expect]]
case = "tap/passes::missing"
shows = "ok"
"#,
    );
    for (name, text) in [
        ("plan", "echo 1..3\necho ok 1 - a\n"),
        ("nothing", "exit 0\n"),
        ("skips", "echo '1..0 # SKIP no such call'\n"),
        ("passes", "echo 1..1\necho ok 1 - a\n"),
        (
            "killed",
            "echo 1..1\necho not ok 1 - known\nkill -SEGV $$\n",
        ),
    ] {
        repository.write(&format!("tap/{name}"), &format!("#!/bin/sh\n{text}"));
    }
    let (code, verdicts) = repository.verdicts(&[]);
    let expected = [
        "tap/killed: failed",
        "tap/killed::known: passed",
        "tap/nothing: broken",
        "tap/passes: passed",
        "tap/passes::a: passed",
        "tap/passes::missing: failed",
        "tap/plan: broken",
        "tap/plan::a: passed",
        "tap/skips: not_applicable",
        "needs: not_applicable",
    ];
    assert_eq!((code, &verdicts[..]), (1, &expected.map(str::to_owned)[..]));
    // The driver of its network is a module, which a kernel by name has, and a configuration.
    let networked = Repository::new(
        r#"
kernels = ["6.1"]

[[test]]
name = "network"
run = ["sh", "-c", "{ read -r head && read -r route; } < /proc/net/route"]
needs = ["network"]
network = true

[[test]]
name = "configured"
run = ["true"]
needs = ["config=CONFIG_OVERLAY_FS=m"]
"#,
    );
    let (code, verdicts) = networked.verdicts(&[]);
    let expected = ["network: passed", "configured: passed"];
    assert_eq!((code, &verdicts[..]), (0, &expected.map(str::to_owned)[..]));
}
