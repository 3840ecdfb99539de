//! Mistakes in strata.toml, told with what to write.

use std::fs;

use strata_tests::Repository;

use super::text;

#[test]
fn programs_of_one_name_and_expectations_of_no_test_are_refused() {
    let same =
        "\n[[test]]\nname = \"d/x\"\nrun = [\"./d/x\"]\n\n[[test]]\nname = \"d\"\ndir = \"d\"\n";
    let own = "\n[[test]]\nname = \"d\"\ndir = \"d\"\n";
    let expects = |case: &str| format!("{own}\n[[expect]]\ncase = \"{case}\"\nshows = \"ok\"\n");
    for (tests, words) in [
        (same.to_owned(), "two programs are the test \"d/x\""),
        (
            expects("d::a"),
            "something of d, and that is no test: write case = with one of: d/x",
        ),
        (
            expects("d/y"),
            "something of d/y, and that is no test: write case = with one of: d/x",
        ),
    ] {
        let repository = Repository::with(&tests);
        repository.write("d/x", "#!/bin/sh\nexit 0\n");
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let repository = Repository::with(own);
    repository.write("d/x", "#!/bin/sh\nexit 0\n");
    let output = repository.test(&["--accept", "d/x::nope"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("no case d/x::nope was shown"),
        "{output:?}"
    );
}

/// Each mistake is named with its place and with what to write instead.
#[test]
fn a_mistake_in_the_file_is_told_with_its_place_and_what_to_write() {
    let test = "[[test]]\nname = \"probe\"\nrun = [\"./probe\"]\n";
    let kernels = |words: &str| format!("kernels = {words}\n{test}");
    // The line is the fifth.
    let more = |line: &str| kernels("[\"6.1\"]") + line + "\n";
    let second = |lines: &str| more(&format!("[[test]]\n{lines}"));
    let expect = |lines: &str| more(&format!("[[expect]]\n{lines}"));
    for (strata, place, words) in [
        (
            String::new(),
            "",
            "write kernels = [\"5.10\", \"6.1\"] at the top",
        ),
        ("kernels = [\"6.1\"]".to_owned(), "", "write [[test]]"),
        (
            format!("{test}\nkernels = [\"6.1\"]\n"),
            "unknown field `kernels`",
            "write kernels = [\"5.10\", \"6.1\"] at the top",
        ),
        (
            kernels("\"6.1\""),
            "line 1, column 11",
            "write kernels = [\"5.10\", \"6.1\"]",
        ),
        (
            kernels("[\"6.1\", \"6.x\"]"),
            "line 1, column 19",
            "write a series (3.10)",
        ),
        (
            kernels("[\"9.99\"]"),
            "line 1, column 12",
            "the nearest are",
        ),
        (
            kernels("[\"newst\"]") + "[groups]\nnewest = [\"7.3\"]",
            "line 1, column 12",
            "did you mean \"newest\"?",
        ),
        (
            kernels("[\"lts\"]") + "[groups]\nlts = [\"6.1\", \"9.99\"]",
            "line 6, column 15",
            "the nearest are",
        ),
        (
            kernels("[\"a\"]") + "[groups]\na = [\"b\"]\nb = [\"a\"]",
            "line 6, column 5",
            "in a circle, a → b → a: name kernels in one of them, as a = [",
        ),
        (
            more("rum = 1"),
            "line 5, column 1",
            "unknown field `rum`, expected one of",
        ),
        (
            more("shows = \"fact\""),
            "line 5, column 9",
            "expected one of `exit`, `facts`",
        ),
        (
            more("network = 1"),
            "line 5, column 11",
            "write network = true",
        ),
        (
            more("ulimits = [\"files=1\"]"),
            "line 5, column 1",
            "\"files\" is no resource",
        ),
        (
            more("cgroup = \"v3\""),
            "line 5, column 1",
            "expected one of `v1`, `v2`, `hybrid`",
        ),
        (
            more("timeout = \"1m\""),
            "line 5, column 11",
            "write timeout = 60, in seconds",
        ),
        (
            more("timeout = 0"),
            "line 5, column 11",
            "write timeout = 60",
        ),
        (
            more("timeout = 9999999"),
            "line 5, column 11",
            "write timeout = 60",
        ),
        (more("dir = \"tests\""), "line 2, column 1", "takes one of"),
        (
            more(test),
            "line 6, column 8",
            "the tests 1 and 2 of the file: rename one",
        ),
        (more("user = -1"), "line 5, column 8", "write user = 1000"),
        (
            more("env = [\"A=B\"]"),
            "line 5, column 7",
            "write env = { NAME = \"value\" }",
        ),
        (
            second("name = \"a::b\"\nrun = [\"./a\"]"),
            "line 6, column 8",
            "a name is a word without `::`",
        ),
        (
            second("name = \"a\"\nrun = []"),
            "line 7, column 7",
            "write `run = [\"./program\"",
        ),
        (
            second("name = \"a\"\nrun = \"./a\""),
            "line 7, column 7",
            "write run = [",
        ),
        (
            second("name = \"a\"\ndir = \"nowhere\""),
            "line 7, column 7",
            "name one with programs",
        ),
        (
            second("name = \"a\"\ncargo = \"nowhere\""),
            "line 7, column 9",
            "name the directory of",
        ),
        (
            second("name = \"a\"\ngo = \"./...\"\nshows = \"libtest\""),
            "line 8, column 9",
            "write shows = \"go\"",
        ),
        (
            second("run = [\"./a\"]"),
            "line 5, column 1",
            "write name = \"probe\"",
        ),
        (
            expect("case = \"prob::a\"\nshows = \"ok\""),
            "line 6, column 8",
            "did you mean \"probe\"?",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nkernels = \"six\""),
            "line 8, column 11",
            "write kernels = \"5.10..6.1\"",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nkernels = [\"6.1\"]"),
            "line 8, column 11",
            "write kernels = \"5.10..6.1\"",
        ),
        (
            expect("case = \"probe\"\nshows = \"ok\"\nvendor = \"red hat\""),
            "line 8, column 10",
            "write vendor = \"el9\"",
        ),
        (
            expect("case = \"probe\"\nkernels = \"6.1\""),
            "line 5, column 1",
            "write shows = \"ok\"",
        ),
        (
            "kernels = [".to_owned(),
            "line 1, column 12",
            "unclosed array",
        ),
        (more("fresh = yes"), "line 5, column 9", ""),
    ] {
        let repository = Repository::new(&strata);
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{strata}\n{said}");
        assert!(said.contains(place), "{place:?} of\n{strata}\n{said}");
        assert!(said.contains(words), "{words:?} for\n{strata}\n{said}");
    }
    for name in ["strata.toml", "strata.expected.toml"] {
        let repository = Repository::new(&more(""));
        repository.write("probe", "#!/bin/sh\n");
        fs::write(repository.path().join(name), b"# a\n# \xff\n").unwrap();
        let output = repository.test(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("line 2, column 3"), "{said}");
        assert!(said.contains("save the file as UTF-8"), "{said}");
    }
    let repository = Repository::new(&more(""));
    let said = |words: &[&str]| {
        let output = repository.test(words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        text(&output.stderr).to_owned()
    };
    assert!(said(&[]).contains("line 2, cannot be run: build its program"));
    assert!(said(&["--test", "prob"]).contains("strata.toml has probe"));
    fs::remove_file(repository.path().join("strata.toml")).unwrap();
    assert!(said(&[]).contains("`strata init` writes one"));
}
