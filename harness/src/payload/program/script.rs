//! The interpreters of scripts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::BadRequest;

/// The programs that a script's first line names: its interpreter and, if that is
/// `env`, the program that `env` runs. None without such a line.
pub(crate) fn interpreters(
    script: &Path,
    content: &[u8],
    search: &OsStr,
) -> Result<Vec<PathBuf>, BadRequest> {
    let Some(line) = content.strip_prefix(b"#!") else {
        return Ok(Vec::new());
    };
    let shown = script.display();
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or(line);
    let mut words = line
        .split(|byte| b" \t".contains(byte))
        .filter(|word| !word.is_empty())
        .map(|word| Path::new(OsStr::from_bytes(word)));
    let interpreter = words
        .next()
        .filter(|path| path.is_absolute())
        .ok_or_else(|| {
            let why = format!("{shown}: its first line names no interpreter");
            BadRequest::NotExecutable(why)
        })?;
    // The kernel takes a carriage return for a part of the name.
    if line.ends_with(b"\r") {
        return Err(BadRequest::Missing(format!(
            "{shown}: its first line ends in CR LF, so that its interpreter's name ends in CR: \
             no file has that name; `sed -i 's/\\r$//' {shown}` makes its lines end in LF"
        )));
    }
    if !interpreter.is_file() {
        let interpreter = interpreter.display();
        return Err(BadRequest::Missing(format!(
            "{shown}: its interpreter {interpreter} is not on this machine: install it"
        )));
    }
    let mut found = vec![interpreter.to_owned()];
    if interpreter.file_name() == Some(OsStr::new("env")) {
        // `env -S NAME`, `env -SNAME`, `env VARIABLE=VALUE NAME`
        let name = words
            .map(|word| word.as_os_str().as_bytes())
            .map(|word| word.strip_prefix(b"-S").unwrap_or(word))
            .find(|word| !(word.is_empty() || word.starts_with(b"-") || word.contains(&b'=')))
            .map(OsStr::from_bytes)
            .ok_or_else(|| {
                BadRequest::NotExecutable(format!("{shown}: its first line names no program"))
            })?;
        let program = which::which_in(name, Some(search), "/").map_err(|_| {
            let (name, search) = (name.display(), search.display());
            BadRequest::Missing(format!(
                "{shown}: its interpreter {name} is not in {search}: install it there, or name \
                 another PATH with --env"
            ))
        })?;
        found.push(program);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &str) -> Result<Vec<PathBuf>, BadRequest> {
        let search = OsStr::new("/usr/bin:/bin");
        interpreters(Path::new("script"), content.as_bytes(), search)
    }

    #[test]
    fn the_first_line_names_the_interpreter() {
        assert_eq!(
            of("#! /bin/sh -e\n#!/bin/false").unwrap(),
            [Path::new("/bin/sh")]
        );
        assert_eq!(of("no script").unwrap(), [] as [&Path; 0]);
        assert!(of("#!\n").is_err());
        assert!(of("#!/nowhere/sh\n").is_err());
    }

    #[test]
    fn a_first_line_that_ends_in_cr_lf_names_no_interpreter() {
        for line in [
            "/bin/sh",
            "/bin/sh -e",
            "/usr/bin/env sh",
            "/usr/bin/env -S sh -e",
        ] {
            let why = of(&format!("#!{line}\r\ntrue\r\n")).unwrap_err();
            assert!(why.to_string().contains("CR LF"), "{why}");
        }
    }

    #[test]
    fn env_names_another() {
        let sh = which::which_in("sh", Some("/usr/bin:/bin"), "/").unwrap();
        for line in ["env sh", "env -S sh -e", "env -Ssh", "env A=b sh"] {
            let found = of(&format!("#!/usr/bin/{line}\n")).unwrap();
            assert_eq!(found, [Path::new("/usr/bin/env"), &sh], "{line}");
        }
        assert!(of("#!/usr/bin/env no-such-program\n").is_err());
    }
}
