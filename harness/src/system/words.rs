//! Errors as text.

use std::io::{self, Write};
use std::time::Duration;

use guest::wire::Stream;

use super::outlet::Outlet;

/// How long the reader of stderr may pause.
const PATIENCE: Duration = Duration::from_secs(2);

/// An error and its causes, without a cause whose words the error before it repeats:
/// errors of libraries often contain the text of their cause.
#[must_use]
pub fn words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// What to do about errors of the system, by the words with which Rust ends them: those
/// of libraries are text only.
const ADVICE: [(&str, &str); 3] = [
    ("(os error 24)", "raise `ulimit -n`"),
    ("(os error 27)", "raise `ulimit -f`"),
    ("(os error 28)", "make room there, or name another place"),
];

/// An error in words, with what to do about it if that is known.
#[must_use]
pub fn advised(mut text: String) -> String {
    for (error, advice) in ADVICE {
        if text.contains(error) && !text.contains(advice) {
            text = format!("{text}; {advice}");
        }
    }
    text
}

/// Prints a line on stderr; waits at most 2 s for a reader that does not read.
pub fn say(text: &str) {
    let line = format!("{text}\n");
    let Ok(outlet) = Outlet::stdio() else {
        // There are too few descriptors for one that is not waited for.
        let _ = io::stderr().write_all(line.as_bytes());
        return;
    };
    if outlet.put(Stream::Stderr, line.as_bytes()).is_ok() {
        let _ = outlet.wait(true, Some(PATIENCE), None);
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let full = || io::Error::from_raw_os_error(libc::ENOSPC);
        let said = "No space left on device (os error 28)";
        let outer = io::Error::new(io::ErrorKind::StorageFull, full());
        let error = Err::<(), _>(outer).context("writing the transcript");
        let error = error.unwrap_err();
        assert_eq!(words(&error), format!("writing the transcript: {said}"));
        let error = anyhow::Error::from(full()).context(format!("x: {said}"));
        assert_eq!(words(&error), format!("x: {said}"));
        let error = anyhow::anyhow!("one").context("two").context("three");
        assert_eq!(words(&error), "three: two: one");
    }

    #[test]
    fn what_a_user_can_mend_is_advised_once() {
        let said = io::Error::from_raw_os_error(libc::EMFILE).to_string();
        let text = advised(said.clone());
        assert_eq!(text, format!("{said}; raise `ulimit -n`"));
        assert_eq!(advised(text.clone()), text);
        assert_eq!(advised("no route".to_owned()), "no route");
    }
}
