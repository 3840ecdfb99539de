//! Several runs at once, with one cache and one target directory.

use std::process::{Child, Stdio};

use super::{assert_says, stdout, test_kernels};

pub(crate) fn two_then_eight_concurrent_runs_pass() {
    for runs in [2, 8] {
        let start = |_| {
            let mut command = test_kernels(&["6.1".as_ref()]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let runs: Vec<Child> = (0..runs).map(start).collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", super::stderr(&output));
            assert_says(&stdout(&output), &["6.1", "pass"]);
        }
    }
}
