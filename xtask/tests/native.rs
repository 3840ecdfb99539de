//! The running kernel, really asked.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use support::{CommandResult, SCENARIO, run, xtask, xtask_command};

/// Where namespaces cannot be had, as in some containers, there is nothing to
/// test but that it says so.
fn has_namespaces(ran: &CommandResult) -> bool {
    let refused = ran.stdout.contains("not run: no namespaces")
        || ran.stdout.contains("not run: mounting a /proc of its own");
    if refused {
        assert_eq!(ran.code, 3, "{}", ran.stdout);
    }
    !refused
}

/// What is mounted where a native run mounts something of its own.
fn mounts() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let ours = |line: &&str| [" /proc ", " /tmp "].iter().any(|at| line.contains(at));
    mounts.lines().filter(ours).map(str::to_owned).collect()
}

#[test]
fn the_running_kernel_is_a_row_of_the_matrix() {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let before = mounts();
    let ran = xtask(&["test-kernels", "native"]);
    if !has_namespaces(&ran) {
        return;
    }
    assert!(ran.stdout.contains("native"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("TIMED OUT"), "{}", ran.stdout);
    assert!([0, 1, 3].contains(&ran.code), "on {release}: {ran:?}");
    // The system is left as it was.
    assert_eq!(mounts(), before);
}

#[test]
fn one_scenario_takes_no_time() {
    // The first builds the guest.
    let words = [
        "test-kernels",
        "native",
        "--claims",
        "6.1",
        "--scenario",
        SCENARIO,
    ];
    if !has_namespaces(&xtask(&words)) {
        return;
    }
    let begun = Instant::now();
    xtask(&words).exits(0).prints(&[
        "native as 6.1",
        "pass",
        "native as 6.1, by family\n  unshare              1 of   1\n",
    ]);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn it_can_be_held_against_the_claims_for_any_version() {
    let words = [
        "test-kernels",
        "native",
        "--claims",
        "3.10",
        "--scenario",
        SCENARIO,
    ];
    let ran = xtask(&words);
    if !has_namespaces(&ran) {
        return;
    }
    // No kernel that runs this does what 3.10 did.
    ran.exits(1).prints(&[
        "unshare  EINVAL    ok   <--",
        "reproduce: cargo xtask test-kernels native --claims 3.10 --scenario",
    ]);
    xtask(&["test-kernels", "6.1", "--claims", "3.10"])
        .exits(2)
        .complains(&["native"]);
}

/// The cells that are red, in the details: `native NAME: FAIL`.
fn red(ran: &CommandResult) -> Vec<&str> {
    let lines = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("native "));
    let red = lines.filter(|line| !line.contains(": not run ("));
    red.filter(|line| !line.starts_with("native (")).collect()
}

/// Root of a user namespace, as in a rootless container.
#[test]
fn what_a_container_forbids_is_no_red_of_the_kernel() {
    let outside = xtask(&["test-kernels", "native"]);
    let inside = run(std::process::Command::new("unshare")
        .arg("-Ur")
        .arg(xtask_command().get_program())
        .args(["test-kernels", "native"]));
    if inside.stderr.contains("unshare: ") || !has_namespaces(&inside) {
        return;
    }
    assert_eq!(red(&inside), red(&outside), "{}", inside.stdout);
    inside.prints(&[
        "native unprivileged_clone_newpid: not run (it takes root of the whole system, \
         and this is a user namespace: ",
    ]);
}

#[test]
fn without_privilege_it_takes_a_user_namespace() {
    // What root can do that no user can.
    let ran = run(std::process::Command::new("setpriv")
        .arg("--bounding-set=-sys_admin")
        .arg(xtask_command().get_program())
        .args(["test-kernels", "native", "--claims", "6.1"])
        .args(["--scenario", SCENARIO]));
    let no_privilege = ran.stderr.contains("setpriv");
    if !no_privilege && has_namespaces(&ran) {
        ran.exits(0).prints(&["pass"]);
    }
}
