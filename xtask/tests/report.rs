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
    let claim = serde_json::from_value(claim()).unwrap();
    row.cells = vec![Cell {
        claim: Some(claim),
        ..Cell::without(SCENARIO, verdict, "for a test")
    }];
    log.take(&Event::Kernel(Box::new(row))).unwrap();
    if let Some(exit) = exit {
        log.take(&Event::Finished { exit }).unwrap();
    }
}

/// A claim that is met where nothing was seen.
fn claim() -> serde_json::Value {
    serde_json::json!({
        "since": "3.8", "expected": [], "because": "", "commit": null, "observed": ["3.8"],
        "links": [],
    })
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
        "3 × 1 cells: 2 passed, 1 red, CUT SHORT: c",
        "reproduce: cargo xtask test-kernels 6.12",
    ]);
    let page = fs::read_to_string(file("site/index.html")).unwrap();
    assert!(page.contains("1 cell is red"));
}

#[test]
fn two_runs_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    for (name, verdict) in [("good", Verdict::Passed), ("bad", Verdict::Failed)] {
        events(&file(name), name, "6.1", verdict, Some(Exit::Agreed));
    }
    events(&file("cut"), "cut", "6.1", Verdict::Passed, None);
    let compare = |old: &str, new: &str, more: &[&str]| {
        let mut command = xtask_command();
        let command = command.arg("report").arg("--compare").arg(file(old));
        let command = command.arg(file(new)).arg("--output").arg(file("site"));
        run(command.args(more))
    };
    compare("good", "good", &[])
        .exits(0)
        .prints(&["0 cells changed, 1 show the same\n"]);
    compare("good", "bad", &[]).exits(1).prints(&[
        "from good to bad\n",
        "unshare_newpid_multithreaded  6.1      pass    FAIL\n",
        "\n1 cell changed, 0 show the same\n",
    ]);
    let page = fs::read_to_string(file("site/index.html")).unwrap();
    assert!(page.contains("id=\"changed\""), "{page}");
    let json = compare("bad", "good", &["--format", "json"])
        .exits(1)
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["cells"][0]["before"]["verdict"], "failed");
    assert_eq!(json["cells"][0]["kernel"], "6.1");
    assert_eq!(
        (&json["before"][0], &json["after"][0]),
        (&"bad".into(), &"good".into())
    );
    // That nothing changed is not known of a run that was cut short.
    compare("good", "cut", &[])
        .exits(3)
        .prints(&["CUT SHORT: cut\n"]);
    compare("good", "bad", &["--strict"]).exits(2);
}

/// A record of two kernels, with boots, from which a line is removed, or in which one
/// is doubled.
#[test]
fn a_record_that_was_tampered_with_is_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events");
    let cell = |verdict: &str| {
        serde_json::json!({
            "scenario": SCENARIO, "verdict": verdict, "why": null, "claim": claim(),
            "observed": [], "took": 0.1, "console": [],
        })
    };
    let row = |kernel: &str, verdict: &str| {
        serde_json::json!({
            "event": "kernel", "name": kernel, "spec": kernel, "image": null,
            "substitute": null, "kernel": {"release": kernel, "version": "#1 SMP"},
            "cells": [cell(verdict)], "problem": null, "boots": 1, "took": 1.0,
            "last_lines": [], "dir": "",
        })
    };
    let told = |kernel: &str, verdict: &str| {
        serde_json::json!({
            "event": "scenario", "kernel": kernel, "scenario": SCENARIO,
            "verdict": verdict, "took": 0.1,
        })
    };
    let whole = [
        serde_json::json!({
            "event": "run", "format": 1, "run": "a", "started": "2026-11-23T03:00:00Z",
            "host": "host", "kernels": ["5.10", "6.1"], "scenarios": [SCENARIO],
        }),
        told("5.10", "passed"),
        row("5.10", "passed"),
        told("6.1", "failed"),
        row("6.1", "failed"),
        serde_json::json!({"event": "finished", "exit": "disagreed"}),
    ];
    let report = |lines: &[&serde_json::Value]| {
        let boot = |kernel| {
            let (event, boot, scenarios) = ("boot", 1, 1);
            serde_json::json!({"event": event, "kernel": kernel, "boot": boot, "scenarios": scenarios})
        };
        let (first, rest) = lines.split_first().unwrap();
        let boots = [&boot("5.10"), &boot("6.1")];
        let lines = [first].into_iter().chain(&boots).chain(rest);
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        fs::write(&path, text).unwrap();
        let mut command = xtask_command();
        command
            .arg("report")
            .arg(&path)
            .arg("--output")
            .arg(dir.path().join("site"));
        run(&mut command)
    };
    let but = |left_out: &[usize]| -> Vec<&serde_json::Value> {
        let lines = whole.iter().enumerate();
        let kept = lines.filter(|(number, _)| !left_out.contains(number));
        kept.map(|(_, line)| line).collect()
    };
    let all = but(&[]);
    report(&all)
        .exits(1)
        .prints(&["2 × 1 cells: 1 passed, 1 red: "]);
    // The red kernel's row, and all that speaks of it but the list.
    report(&but(&[4])).exits(1).prints(&[
        "DOES NOT ADD UP: a: 6.1 is in its list of kernels and has no row; it was red",
        "1 × 1 cells: 1 passed, 0 red, DOES NOT ADD UP",
    ]);
    let agreed = serde_json::json!({"event": "finished", "exit": "agreed"});
    let without = [&whole[0], &whole[1], &whole[2], &agreed];
    report(&without)
        .exits(3)
        .prints(&["6.1 is in its list of kernels and has no row"]);
    let page = fs::read_to_string(dir.path().join("site/index.html")).unwrap();
    assert!(
        page.contains("<title>The record of a run does not add up"),
        "{page}"
    );
    // A row too many, and one that says other than what was told.
    let mut doubled = but(&[3, 4, 5]);
    doubled.extend([&whole[2], &agreed]);
    report(&doubled)
        .exits(3)
        .prints(&["5.10 has 2 rows, and is listed 1 times"]);
    let green = row("6.1", "passed");
    let forged = [&whole[0], &whole[1], &whole[2], &whole[3], &green, &agreed];
    report(&forged)
        .exits(1)
        .prints(&["has the verdict pass, and FAIL was told"]);
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
