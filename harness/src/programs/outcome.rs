//! The outcome of a program's run, in words and as an exit code.

use std::str::FromStr;

use super::session::{Ending, Ran};
use crate::machine::booted_again;
use crate::payload::{BadRequest, PackedProgram};
use crate::results::{End, Exit};
use crate::system::{Interrupt, say};

/// The exit codes of env(1): it failed, the program cannot be executed, it is missing.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const MISSING: u8 = 127;
/// The exit code of a test that was skipped, for Automake and Meson.
const NOT_APPLICABLE: u8 = 77;
/// A shell's exit code for a program killed by SIGPIPE: its reader is gone.
const OUTPUT_CLOSED: u8 = 128 + 13;
/// A shell's exit code for a program killed by SIGINT.
const INTERRUPTED: u8 = 128 + 2;

/// A run in one line: `6.1: exit status 0, 2.1 s (6.1.0-50-cloud-amd64)`.
#[must_use]
pub fn closing_line(name: &str, ran: &Ran) -> String {
    let (ending, seconds) = (ending(&ran.ending), ran.took.as_secs_f64());
    let line = format!("{name}: {ending}, {seconds:.1} s");
    let retries = booted_again(&ran.retries);
    match &ran.kernel {
        Some(kernel) => format!("{line} ({kernel}){retries}"),
        None => format!("{line}{retries}"),
    }
}

/// The message for a program that did not end by itself: what happened, and the
/// console's last lines.
#[must_use]
pub fn failure(name: &str, ran: &Ran) -> String {
    let mut text = closing_line(name, ran);
    if !ran.last_lines.is_empty() {
        text.push_str("\nconsole, last lines:");
        for line in &ran.last_lines {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    match &ran.console {
        Some(Ok(console)) => {
            let here = std::env::current_dir().unwrap_or_default();
            let console = console.strip_prefix(here).unwrap_or(console);
            text + &format!("\nthe whole console: {}", console.display())
        }
        Some(Err(why)) => {
            format!("{text}\nthe console is not kept: {why}; --runs names another directory")
        }
        None => text,
    }
}

/// Prints on stderr what of a program's directories does not travel, if anything.
pub fn say_of_left_out(program: &PackedProgram) {
    if let [first, others @ ..] = program.left_out() {
        let first = first.display();
        let more = match others.len() {
            0 => String::new(),
            number => format!(", and {number} more"),
        };
        say(&format!("sockets and devices do not travel: {first}{more}"));
    }
}

/// Prints on stderr how a run in one kernel ended, unless the program ended by itself
/// after one boot.
pub fn say_of_run(name: &str, ran: &Ran) {
    if let Some(words) = words_of(name, ran) {
        say(&words);
    }
}

/// What is to be said of a run, if anything.
pub(super) fn words_of(name: &str, ran: &Ran) -> Option<String> {
    match ran.ending {
        Ending::Refused(..) | Ending::TimedOut(_) | Ending::Lost(_) => {
            Some(format!("error: {}", failure(name, ran)))
        }
        Ending::NotApplicable(_) => Some(closing_line(name, ran)),
        _ if !ran.retries.is_empty() => Some(closing_line(name, ran)),
        _ => None,
    }
}

/// The exit code of a command that was told to end.
#[must_use]
pub fn interrupted(interrupt: Option<&Interrupt>) -> u8 {
    let signal = interrupt.and_then(Interrupt::signal);
    signal.map_or(INTERRUPTED, |signal| 128 | signal)
}

/// The exit codes of a command that runs a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitCodes {
    /// As env(1), timeout(1) and docker: 125 if the command itself failed, 126 if the
    /// program cannot be executed, 127 if it is missing.
    #[default]
    Standard,
    /// 2 for a request that makes no sense, 3 for other failures.
    Legacy,
}

impl ExitCodes {
    /// Of a run.
    #[must_use]
    pub fn of(self, ending: &Ending, interrupt: Option<&Interrupt>) -> u8 {
        match ending {
            Ending::Ended(status) => status.code(),
            Ending::Interrupted => interrupted(interrupt),
            Ending::OutputClosed => OUTPUT_CLOSED,
            Ending::NotApplicable(_) => NOT_APPLICABLE,
            Ending::Refused(_, true) if self == Self::Standard => MISSING,
            Ending::Refused(_, false) if self == Self::Standard => NOT_EXECUTABLE,
            Ending::Refused(..) | Ending::TimedOut(_) | Ending::Lost(_) => self.unable(),
        }
    }

    /// Of a command that could not do its part.
    #[must_use]
    pub const fn unable(self) -> u8 {
        match self {
            Self::Standard => FAILED,
            Self::Legacy => Exit::Unable as u8,
        }
    }

    /// Of a command line that makes no sense.
    #[must_use]
    pub const fn usage(self) -> u8 {
        match self {
            Self::Standard => FAILED,
            Self::Legacy => Exit::Usage as u8,
        }
    }

    /// Of an error, before anything ran.
    #[must_use]
    pub fn of_error(self, error: &anyhow::Error) -> u8 {
        match error.downcast_ref::<BadRequest>() {
            Some(BadRequest::NotExecutable(_)) if self == Self::Standard => NOT_EXECUTABLE,
            Some(BadRequest::Missing(_)) if self == Self::Standard => MISSING,
            Some(_) => self.usage(),
            None if error.is::<images::SelectError>() => self.usage(),
            None => self.unable(),
        }
    }
}

impl FromStr for ExitCodes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "standard" => Ok(Self::Standard),
            "legacy" => Ok(Self::Legacy),
            _ => Err(format!("{text:?} is neither standard nor legacy")),
        }
    }
}

