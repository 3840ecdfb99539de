//! Files that come back from a guest.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::tempdir;

use super::{Run, Tap, WAYS, assert_status, random, text};

const FILES: [&str; 8] = [
    "--file",
    "/bin/cat",
    "--file",
    "/bin/mkdir",
    "--file",
    "/bin/ln",
    "--file",
    "/bin/chmod",
];

/// A directory with what is in it, and a file of /proc, by shared memory and without it.
#[test]
fn files_come_back_as_they_are() {
    for way in WAYS {
        let here = tempdir().unwrap();
        let bytes = random(300_000);
        fs::write(here.path().join("input"), &bytes).unwrap();
        let input = format!("{}:/input", here.path().join("input").display());
        let script = "mkdir -p /out/deep; cat /input > /out/deep/copy; echo '#!/bin/sh' > /out/run; \
                      chmod 755 /out/run; ln -s deep/copy /out/link; ln -s /etc/passwd /out/away; \
                      echo said; exit 7";
        let run = Run::new(way).with(&FILES).with(&["--file", &input]);
        let run = run.with(&["--out", "/out:./results", "--out", "/proc/version", "--"]);
        let run = run.with(&["sh", "-c", script]);
        let output = run.tap(|command| command.current_dir(here.path())).output();
        assert_status(&output, 7);
        assert_eq!(text(&output.stdout), "said\n");
        assert_eq!(text(&output.stderr), "");
        let results = here.path().join("results");
        assert!(fs::read(results.join("deep/copy")).unwrap() == bytes);
        assert!(fs::read(results.join("link")).unwrap() == bytes);
        assert!(fs::symlink_metadata(results.join("away")).is_err());
        let mode = fs::metadata(results.join("run"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        let version = fs::read_to_string(here.path().join("version")).unwrap();
        assert!(version.starts_with("Linux version "), "{version}");
    }
}

/// Also of a program that a signal ends; and more than the memory of a ring.
#[test]
fn many_bytes_come_back_and_a_missing_file_is_told() {
    let here = tempdir().unwrap();
    fs::create_dir(here.path().join("outside")).unwrap();
    symlink("outside", here.path().join("core")).unwrap();
    let script = "for i in 1 2 3 4 5 6 7 8 9 10; do cat /bin/cat /bin/sh >> /tmp/core; done; \
                  kill -SEGV $$";
    let run = Run::new(&FILES).with(&["--out", "/tmp/core", "--file", "/bin/sh", "--"]);
    let run = run.with(&["sh", "-c", script]);
    let output = run.tap(|command| command.current_dir(here.path())).output();
    assert_status(&output, 139);
    let part = [fs::read("/bin/cat").unwrap(), fs::read("/bin/sh").unwrap()].concat();
    assert!(fs::read(here.path().join("core")).unwrap() == part.repeat(10));

    let run = Run::new(&["--out", "/no/such", "--", "sh", "-c", "exit 7"]);
    let output = run.tap(|command| command.current_dir(here.path())).output();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("--out /no/such: the guest has no such file"));

    // What cannot be read does not keep the rest back.
    let run = Run::new(&["--out", "/proc/self/mem:./mem", "--out", "/dev/zero:./zero"]);
    let run = run.with(&[
        "--out",
        "/tmp/ok:./ok",
        "--",
        "sh",
        "-c",
        "echo ok > /tmp/ok; exit 5",
    ]);
    let output = run.tap(|command| command.current_dir(here.path())).output();
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    for words in [
        "the program ended (exit status 5)",
        "could not read /proc/self/mem: Input/output error",
        "and 1 more",
    ] {
        assert!(stderr.contains(words), "{stderr}");
    }
    assert_eq!(fs::read(here.path().join("ok")).unwrap(), b"ok\n");

    // A sparse file takes no room in the guest.
    let script = "dd if=/dev/zero of=/tmp/huge bs=1 count=1 seek=1200000000 2> /dev/null";
    let run = Run::new(&[
        "--file",
        "/bin/dd",
        "--out",
        "/tmp/huge",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let output = run.tap(|command| command.current_dir(here.path())).output();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("over 1 GiB"), "{output:?}");
    assert!(!here.path().join("huge").exists());

    for (options, words) in [
        (&["--out", "relative"][..], "write an absolute path"),
        (&["--out", "/x", "--out", "/x:./y"], "is there twice"),
        (
            &["--out", "/x", "--kernel", "6.1"],
            "--out is for one kernel",
        ),
    ] {
        let output = Run::new(options).with(&["--", "true"]).output();
        assert_status(&output, 125);
        assert!(text(&output.stderr).contains(words), "{output:?}");
    }
}
