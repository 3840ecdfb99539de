use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use harness::{EventLog, PastRun};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;

const SCHEMA: &str = "docs/events.schema.json";

fn schema() -> Validator {
    let schema = fs::read(file(SCHEMA)).unwrap();
    let schema = serde_json::from_slice(&schema).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// The events of a text, each validated with the schema.
fn read(text: &[u8]) -> Vec<Value> {
    assert!(text.ends_with(b"\n"));
    let schema = schema();
    let lines = std::str::from_utf8(text).unwrap().lines();
    lines
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            if let Err(error) = schema.validate(&event) {
                let kinds = fs::read(file(SCHEMA)).unwrap();
                let mut kind: Value = serde_json::from_slice(&kinds).unwrap();
                let all = kind["oneOf"].as_array_mut().unwrap();
                all.retain(|kind| kind["properties"]["event"]["const"] == event["event"]);
                let nearer = jsonschema::validator_for(&kind).unwrap();
                let errors: Vec<String> = nearer
                    .iter_errors(&event)
                    .map(|error| format!("{}: {error:?}", error.instance_path()))
                    .collect();
                panic!("{line}\n{error}\n{errors:#?}");
            }
            event
        })
        .collect()
}

/// `UPDATE=1` writes the file.
#[test]
fn the_schema_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&harness::schema()).unwrap() + "\n";
    if env::var_os("UPDATE").is_some() {
        fs::write(file(SCHEMA), &text).unwrap();
    }
    assert!(
        fs::read_to_string(file(SCHEMA)).unwrap() == text,
        "{SCHEMA} is out of date: UPDATE=1 cargo test -p strata-tests --test formats the_schema"
    );
}

#[test]
fn a_run_fits_the_schema() {
    let output = run("json");
    is_for_people(&String::from_utf8(output.stderr).unwrap());
    let events = read(&output.stdout);
    let named = |name: &str| {
        let named = events.iter().filter(|event| event["event"] == name);
        named.collect::<Vec<_>>()
    };
    assert_eq!(events[0]["event"], "run");
    assert_eq!(events[0]["kernels"], json!(["6.1"]));
    assert_eq!(events[0]["scenarios"], json!(SCENARIOS));
    assert_eq!(named("boot")[0]["scenarios"], 2);
    let [kernel] = named("kernel")[..] else {
        panic!("{events:?}");
    };
    let told: Vec<_> = named("scenario")
        .iter()
        .map(|event| (&event["scenario"], &event["verdict"], &event["took"]))
        .collect();
    let cells = kernel["cells"].as_array().unwrap();
    let cells: Vec<_> = cells
        .iter()
        .map(|cell| (&cell["scenario"], &cell["verdict"], &cell["took"]))
        .collect();
    assert_eq!(told, cells);
    assert_eq!(cells.len(), 2);
    assert!(kernel["took"].as_f64().unwrap() > 0.5);
    assert_eq!(events.last().unwrap()["exit"], "agreed");

    // The run's file has the same events.
    let dir = harness::target().join("strata");
    let dir = dir.join(events[0]["run"].as_str().unwrap());
    let timeless = |mut event: Value| {
        event["time"].take();
        event
    };
    let log = read(&fs::read(dir.join("events.jsonl")).unwrap());
    assert!(
        log.into_iter()
            .map(timeless)
            .eq(events.into_iter().map(timeless))
    );
    let run = PastRun::read(&dir).unwrap();
    assert!(run.finished.is_some() && run.rows.len() == 1 && run.accelerator.is_some());
}

#[test]
fn hostile_text_fits_the_schema() {
    let mut text = Vec::new();
    take_the_worst(EventLog::new(&mut text, "a buffer"));
    let events = read(&text);
    let cell = &events[1]["cells"][4];
    assert_eq!(
        (&cell["why"], &cell["took"]),
        (&json!(EVIL), &json!(1.500001))
    );
    assert_eq!(events.last().unwrap()["exit"], "disagreed");
    let file = || "linux.deb".to_owned();
    let mut text = Vec::new();
    let mut log = EventLog::new(&mut text, "a buffer");
    for event in [
        Event::Note {
            text: EVIL.to_owned(),
        },
        Event::DownloadStarted {
            file: file(),
            size: None,
        },
        Event::DownloadAdvanced {
            file: file(),
            bytes: 1,
        },
        Event::DownloadFinished { file: file() },
    ] {
        log.take(&event).unwrap();
    }
    assert_eq!(read(&text).len(), 4);
}

/// What the schema does not know does not fit.
#[test]
fn the_schema_is_strict() {
    let schema = schema();
    let note = json!({"time": "2026-01-01T00:00:00Z", "event": "note", "text": "a"});
    assert!(schema.is_valid(&note));
    for (name, value) in [
        ("event", json!("nonsense")),
        ("more", json!(1)),
        ("text", Value::Null),
        ("time", json!("yesterday")),
    ] {
        let mut wrong = note.clone();
        wrong[name] = value;
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

/// The file has all events until then.
#[test]
fn a_killed_run_leaves_its_record() {
    let mut run = xtask()
        .args(["test-kernels", "6.1", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let mut until = |wanted: &str| {
        let event = lines.find_map(|line| {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            (event["event"] == wanted).then_some(event)
        });
        event.unwrap_or_else(|| panic!("{wanted} never came"))
    };
    let begun = until("run");
    until("scenario");
    run.kill().unwrap();
    run.wait().unwrap();

    let dir = harness::target().join("strata");
    let dir = dir.join(begun["run"].as_str().unwrap());
    let read = PastRun::read(&dir).unwrap();
    assert!(read.finished.is_none() && read.rows.is_empty());
    assert_eq!(read.header.kernels, ["6.1"]);
    let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    assert!(
        log.contains(r#""event":"scenario","kernel":"6.1""#),
        "{log}"
    );
}
