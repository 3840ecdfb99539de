//! Control groups, as they are mounted for a program.

use strata_tests::xtask;

use super::{Run, assert_status, text};

const FILES: [&str; 6] = [
    "--file",
    "/bin/grep",
    "--file",
    "/bin/ls",
    "--file",
    "/bin/cat",
];

/// What of control groups is mounted, and where.
const MOUNTS: &str = "grep -o ' /sys/fs/cgroup[^ ]* .* - [^ ]*' /proc/self/mountinfo | \
                      while read -r place rest; do echo \"$place ${rest##* }\"; done";

fn mounts(mode: &str) -> Vec<String> {
    let run = Run::new(&FILES).with(&["--cgroup", mode, "--", "sh", "-c", MOUNTS]);
    let output = run.output();
    assert_status(&output, 0);
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn they_are_mounted_as_by_systemd() {
    assert_eq!(mounts("none"), Vec::<String>::new());
    assert_eq!(mounts("v2"), ["/sys/fs/cgroup cgroup2"]);
    let words = [
        "--",
        "grep",
        "-c",
        "cgroup2 rw,.*nsdelegate",
        "/proc/self/mountinfo",
    ];
    let output = Run::new(&FILES).with(&words).output();
    assert_eq!(text(&output.stdout), "1\n");
    let first = mounts("v1");
    for wanted in [
        "/sys/fs/cgroup tmpfs",
        "/sys/fs/cgroup/cpu,cpuacct cgroup",
        "/sys/fs/cgroup/memory cgroup",
        "/sys/fs/cgroup/systemd cgroup",
    ] {
        assert!(first.iter().any(|mount| mount == wanted), "{first:?}");
    }
    let hybrid = mounts("hybrid");
    let second = "/sys/fs/cgroup/unified cgroup2".to_owned();
    assert!(
        !first.contains(&second) && hybrid.contains(&second),
        "{hybrid:?}"
    );
    assert_eq!(hybrid.len(), first.len() + 1);
}

/// A group of the first version has its limits.
#[test]
fn a_group_of_the_first_version_works() {
    let script = "cd /sys/fs/cgroup/memory && mkdir own && echo 67108864 > own/memory.limit_in_bytes \
                  && cat own/memory.limit_in_bytes && echo $$ > own/tasks && \
                  grep :memory: /proc/self/cgroup && \
                  mkdir ../cpu/own && echo 50000 > ../cpu/own/cpu.cfs_quota_us && \
                  cat ../cpuacct/own/cpu.cfs_quota_us";
    let run = Run::new(&FILES).with(&["--file", "/bin/mkdir", "--needs", "cgroup=v1"]);
    let output = run
        .with(&["--cgroup", "v1", "--", "sh", "-c", script])
        .output();
    assert_status(&output, 0);
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("67108864\n"), "{stdout}");
    assert!(stdout.ends_with(":memory:/own\n50000\n"), "{stdout}");
}

/// A kernel whose first version has no controller of memory is told before the program
/// starts; declared as a need, it is no failure.
#[test]
fn a_kernel_without_the_first_version_is_told() {
    for (need, status) in [(&[][..], 125), (&["--needs", "cgroup=v1"], 77)] {
        for mode in ["v1", "hybrid"] {
            let mut command = xtask();
            command.args(["run", "--kernel", "7.3", "--cgroup", mode]);
            let output = command
                .args(need)
                .args(["--", "/bin/true"])
                .output()
                .unwrap();
            assert_status(&output, status);
            let stderr = text(&output.stderr);
            let words = "the kernel has the controller memory in version 2 only";
            assert!(stderr.contains(words), "{stderr}");
        }
    }
}

#[test]
fn a_mode_that_is_none_is_told() {
    let output = Run::new(&["--cgroup", "v3", "--", "/bin/true"]).output();
    assert_status(&output, 125);
    assert!(text(&output.stderr).contains("write v1, v2, hybrid or none"));
}
