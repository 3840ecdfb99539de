use std::fs;

use harness::report::Junit;
use roxmltree::{Document, Node};

use super::*;

fn elements<'a>(node: Node<'a, 'a>, name: &str) -> Vec<Node<'a, 'a>> {
    let name = name.to_owned();
    node.descendants()
        .filter(move |node| node.has_tag_name(name.as_str()))
        .collect()
}

/// What is counted must be what is there, of each suite and of all.
fn is_counted(document: &Document<'_>) {
    let suites = elements(document.root(), "testsuite");
    for node in suites.into_iter().chain([document.root_element()]) {
        let counted = ["tests", "failures", "errors", "skipped"];
        let there = ["testcase", "failure", "error", "skipped"].map(|it| elements(node, it).len());
        for (name, there) in counted.into_iter().zip(there) {
            assert_eq!(node.attribute(name), Some(&*there.to_string()), "{name}");
        }
        let time: f64 = node.attribute("time").unwrap().parse().unwrap();
        assert!(time >= 0.0);
    }
}

#[test]
fn a_run_is_junits_xml_on_stdout_and_in_a_file() {
    let output = run("junit");
    is_for_people(&String::from_utf8(output.stderr).unwrap());
    let text = String::from_utf8(output.stdout).unwrap();
    let document = Document::parse(&text).unwrap();
    is_counted(&document);
    let cases = elements(document.root(), "testcase");
    let names: Vec<_> = cases.iter().map(|case| case.attribute("name")).collect();
    assert_eq!(names, SCENARIOS.map(Some));
    assert!(cases.iter().all(|case| !case.has_children()), "{text}");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("results.xml");
    let mut command = xtask();
    command.args(["test-kernels", "6.1", "--scenario", SCENARIOS[0], "--junit"]);
    assert!(command.arg(&file).output().unwrap().status.success());
    let text = fs::read_to_string(file).unwrap();
    is_counted(&Document::parse(&text).unwrap());
}

#[test]
fn a_wrong_claim_is_a_failure_that_says_what_was_seen() {
    let mut text = Vec::new();
    run_with_a_wrong_claim("junit", Junit::new(&mut text));
    let text = String::from_utf8(text).unwrap();
    let document = Document::parse(&text).unwrap();
    is_counted(&document);
    let failures = elements(document.root(), "failure");
    let [failure] = failures[..] else {
        panic!("{text}");
    };
    let message = "unshare: expected EINVAL, observed ok; child: expected outer, observed 1";
    assert_eq!(failure.attribute("message"), Some(message));
    assert!(
        failure
            .text()
            .unwrap()
            .contains("\n  reproduce: cargo xtask ")
    );
}

/// Viewers of results show what a guest said, and hold it for nothing else.
#[test]
fn hostile_text_stays_text() {
    let mut text = Vec::new();
    take_the_worst(Junit::new(&mut text));
    let text = String::from_utf8(text).unwrap();
    let document = Document::parse(&text).unwrap();
    is_counted(&document);
    let of = |kernel: &str, name: &str| {
        let cases = elements(document.root(), "testcase");
        let case = cases.into_iter().find(|case| {
            case.attribute("classname") == Some(kernel) && case.attribute("name") == Some(name)
        });
        let told = case.unwrap().children().find(Node::is_element);
        told.map(|told| told.tag_name().name().to_owned())
    };
    for (kernel, name, told) in [
        ("a#1: b", "pass", None),
        ("a#1: b", "FAIL", Some("failure")),
        ("a#1: b", "no claim", Some("skipped")),
        ("a#1: b", "TIMED OUT", Some("error")),
        ("a#1: b", "PANICKED", Some("error")),
        ("a#1: b", "QEMU FAILED", Some("error")),
        ("3.9", "example", Some("error")),
        ("3.10", "example", Some("skipped")),
        // What kept the harness from its work is an error of its own.
        ("3.11", "strata", Some("error")),
        ("3.11", "example", Some("skipped")),
        ("3.12", "example", Some("skipped")),
    ] {
        assert_eq!(of(kernel, name).as_deref(), told, "{kernel} {name}");
    }
    let panicked = elements(document.root(), "error");
    let said = panicked
        .iter()
        .filter_map(|error| error.attribute("message"));
    assert!(said.clone().any(|said| said.contains("</code>")), "{text}");
}
