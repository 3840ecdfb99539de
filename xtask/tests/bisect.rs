//! A boundary, really searched among kernels that Debian's mirrors carry.

mod support;

use support::{SCENARIO, xtask};

#[test]
fn the_boundary_is_where_the_table_says() {
    // Whether a namespace that has no init yet can be looked at: since 7.1.
    let scenario = "pid_for_children_of_one_thread";
    xtask(&["bisect", scenario, "--good", "7.0", "--bad", "7.3"])
        .exits(0)
        .prints(&[
            "4 kernels",
            "It changes from 7.0 ",
            "unshared=ENOENT",
            "unshared=new",
            "claimed of 7.1 and later",
            "commit a3bdc23ba8ea",
        ]);
}

#[test]
fn where_nothing_changes_that_is_said() {
    xtask(&["bisect", SCENARIO, "--good", "7.0", "--bad", "7.3"])
        .exits(3)
        .prints(&["No change", "the table knows of changes in 3.8, 3.12"]);
}

#[test]
fn a_program_is_bisected_by_its_exit_status() {
    let program = "read release < /proc/sys/kernel/osrelease; \
                   case $release in 7.0*) exit 0 ;; 7.2*) exit 125 ;; *) exit 7 ;; esac";
    let range = ["bisect", "--good", "7.0", "--bad", "7.3"];
    xtask(&[&range[..], &["--", "/bin/sh", "-c", program]].concat())
        .exits(0)
        .prints(&[
            "It changes from 7.0 ",
            "good (exit status 0)",
            "bad (exit status 7)",
        ]);
    xtask(&[&range[..], &["--", "/bin/no-such-program"]].concat())
        .exits(2)
        .complains(&["/bin/no-such-program"]);
}
