//! The command, run as a user does.

#![allow(
    dead_code,
    reason = "each test file is a program that uses its own part of this"
)]

use std::process::Command;

/// A scenario that is always there.
pub(crate) const SCENARIO: &str = "unshare_newpid_multithreaded";

/// What came of a command.
#[derive(Debug)]
pub(crate) struct CommandResult {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `cargo xtask` with these words.
pub(crate) fn xtask(words: &[&str]) -> CommandResult {
    run(xtask_command().args(words))
}

/// The command without its words.
pub(crate) fn xtask_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_strata"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> CommandResult {
    let output = command.output().expect("the command can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
    CommandResult {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl CommandResult {
    /// Fails the test where this was not the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test where stdout lacks any of these.
    #[track_caller]
    pub(crate) fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stdout.contains(text),
                "{text:?} is missing:\n{}",
                self.stdout
            );
        }
        self
    }

    /// Fails the test where stderr lacks any of these.
    #[track_caller]
    pub(crate) fn complains(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "{text:?} is missing:\n{}",
                self.stderr
            );
        }
        self
    }
}
