//! Limits of a program's resources.

use std::fs;

use tempfile::tempdir;

use super::{Run, Tap, assert_status, text};

#[test]
fn a_limit_is_soft_and_hard_for_root_and_for_a_user() {
    for user in [&[][..], &["--user", "1000"]] {
        let run = Run::new(user).with(&["--ulimit", "nofile=64:100", "--ulimit", "core=unlimited"]);
        // The last one of a resource counts.
        let run = run.with(&["--ulimit", "nproc=5", "--ulimit", "nproc=70:80"]);
        let script = "ulimit -Sn; ulimit -Hn; ulimit -Hc; ulimit -Su; ulimit -Hu";
        let output = run.with(&["--", "bash", "-c", script]).output();
        assert_status(&output, 0);
        assert_eq!(text(&output.stdout), "64\n100\nunlimited\n70\n80\n");
    }
}

#[test]
fn a_limit_that_makes_no_sense_is_told() {
    for (limit, words) in [
        ("files=1", "\"files\" is no resource: write one of cpu,"),
        (
            "nofile=2:1",
            "the soft limit of nofile is above the hard one",
        ),
        // More files than any process of a kernel may have.
        (
            "nofile=unlimited",
            "--ulimit nofile=unlimited:unlimited: Operation not permitted",
        ),
    ] {
        let output = Run::new(&["--ulimit", limit, "--", "/bin/true"]).output();
        assert_status(&output, 125);
        let stderr = text(&output.stderr);
        assert!(stderr.contains(words), "{stderr}");
    }
}

/// A dump of memory is a plain file in the program's directory (core(5)).
#[test]
fn a_core_dump_comes_back() {
    let here = tempdir().unwrap();
    for (user, core) in [(&[][..], "one"), (&["--user", "1000"], "two")] {
        let out = format!("/tmp/core:./{core}");
        let run = Run::new(user).with(&["--cwd", "/tmp", "--out", &out]);
        let run = run.with(&[
            "--ulimit",
            "core=unlimited",
            "--",
            "sh",
            "-c",
            "kill -ABRT $$",
        ]);
        let output = run.tap(|command| command.current_dir(here.path())).output();
        assert_status(&output, 128 + 6);
        let core = fs::read(here.path().join(core)).unwrap();
        // An ELF file of the type ET_CORE (elf(5)).
        assert!(core.starts_with(b"\x7fELF"), "{:?}", core.get(..4));
        assert_eq!(core[16..18], [4, 0]);
    }
    let run = Run::new(&["--cwd", "/tmp", "--out", "/tmp/core"]);
    let run = run.with(&["--", "sh", "-c", "kill -ABRT $$"]);
    let output = run.tap(|command| command.current_dir(here.path())).output();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("--out /tmp/core: the guest has no such file"));
}
