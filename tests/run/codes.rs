//! The exit codes of `run`, and what it refuses before a boot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use strata_tests::cc;
use tempfile::tempdir;

use super::{Run, assert_status, text};

fn script(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_wrong_command_line_is_refused_before_a_boot() {
    let dir = tempdir().unwrap();
    let crlf = dir.path().join("crlf");
    script(&crlf, "#!/bin/sh\r\ntrue\r\n");
    let cut = dir.path().join("cut");
    script(&cut, "");
    let whole = fs::read("/bin/cat").unwrap();
    fs::write(&cut, &whole[..100]).unwrap();
    let [crlf, cut] = [&crlf, &cut].map(|path| path.to_str().unwrap());
    for (status, options, words) in [
        (127, vec!["--", "/bin/catt"], "the nearest there: cat"),
        (126, vec!["--", "/etc/passwd"], "chmod +x"),
        (126, vec!["--", "/"], "no program"),
        (127, vec!["--", "no-such-program"], "PATH"),
        (127, vec!["--", crlf], "CR LF"),
        (126, vec!["--", cut], "cut short"),
        (125, vec!["--env", "=x", "--", "/bin/cat"], "NAME=VALUE"),
        (125, vec!["--env", "UNSET", "--", "/bin/cat"], "UNSET=VALUE"),
        (
            125,
            vec!["--file", "/nowhere", "--", "/bin/cat"],
            "/nowhere",
        ),
        (125, vec!["--file", "/bin/ls:ls", "--", "/bin/cat"], "slash"),
        (
            125,
            vec!["--kernel", "/etc/passwd", "--", "/bin/cat"],
            "bzImage",
        ),
        (125, vec!["--kernel", "3.99", "--", "/bin/cat"], "nearest"),
        (125, vec!["--memory", "0", "--", "/bin/cat"], "--memory"),
        (125, vec!["6.1", "--", "/bin/cat"], "--kernel 6.1"),
        (125, vec!["/bin/cat", "x"], "-- /bin/cat x"),
        (125, vec![], "PROGRAM"),
    ] {
        let output = Run::new(&options).output();
        assert_status(&output, status);
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains(words),
            "{words:?} for {options:?} in {stderr}"
        );
        let legacy = [&["--exit-codes", "legacy"][..], &options].concat();
        assert_status(&Run::new(&legacy).output(), 2);
    }
}

#[test]
fn an_error_is_printed_once() {
    for (path, why) in [
        ("/no/file", "(os error"),
        ("/tmp", "there is no kernel in this directory"),
    ] {
        let output = Run::new(&["--kernel", path, "--", "true"]).output();
        assert_status(&output, 125);
        let stderr = text(&output.stderr);
        assert_eq!(stderr.matches(why).count(), 1, "{stderr}");
    }
}

/// A directory may hold scripts that cannot run here: only what is named must be able
/// to.
#[test]
fn a_broken_script_in_a_directory_is_no_error() {
    let dir = tempdir().unwrap();
    let tools = dir.path().join("tools");
    fs::create_dir(&tools).unwrap();
    script(&tools.join("other"), "#!/nowhere/python2\n");
    script(&tools.join("cut"), "\x7fELF");
    script(&tools.join("own"), "#!/bin/sh\necho own\n");
    let tools = format!("{}:/tools", tools.display());
    let output = Run::new(&["--file", &tools, "--", "sh", "-c", "/tools/own"]).output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "own\n");
    let output = Run::new(&["--file", &tools, "--", "sh", "-c", "/tools/other"]).output();
    assert_status(&output, 127);
}

/// The kernel itself refuses to execute the program.
#[test]
fn a_program_that_the_kernel_cannot_execute_exits_with_126() {
    let dir = tempdir().unwrap();
    let program = dir.path().join("ends");
    cc("ends.c", &program, &["-static"]).unwrap();
    let mut bytes = fs::read(&program).unwrap();
    // No such type of ELF file is executed (elf(5): ET_REL).
    bytes[16] = 1;
    fs::write(&program, bytes).unwrap();
    let program = program.to_str().unwrap();
    let output = Run::new(&["--", program]).output();
    assert_status(&output, 126);
    assert!(text(&output.stderr).contains("cannot execute"));
    assert_status(
        &Run::new(&["--exit-codes", "legacy", "--", program]).output(),
        3,
    );
}

/// Codes count in the order of the kernels. The harness's codes come first only with
/// `--exit-codes legacy`.
#[test]
fn of_several_kernels_the_first_code_that_is_not_0_counts() {
    let dir = tempdir().unwrap();
    // Only the second kernel comes to the program's end in time.
    let own = "read -r line < /proc/cmdline; exit 7";
    let run = Run::on_several(dir.path(), &["one", "two"]);
    let output = run.with(&["--", "sh", "-c", own]).output();
    assert_status(&output, 7);
    for (codes, status) in [("standard", 125), ("legacy", 3)] {
        let hangs = ["--exit-codes", codes, "--timeout", "2", "--", "sh", "-c"];
        let run = Run::on_several(dir.path(), &["one", "two"]);
        let output = run.with(&hangs).with(&["while :; do :; done"]).output();
        assert_status(&output, status);
    }
}

/// This includes real-time signals. The death of an orphan changes nothing.
#[test]
fn any_signal_is_128_and_its_number() {
    for signal in [9, 34, 40, 64] {
        let line = format!("kill -{signal} $$");
        let output = Run::new(&["--", "sh", "-c", &line]).output();
        assert_status(&output, 128 + signal);
    }
    let orphan = "(sh -c 'kill -40 $$' &); (sh -c 'kill -64 $$' &); \
                  i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; echo well";
    let output = Run::new(&["--", "sh", "-c", orphan]).output();
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "well\n");
}
