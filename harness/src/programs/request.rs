//! Checks the words of `run`'s command line.

use std::ffi::OsString;

use crate::machine::PublishedPort;
use crate::payload::BadRequest;

/// The program and its arguments, from the words before and after `--`.
///
/// # Errors
/// If a word is missing or in the wrong place: with what to write.
pub fn words_of_run<'a>(
    without_kernel: bool,
    misplaced: &[OsString],
    command: &'a [OsString],
) -> Result<(&'a OsString, &'a [OsString]), BadRequest> {
    let shown = |words: &[OsString]| {
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    };
    match (misplaced, command.split_first()) {
        ([], None) => Err(BadRequest::new(
            "no program is named: write `-- PROGRAM ARGS` behind all options",
        )),
        ([], Some(_)) if without_kernel => Err(BadRequest::new(
            "no kernel is named: write --kernel 6.1, for one, before `--`",
        )),
        ([], Some((program, rest))) => Ok((program, rest)),
        (words, Some(_)) => Err(BadRequest::new(format!(
            "`{}` stands before `--` and belongs to no option: a kernel is named with --kernel {}, \
             and the program with its arguments stands behind `--`",
            shown(words),
            shown(&words[..1])
        ))),
        (words, None) => Err(BadRequest::new(format!(
            "no program is named: write `-- {}` if that is PROGRAM and its ARGS",
            shown(words)
        ))),
    }
}

/// Checks that each port of this host leads to one port of one machine.
///
/// # Errors
/// If it does not: with what to leave out.
pub fn check_published(published: &[PublishedPort], kernels: usize) -> Result<(), BadRequest> {
    if kernels > 1 && !published.is_empty() {
        return Err(BadRequest::new(
            "--publish is for one kernel: a port of this host leads to one machine",
        ));
    }
    for (number, port) in published.iter().enumerate() {
        let mut before = published[..number].iter();
        if before.any(|other| other.host == port.host) {
            return Err(BadRequest::new(format!(
                "--publish has the port {} of this host twice: leave one out",
                port.host
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(without_kernel: bool, misplaced: &[&str], command: &[&str]) -> String {
        let own = |words: &[&str]| -> Vec<OsString> { words.iter().map(Into::into).collect() };
        let (misplaced, command) = (own(misplaced), own(command));
        let refused = words_of_run(without_kernel, &misplaced, &command);
        refused.map_or_else(|error| error.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn a_word_in_the_wrong_place_is_told_where_it_belongs() {
        assert_eq!(hint(false, &[], &["true"]), "fine");
        assert!(hint(true, &["6.1"], &["true"]).contains("--kernel 6.1,"));
        assert!(hint(false, &["true", "x"], &[]).contains("`-- true x`"));
        assert!(hint(true, &[], &["true"]).contains("--kernel"));
        assert!(hint(false, &[], &[]).contains("PROGRAM"));
    }

    #[test]
    fn a_port_of_this_host_leads_to_one_place() {
        let check = |texts: &[&str], kernels| {
            let ports: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
            check_published(&ports, kernels).map_err(|error| error.to_string())
        };
        assert_eq!(check(&["8080:80", "8081:80"], 1), Ok(()));
        assert_eq!(check(&[], 2), Ok(()));
        let twice = check(&["8080:80", "80", "8080:443"], 1).unwrap_err();
        assert!(twice.contains("8080 of this host twice"), "{twice}");
        let two = check(&["8080:80"], 2).unwrap_err();
        assert!(two.contains("one kernel"), "{two}");
    }
}
