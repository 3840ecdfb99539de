//! What a program needs is looked for before it starts.

use std::process::{Output, Stdio};

use strata_tests::{any_kernel, xtask};
use tempfile::tempdir;

use super::{Run, assert_status, text};

/// On a kernel of the catalogue, whose package has a configuration.
fn run(needs: &[&str], words: &[&str]) -> Output {
    let mut command = xtask();
    let name = any_kernel().name();
    command.args(["run", "--kernel", &name]);
    for need in needs {
        command.args(["--needs", need]);
    }
    command.args(words).args(["--", "/bin/echo", "started"]);
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_program_starts_where_all_that_it_needs_is_there() {
    let needs = [
        "root",
        "network",
        "disk",
        "module=overlay",
        "cgroup=v2",
        "config=CONFIG_OVERLAY_FS",
        "config=CONFIG_OVERLAY_FS=m",
        "config=CONFIG_NO_SUCH_OPTION=n",
        "sysctl=kernel.ostype=Linux",
        "sysctl=vm.drop_caches",
    ];
    let output = run(&needs, &["--disk", "1M"]);
    assert_status(&output, 0);
    assert_eq!(text(&output.stdout), "started\n");
    assert_eq!(text(&output.stderr), "");
}

/// Neither a failure of the program nor one of the kernel.
#[test]
fn what_is_missing_makes_it_not_applicable() {
    for (need, words, why) in [
        (
            "root",
            &["--user", "1000"][..],
            "it needs root and runs as user 1000",
        ),
        ("disk", &[], "there is no disk"),
        ("module=nosuch", &[], "the kernel has no module nosuch"),
        (
            "cgroup=v1",
            &[],
            "no control groups of version 1 are mounted",
        ),
        (
            "config=CONFIG_NO_SUCH_OPTION",
            &[],
            "CONFIG_NO_SUCH_OPTION is off",
        ),
        ("config=CONFIG_OVERLAY_FS=y", &[], "CONFIG_OVERLAY_FS is m"),
        ("sysctl=kernel.ostype=Other", &[], "kernel.ostype is Linux"),
        (
            "sysctl=kernel.nosuch",
            &[],
            "there is no setting kernel.nosuch",
        ),
    ] {
        let output = run(&["sysctl=kernel.ostype", need], words);
        assert_status(&output, 77);
        assert_eq!(text(&output.stdout), "");
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains(&format!("not applicable: {why}")),
            "{stderr}"
        );
        assert!(!stderr.contains("error"), "{stderr}");
    }
}

/// Of several kernels, those that lack something are lines of output.
#[test]
fn of_several_kernels_those_that_lack_something_are_no_failures() {
    let dir = tempdir().unwrap();
    for (needs, options, status) in [
        (&["--needs", "module=nosuch"][..], &[][..], 77),
        (&[], &["--strict"], 0),
    ] {
        let run = Run::on_several(dir.path(), &["one", "two"]).with(needs);
        let output = run.with(options).with(&["--", "/bin/true"]).output();
        assert_status(&output, status);
        let lines = text(&output.stdout).matches("two: not applicable").count();
        assert_eq!(lines, usize::from(status != 0));
    }
}

#[test]
fn a_need_that_is_none_is_told_before_the_boot() {
    let output = run(&["modul=overlay"], &[]);
    assert_status(&output, 125);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("module=NAME"), "{stderr}");
}