/// How a run ended, in words.
pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Ended(status) => status.to_string(),
        Ending::Refused(why, _) => format!("the kernel cannot execute {why}"),
        Ending::NotApplicable(why) => format!("not applicable: {why}"),
        Ending::TimedOut(limit) => format!(
            "not done after {} s, and ended; --timeout S gives more",
            limit.as_secs_f64()
        ),
        Ending::Interrupted => "interrupted".to_owned(),
        Ending::OutputClosed => "ended, its output is not read any more".to_owned(),
        Ending::Lost(End::Complete | End::InDoubt | End::Died) => {
            "the machine ended before the program did".to_owned()
        }
        Ending::Lost(End::Panicked(words)) => format!("the kernel panicked: {words}"),
        Ending::Lost(End::Hung(what)) => format!("the kernel hangs: {what}"),
        Ending::Lost(End::QemuFailed(how)) => how.clone(),
        Ending::Lost(End::Garbled(what)) => format!("what the guest sent was garbled: {what}"),
        Ending::Lost(End::Broken(why)) => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guest::Status;

    use super::*;

    #[test]
    fn exit_codes_are_those_of_env_and_timeout() {
        let hung = Ending::Lost(End::Hung("a test".to_owned()));
        let late = Ending::TimedOut(Duration::from_secs(1));
        let refused = |missing| Ending::Refused(String::new(), missing);
        for (ending, standard, legacy) in [
            (Ending::Ended(Status::Exited(0)), 0, 0),
            (Ending::Ended(Status::Exited(3)), 3, 3),
            (Ending::Ended(Status::Killed(11)), 139, 139),
            (Ending::Ended(Status::Killed(34)), 162, 162),
            (Ending::Interrupted, 130, 130),
            (Ending::OutputClosed, 141, 141),
            (Ending::NotApplicable(String::new()), 77, 77),
            (late, 125, 3),
            (hung, 125, 3),
            (refused(false), 126, 3),
            (refused(true), 127, 3),
        ] {
            assert_eq!(
                ExitCodes::Standard.of(&ending, None),
                standard,
                "{ending:?}"
            );
            assert_eq!(ExitCodes::Legacy.of(&ending, None), legacy, "{ending:?}");
        }
    }

    #[test]
    fn an_error_is_the_commands_own_or_the_programs() {
        for (error, standard, legacy) in [
            (BadRequest::new("no sense").into(), 125, 2),
            (
                BadRequest::NotExecutable("a directory".to_owned()).into(),
                126,
                2,
            ),
            (
                BadRequest::Missing("no such file".to_owned()).into(),
                127,
                2,
            ),
            (anyhow::anyhow!("no QEMU"), 125, 3),
        ] {
            assert_eq!(ExitCodes::Standard.of_error(&error), standard, "{error}");
            assert_eq!(ExitCodes::Legacy.of_error(&error), legacy, "{error}");
        }
    }
}
