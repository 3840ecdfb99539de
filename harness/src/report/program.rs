//! What became of a program, in words and as an exit code.

use crate::end::End;
use crate::{Ending, Exit, Interrupt, Ran};

/// The exit code of a shell for a program that nobody listens to any more
/// (SIGPIPE).
const OUTPUT_CLOSED: u8 = 128 + 13;
/// The same for one that was interrupted (SIGINT).
const INTERRUPTED: u8 = 128 + 2;

/// A run in one line: `6.1: exit status 0, 2.1 s (6.1.0-50-cloud-amd64)`.
#[must_use]
pub fn closing_line(name: &str, ran: &Ran) -> String {
    let (ending, seconds) = (ending(&ran.ending), ran.took.as_secs_f64());
    let line = format!("{name}: {ending}, {seconds:.1} s");
    let retries = booted_anew(&ran.retries);
    match &ran.kernel {
        Some(kernel) => format!("{line} ({kernel}){retries}"),
        None => format!("{line}{retries}"),
    }
}

/// That boots had to be begun anew, and why; nothing where none had to.
pub(crate) fn booted_anew(retries: &[String]) -> String {
    match retries {
        [] => String::new(),
        [.., last] => format!(
            ", booted anew {} time{} ({last})",
            retries.len(),
            if retries.len() == 1 { "" } else { "s" }
        ),
    }
}

/// What there is to say of a run in which the program did not come to its own
/// end: what happened, and the console's last lines.
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
    if let Some(console) = &ran.console {
        let here = std::env::current_dir().unwrap_or_default();
        let console = console.strip_prefix(here).unwrap_or(console);
        text.push_str(&format!("\nthe whole console: {}", console.display()));
    }
    text
}

/// The exit code of a command that ran a program.
#[must_use]
pub fn exit_code(ending: &Ending, interrupt: Option<&Interrupt>) -> u8 {
    match ending {
        Ending::Ended(status) => status.code(),
        Ending::Interrupted => interrupt
            .and_then(Interrupt::signal)
            .map_or(INTERRUPTED, |signal| 128 | signal),
        Ending::OutputClosed => OUTPUT_CLOSED,
        Ending::TimedOut(_) | Ending::Lost(_) => Exit::Unable as u8,
    }
}

/// How a run ended, in a few words.
pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Ended(status) => status.to_string(),
        Ending::TimedOut(limit) => format!(
            "not done after {} s, and ended; --timeout S gives more",
            limit.as_secs_f64()
        ),
        Ending::Interrupted => "interrupted".to_owned(),
        Ending::OutputClosed => "ended, nobody reads its output".to_owned(),
        Ending::Lost(End::Complete | End::InDoubt | End::Died) => {
            "the machine ended before the program did".to_owned()
        }
        Ending::Lost(End::Panicked(words)) => format!("the kernel panicked: {words}"),
        Ending::Lost(End::Hung(what)) => format!("the kernel hangs: {what}"),
        Ending::Lost(End::QemuFailed(how)) => how.clone(),
        Ending::Lost(End::Garbled(what)) => format!("the console was garbled: {what}"),
        Ending::Lost(End::Broken(why)) => why.clone(),
    }
}
