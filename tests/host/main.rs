//! A host that misbehaves: each fault is made for real, and told for what it is.

mod disk;
mod interrupts;
mod isolation;
mod kvm;
mod load;
mod qemu;
mod side_by_side;
mod trust;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::{Bench, Bootable, Launch, Qemu, RunDir};
use images::{Catalogue, Kernel, Silent, Store};
use strata_tests::{Captured, any_image, executable, qemu_in, xtask};
use tempfile::{TempDir, tempdir};

/// A scenario that takes no time.
const SCENARIO: &str = "unshare_newpid_multithreaded";

/// `cargo xtask test-kernels KERNEL --scenario …`, on a kernel at hand.
fn test_kernels(kernels: &[&Path]) -> Command {
    let mut command = xtask();
    command.arg("test-kernels").args(kernels);
    command.args(["--accel", "tcg", "--scenario", SCENARIO]);
    command.stdin(Stdio::null());
    command
}

/// A QEMU that says of itself what the true one says, and runs as this script:
/// `$qemu` is the true one, `$here` a directory of its own.
struct Fake(TempDir);

impl Fake {
    fn new(script: &str) -> Self {
        Self::of_version("exec $qemu -version", script)
    }

    fn of_version(version: &str, script: &str) -> Self {
        let dir = tempdir().unwrap();
        let qemu = dir.path().join("qemu-system-x86_64");
        let here = dir.path().display();
        qemu_in(dir.path()).unwrap();
        let text = format!(
            "#!/bin/sh\nhere={here}\nqemu=$here/true-qemu\ncase \"$*\" in\n\
             *-version*) {version};;\n*'-machine none'*) exec $qemu \"$@\";;\nesac\n{script}\n",
        );
        executable(&qemu, &text).unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("qemu-system-x86_64")
    }

    /// Makes it the first in the PATH of a command, which takes that one.
    fn before(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.0.path().display()));
        command.env("STRATA_QEMU", "host");
    }
}

/// The QEMU that the tests use: this host's, or Strata's own.
fn true_qemu() -> Qemu {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let bench = Bench::new(store, RunDir::nameless()).unwrap();
    bench.qemu(&Captured).unwrap()
}

/// A kernel at hand and a machine for it.
fn bootable(qemu: Option<&Fake>) -> Bootable {
    let store = Store::builder(&Catalogue::builtin()).build().unwrap();
    let mut bench = Bench::new(store, RunDir::nameless()).unwrap();
    bench.wish = "tcg".parse().unwrap();
    let kernel = Kernel::File(any_image().unwrap());
    let Ok(mut bootable) = bench.machine(&kernel, &Silent) else {
        panic!("the kernel is at hand")
    };
    if let Some(qemu) = qemu {
        bootable.machine.qemu = Launch::of_host(qemu.path());
    }
    bootable
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
}

/// Waits until something is so, at most this long.
#[track_caller]
fn wait_until(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < patience, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
