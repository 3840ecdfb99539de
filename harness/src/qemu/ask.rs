//! A short question to a QEMU.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use super::Launch;
use crate::child::die_with;

/// How often it is looked whether QEMU has ended.
const POLL: Duration = Duration::from_millis(5);
/// How much of an answer is kept, in bytes.
const MAX_ANSWER: u64 = 64 << 10;

/// What a QEMU says on stdout to these words on stdin, if it ends well within
/// `patience`.
pub(super) fn ask(
    launch: &Launch,
    arguments: &[&str],
    words: &str,
    patience: Duration,
) -> Result<String> {
    let mut command = launch.command();
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let harness = std::process::id();
    // SAFETY: between fork(2) and execve(2) it makes system calls only.
    unsafe {
        command.pre_exec(move || die_with(harness, Signal::SIGKILL));
    }
    let mut process = command
        .spawn()
        .with_context(|| format!("starting {launch}"))?;
    // What QEMU does not read, it does not need.
    let stdin = process.stdin.take();
    let _ = stdin.map(|mut stdin| stdin.write_all(words.as_bytes()));
    let stdout = process
        .stdout
        .take()
        .map(|stream| thread::spawn(move || read(stream)));
    let stderr = process
        .stderr
        .take()
        .map(|stream| thread::spawn(move || read(stream)));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().context("waiting for QEMU")? {
            break status;
        }
        if begun.elapsed() > patience {
            // Not yet waited for, so its number is still its own.
            let _ = process.kill();
            let _ = process.wait();
            bail!("no answer within {} s", patience.as_secs());
        }
        thread::sleep(POLL);
    };
    let text = |reader: Option<thread::JoinHandle<String>>| {
        reader
            .and_then(|reader| reader.join().ok())
            .unwrap_or_default()
    };
    if !status.success() {
        bail!("{status}: {}", text(stderr).trim());
    }
    Ok(text(stdout))
}

fn read(stream: impl Read) -> String {
    let mut bytes = Vec::new();
    // What came before an error is all there is.
    let _ = stream.take(MAX_ANSWER).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enough on a busy host.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn ask_shell(script: &str, words: &str, patience: Duration) -> Result<String> {
        ask(
            &Launch::of_host("/bin/sh"),
            &["-c", script],
            words,
            patience,
        )
    }

    #[test]
    fn an_answer_is_what_is_said_by_one_that_ends_well() {
        assert_eq!(ask_shell("cat", "words", PATIENCE).unwrap(), "words");
        let error = ask_shell("echo why >&2; exit 3", "", PATIENCE).unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3: why");
    }

    #[test]
    fn one_that_does_not_answer_is_ended() {
        let begun = Instant::now();
        let error = ask_shell("exec sleep 60", "", Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.to_string(), "no answer within 0 s");
        assert!(begun.elapsed() < PATIENCE);
    }
}
