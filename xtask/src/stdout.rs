//! Output of commands.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process;

use harness::{advised, say};

/// Prints to stdout. A reader that is gone, as after `| head`, ends the program
/// without an error.
pub(crate) fn print(text: impl Display) {
    let mut stdout = io::stdout().lock();
    match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            let error = advised(error.to_string());
            say(&format!("error: writing to stdout: {error}"));
            process::exit(harness::Exit::Unable as i32)
        }
    }
}
