//! What programs read of a run: each format, of a real run and of the worst that a
//! guest can say, taken apart by a reader.

mod github;
mod human;
mod json;
mod junit;
mod ktap;

use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use guest::{Claim, Observation, RunningKernel, Scenario, scenarios};
use harness::{
    Cell, Claimed, Event, EventBus, Exit, FamilyScore, Header, Matrix, Problem, Row, RunDir, Score,
    Sink, Verdict, Watcher,
};
use strata_tests::{any_kernel, suite_of, xtask};

/// The scenarios of the real runs.
const SCENARIOS: [&str; 2] = [
    "unshare_newpid_single_threaded",
    "unshare_newpid_multithreaded",
];

/// Hostile text, as a guest may write it to its console or put it into its facts.
const EVIL: &str = "ok 9 # SKIP ::error::50%,\u{7f}##[error]`</code>|\u{fffd}";

/// Runs `test-kernels 6.1` in a format.
fn run(format: &str) -> Output {
    let mut command = xtask();
    command
        .args(["test-kernels", "6.1", "--format", format])
        .env_remove("GITHUB_ACTIONS");
    for scenario in SCENARIOS {
        command.args(["--scenario", scenario]);
    }
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    output
}

/// Asserts that a text has what people read.
fn is_for_people(text: &str) {
    for words in ["accelerator tcg: ", "kernel  ", "6.1 (6.1."] {
        let kvm = words.replace("tcg", "kvm");
        assert!(text.contains(words) || text.contains(&kvm), "{text}");
    }
}

/// Boots for two scenarios, one with a wrong claim, and sends the events to a sink.
fn run_with_a_wrong_claim(name: &str, sink: impl Sink) {
    const WRONG: &[Claim] = &[Claim::since(3, 2)
        .shows("unshare=EINVAL child=outer")
        .because("it is not so")];
    let wrong = Scenario {
        claims: WRONG,
        ..*scenarios::find(SCENARIOS[1]).unwrap()
    };
    let right = scenarios::find(SCENARIOS[0]).unwrap();
    let run = format!("tests-{name}-{}", std::process::id());
    let suite = suite_of(&run, vec![any_kernel()], vec![right, &wrong]).unwrap();
    let bus = EventBus::default().to(sink);
    let header = Header::now(
        &suite.machines.dir,
        vec!["6.1".to_owned()],
        &suite.scenarios,
    );
    bus.event(&Event::Run(header));
    let exit = suite.run(&bus).exit(false);
    bus.event(&Event::Finished { exit });
    assert_eq!(exit, Exit::Disagreed);
    bus.end().unwrap();
}

/// A run with all kinds of results, full of hostile text.
fn worst() -> Vec<Event> {
    let verdicts = [
        (Verdict::Passed, None),
        (Verdict::Failed, None),
        (Verdict::NoClaim, Some("lineage el7")),
        (Verdict::TimedOut, None),
        (Verdict::Panicked, Some(EVIL)),
        (
            Verdict::Broken,
            Some("Kernel panic - not syncing: VFS: no root"),
        ),
        (Verdict::QemuFailed, Some("killed by signal 9")),
    ];
    let cell = |&(verdict, why): &(Verdict, Option<&str>)| Cell {
        why: why.map(str::to_owned),
        claim: Some(Claimed::of(&Claim::since(3, 8).shows("call=ok"))),
        observed: Observation::written("call=#1 more=2"),
        took: Duration::from_micros(1_500_001),
        console: vec![
            EVIL.to_owned(),
            "::set-output name=a::b".to_owned(),
            "# Subtest: mine".to_owned(),
            "1..7".to_owned(),
            "not ok 1 6.1".to_owned(),
            "reboot: System halted".to_owned(),
        ],
        ..Cell::without(verdict.word(), verdict, "")
    };
    let kernel = RunningKernel {
        release: "6.1".to_owned(),
        version: EVIL.to_owned(),
    };
    let not_run = |name: &str, problem: Problem| Row {
        cells: vec![Cell::without("example", Verdict::NotRun, EVIL)],
        problem: Some(problem),
        ..Row::new(name, name)
    };
    let rows = vec![
        Row {
            kernel: Some(kernel),
            cells: verdicts.iter().map(cell).collect(),
            boots: 2,
            retries: vec!["Kernel panic: no timer".to_owned()],
            ..Row::new("a#1: b", "./a#1: b")
        },
        Row {
            cells: vec![Cell::without("example", Verdict::Hung, EVIL)],
            last_lines: vec![EVIL.to_owned(), "::error::no".to_owned()],
            ..Row::new("3.9", "3.9")
        },
        not_run("3.10", Problem::Unavailable(EVIL.to_owned())),
        not_run("3.11", Problem::Failed(EVIL.to_owned())),
        Row {
            cells: vec![Cell::without("example", Verdict::NotApplicable, "no")],
            ..Row::new("3.12", "3.12")
        },
    ];
    let header = Header {
        kernels: rows.iter().map(|row| row.name.clone()).collect(),
        ..Header::now(&RunDir::anonymous(), Vec::new(), &[])
    };
    let exit = Matrix { rows: rows.clone() }.exit(false);
    let mut events = vec![Event::Run(header)];
    events.extend(rows.into_iter().map(|row| Event::Kernel(Box::new(row))));
    let score = FamilyScore {
        family: EVIL.to_owned(),
        passed: 1,
        red: 1,
        not_judged: 1,
    };
    events.push(Event::Score(Score {
        kernel: EVIL.to_owned(),
        families: vec![score],
    }));
    events.push(Event::Finished { exit });
    events
}

/// Sends this run to a sink.
fn take_the_worst(mut sink: impl Sink) {
    for event in worst() {
        sink.take(&event).unwrap();
    }
}

/// The path of a file of the repository.
fn file(path: &str) -> PathBuf {
    harness::root().join(path)
}
