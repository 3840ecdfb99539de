//! The exit code of a command that did not come to its end.

use std::ffi::OsString;

use clap::error::ErrorKind;
use harness::{Exit, ExitCodes, say};

/// The exit codes that a command line asks for, right or wrong: `run` and `shell`
/// leave room for the codes of a program.
pub(crate) fn codes(words: impl Iterator<Item = OsString>) -> Option<ExitCodes> {
    let mut words = words.skip(1);
    let command = loop {
        let word = words.next()?;
        if word == "--runs" {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            break word;
        }
    };
    if command != "run" && command != "shell" && command != "runner" {
        return None;
    }
    let words: Vec<OsString> = words.take_while(|word| word != "--").collect();
    let separate = words
        .windows(2)
        .any(|pair| pair[0] == "--exit-codes" && pair[1] == "legacy");
    let legacy = separate || words.iter().any(|word| word == "--exit-codes=legacy");
    Some(if legacy {
        ExitCodes::Legacy
    } else {
        ExitCodes::Standard
    })
}

/// The exit code of a command line that makes no sense, or that asks for help.
pub(crate) fn of_usage(error: &clap::Error, codes: Option<ExitCodes>) -> u8 {
    if error.kind() == ErrorKind::InvalidUtf8 {
        let words = std::env::args_os().take_while(|word| word != "--");
        let odd = words.filter(|word| word.to_str().is_none());
        let odd: Vec<String> = odd.map(|word| format!("{word:?}")).collect();
        let odd = odd.join(", ");
        say(&format!(
            "error: {odd} is not UTF-8: give a file another name, or a link that has one"
        ));
    } else {
        // Where it cannot be printed, there is no other place to say so.
        let _ = error.print();
    }
    if !error.use_stderr() {
        return 0;
    }
    codes.map_or(Exit::Usage as u8, ExitCodes::usage)
}

/// Maps usage errors to exit code 2, and all other errors to 3.
pub(crate) fn of_error(error: &anyhow::Error, codes: Option<ExitCodes>) -> u8 {
    if let Some(codes) = codes {
        return codes.of_error(error);
    }
    let senseless = error.is::<images::SelectError>()
        || error.is::<harness::UnknownScenario>()
        || error.is::<harness::bisect::RangeError>()
        || error.is::<harness::BadRequest>()
        || error.is::<harness::report::TooManyJobs>();
    (if senseless { Exit::Usage } else { Exit::Unable }) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_run_a_program_have_its_exit_codes() {
        for (line, expected) in [
            ("xtask run --kernel 6.1 -- true", Some(ExitCodes::Standard)),
            ("xtask --runs run test-kernels", None),
            ("xtask --runs=x --runs x run", Some(ExitCodes::Standard)),
            ("xtask shell", Some(ExitCodes::Standard)),
            ("xtask run --exit-codes legacy x", Some(ExitCodes::Legacy)),
            ("xtask run --exit-codes=legacy x", Some(ExitCodes::Legacy)),
            (
                "xtask run -- --exit-codes legacy",
                Some(ExitCodes::Standard),
            ),
            ("xtask test-kernels 6.1", None),
            ("xtask", None),
        ] {
            assert_eq!(
                codes(line.split(' ').map(OsString::from)),
                expected,
                "{line}"
            );
        }
    }
}
