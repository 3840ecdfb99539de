//! A page, written on the command line.

mod support;

use std::fs;
use std::path::Path;

use harness::{Cell, Event, EventLog, Exit, Header, Row, Sink, Verdict};
use support::{SCENARIO, run, xtask_command};

/// A run of one kernel, as its events; without an exit it was cut short.
fn events(path: &Path, name: &str, kernel: &str, verdict: Verdict, exit: Option<Exit>) {
    let mut log = EventLog::create(path).unwrap();
    let header = serde_json::json!({
        "run": name,
        "started": "2026-11-23T03:00:00Z",
        "host": "host",
        "kernels": [kernel],
        "scenarios": [SCENARIO],
    });
    let header: Header = serde_json::from_value(header).unwrap();
    log.take(&Event::Run(header)).unwrap();
    let mut row = Row::new(kernel, kernel);
    row.cells = vec![Cell::without(SCENARIO, verdict, "for a test")];
    log.take(&Event::Kernel(Box::new(row))).unwrap();
    if let Some(exit) = exit {
        log.take(&Event::Finished { exit }).unwrap();
    }
}

#[test]
fn runs_become_one_page_whose_exit_code_is_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    events(
        &file("good"),
        "a",
        "6.1",
        Verdict::Passed,
        Some(Exit::Agreed),
    );
    events(
        &file("bad"),
        "b",
        "6.12",
        Verdict::Failed,
        Some(Exit::Disagreed),
    );
    events(&file("cut"), "c", "7.3", Verdict::Passed, None);
    let report = |runs: &[&str]| {
        let runs = runs.iter().map(|name| file(name));
        let mut command = xtask_command();
        run(command
            .arg("report")
            .args(runs)
            .arg("--output")
            .arg(file("site")))
    };
    report(&["good"])
        .exits(0)
        .prints(&["1 × 1 cells: 1 passed, 0 red"]);
    report(&["good", "cut"]).exits(3).prints(&["CUT SHORT: c"]);
    report(&["good", "bad", "cut"]).exits(1).prints(&[
        "3 × 1 cells: 2 passed, 1 red, 0 not run",
        "reproduce: cargo xtask test-kernels 6.12",
    ]);
    let page = fs::read_to_string(file("site/index.html")).unwrap();
    assert!(page.contains("1 cell is red"));
}

#[test]
fn what_is_no_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let notes = dir.path().join("notes");
    fs::write(&notes, "{}\n").unwrap();
    let mut command = xtask_command();
    let output = dir.path().join("site");
    run(command
        .arg("report")
        .arg(&notes)
        .arg("--output")
        .arg(&output))
    .exits(3)
    .complains(&["is no record of a run"]);
    assert!(!output.exists());
}
