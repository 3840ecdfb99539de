use std::fs;

use harness::report::{Github, fenced};

use super::*;

/// A command to a runner.
#[derive(Debug)]
struct Command {
    name: String,
    properties: Vec<(String, String)>,
    message: String,
}

impl Command {
    fn property(&self, name: &str) -> Option<&str> {
        let property = self.properties.iter().find(|(known, _)| known == name);
        property.map(|(_, value)| value.as_str())
    }
}

/// The commands that a runner finds in the output of a step, as ActionCommand.cs and
/// ActionCommandManager.cs in actions/runner do.
fn obeyed(output: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut stopped: Option<String> = None;
    for line in output.lines() {
        let command = line.trim_start().strip_prefix("::");
        let command = command.and_then(|line| line.split_once("::"));
        if let Some(token) = &stopped {
            if command.is_some_and(|(name, _)| name == token) {
                stopped = None;
            }
            continue;
        }
        assert!(command.is_some() || !line.contains("##["), "{line}");
        let Some((words, message)) = command else {
            continue;
        };
        let (name, properties) = words.split_once(' ').unwrap_or((words, ""));
        if name == "stop-commands" {
            stopped = Some(message.to_owned());
            continue;
        }
        let properties = properties.split(',').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = value.replace("%3A", ":").replace("%2C", ",");
            Some((name.to_owned(), unescaped(&value)))
        });
        commands.push(Command {
            name: name.to_owned(),
            properties: properties.collect(),
            message: unescaped(message),
        });
    }
    assert_eq!(stopped, None, "commands stay stopped");
    commands
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}

#[test]
fn a_green_run_has_no_annotations() {
    let output = run("github");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(obeyed(&stdout).is_empty(), "{stdout}");
    is_for_people(&(String::from_utf8(output.stderr).unwrap() + &stdout));
}

#[test]
fn a_wrong_claim_is_annotated_where_it_stands() {
    let mut text = Vec::new();
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    fs::write(&summary, "of the step before\n").unwrap();
    run_with_a_wrong_claim("github", Github::new(&mut text, Some(summary.clone())));
    let commands = obeyed(&String::from_utf8(text).unwrap());
    let [error] = &commands[..] else {
        panic!("{commands:?}");
    };
    assert_eq!(error.name, "error");
    let path = error.property("file").unwrap();
    let of_family = format!("guest/src/scenarios/unshare/{}.rs", SCENARIOS[1]);
    assert_eq!(path, of_family);
    assert!(file(path).is_file());
    assert_eq!(error.property("line"), Some("1"));
    let title = format!("6.1 {}: FAIL", SCENARIOS[1]);
    assert_eq!(error.property("title"), Some(&*title));
    for words in ["unshare  EINVAL    ok   <--", "\n  reproduce: cargo xtask "] {
        assert!(error.message.contains(words), "{}", error.message);
    }

    let summary = fs::read_to_string(summary).unwrap();
    let begins = format!(
        "of the step before\n## Kernels: 1 passed, 1 red\n\n```text\n6.1 {}: FAIL\n",
        SCENARIOS[1]
    );
    assert!(summary.starts_with(&begins), "{summary}");
    for words in ["\n| 6.1 | 6.1.", " | 1 passed, 1 red | ", "\nkernel  "] {
        assert!(summary.contains(words), "{summary}");
    }
}

/// A runner reads both stdout and stderr.
#[test]
fn a_file_name_gives_no_commands() {
    let dir = tempfile::tempdir().unwrap();
    let evil = "::error::a\n::error::b\u{1b}]0;x\u{7}\u{202e}##[error]c";
    let kernel = dir.path().join(evil);
    std::os::unix::fs::symlink(strata_tests::any_image().unwrap(), &kernel).unwrap();
    let mut command = xtask();
    command.arg("test-kernels").arg(&kernel);
    command.args(["--scenario", SCENARIOS[1], "--format", "github"]);
    command.env("GITHUB_ACTIONS", "true");
    let output = command.output().unwrap();
    for said in [output.stdout, output.stderr] {
        let said = String::from_utf8(said).unwrap();
        assert!(obeyed(&said).is_empty(), "{said}");
        let alive = ['\u{1b}', '\u{7}', '\u{202e}'];
        assert!(!said.contains(alive), "{said:?}");
    }
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_claim_is_found_in_its_file() {
    let claim = scenarios::find(SCENARIOS[1])
        .unwrap()
        .claims
        .last()
        .unwrap();
    let cell = Cell {
        claim: Some(Claimed::of(claim)),
        ..Cell::without(SCENARIOS[1], Verdict::Failed, "")
    };
    let row = Row {
        kernel: Some(RunningKernel {
            release: "6.1.0".to_owned(),
            version: String::new(),
        }),
        cells: vec![cell],
        ..Row::new("6.1", "6.1")
    };
    let mut text = Vec::new();
    let mut sink = Github::new(&mut text, None);
    sink.take(&Event::Kernel(Box::new(row))).unwrap();
    drop(sink);
    let commands = obeyed(&String::from_utf8(text).unwrap());
    let (path, line) = (commands[0].property("file"), commands[0].property("line"));
    let source = fs::read_to_string(file(path.unwrap())).unwrap();
    let line: usize = line.unwrap().parse().unwrap();
    let claimed = source.lines().nth(line - 1).unwrap();
    assert!(claimed.contains("Claim::since(3, 12)"), "{claimed}");
}

#[test]
fn hostile_text_gives_no_commands() {
    let mut text = Vec::new();
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    take_the_worst(Github::new(&mut text, Some(summary.clone())));
    let commands = obeyed(&String::from_utf8(text).unwrap());
    let titles: Vec<_> = commands
        .iter()
        .map(|command| (&*command.name, command.property("title").unwrap()))
        .collect();
    assert_eq!(
        titles,
        [
            ("error", "a#1: b FAIL: FAIL"),
            ("error", "a#1: b TIMED OUT: TIMED OUT"),
            ("error", "a#1: b PANICKED: PANICKED"),
            ("error", "a#1: b BROKEN: BROKEN"),
            ("error", "a#1: b QEMU FAILED: QEMU FAILED"),
            ("error", "3.9: the guest did not come up"),
            ("warning", "3.10: not run"),
            ("error", "3.11: FAILED"),
        ]
    );
    // The text itself arrives unchanged.
    assert!(
        commands[2].message.contains(EVIL),
        "{}",
        commands[2].message
    );
    assert_eq!(commands[7].message, EVIL);

    let people = fenced(&format!("{EVIL}\n::error::no\n::stop-commands::a\n::a::")).unwrap();
    assert!(obeyed(&people).is_empty(), "{people}");

    // The text closes no fence and no cell of a table.
    let summary = fs::read_to_string(summary).unwrap();
    let fences = summary.lines().filter(|line| line.starts_with("```"));
    assert_eq!(fences.count() % 2, 0, "{summary}");
    let table = summary.lines().filter(|line| line.starts_with("| "));
    for line in table {
        assert_eq!(line.matches('|').count(), 5, "{line}");
        assert!(!line.contains(['<', '`']), "{line}");
    }
}
