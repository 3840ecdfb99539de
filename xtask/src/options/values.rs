//! The values of options, as they are written.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use guest::{Arch, User};
use harness::LEAST_MIB;
use jiff::SignedDuration;

/// Memory of a machine, in MiB.
pub(crate) fn memory(text: &str) -> Result<u32, String> {
    let enough = text.parse().ok().filter(|memory| *memory >= LEAST_MIB);
    enough.ok_or_else(|| {
        format!("write a number of MiB: {LEAST_MIB} is the least with which the kernels of Debian come up")
    })
}

pub(super) fn positive<T: FromStr>(text: &str) -> Result<T, String> {
    let wrong = |_| "write a whole number that is 1 at least".to_owned();
    text.parse().map_err(wrong)
}

pub(super) fn architecture(text: &str) -> Result<&'static Arch, String> {
    let unknown = || format!("write one of {}", Arch::titles());
    Arch::named(text).ok_or_else(unknown)
}

/// No longer than a clock can add up.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    let with_units = || text.parse::<SignedDuration>().ok()?.try_into().ok();
    let time = seconds.ok().or_else(with_units);
    time.filter(|time| !time.is_zero() && *time <= Duration::from_secs(u32::MAX.into()))
        .ok_or_else(|| "write a number of seconds, or a time such as 90s, 10m or 1h".to_owned())
}

/// A user by number, in the group of that number, or one of this host by name (passwd(5)).
pub(super) fn user(text: &str) -> Result<User, String> {
    // The last number means no user (setresuid(2)).
    if let Some(uid) = text.parse().ok().filter(|uid| *uid != u32::MAX) {
        return Ok(User { uid, gid: uid });
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut users = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let known = users.find_map(|user| match user[..] {
        [name, _, uid, gid, ..] if name == text => Some((uid.parse().ok()?, gid.parse().ok()?)),
        _ => None,
    });
    known.map(|(uid, gid)| User { uid, gid }).ok_or_else(|| {
        "write a name in this host's /etc/passwd, or the user's number, which `id -u NAME` tells"
            .to_owned()
    })
}

pub(super) fn variable(text: &str) -> Result<(OsString, OsString), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        None if !text.is_empty() => match env::var_os(text) {
            Some(value) => Ok((text.into(), value)),
            None => Err(format!(
                "{text} is not set on this host: write {text}=VALUE"
            )),
        },
        _ => Err(format!("{text:?} is no variable: write NAME=VALUE")),
    }
}

/// A module's name, and its parameters behind a space, as modprobe(8) takes them.
pub(super) fn module(text: &str) -> Result<String, String> {
    let (name, parameters) = text.split_once('=').unwrap_or((text, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err("write a module's name, as loop or loop=max_loop=4".to_owned());
    }
    Ok(format!("{name} {parameters}").trim_end().to_owned())
}

/// A file whose own name has a colon is taken as it is.
pub(super) fn file(text: &str) -> Result<(PathBuf, Option<String>), String> {
    match text.rsplit_once(':') {
        Some((host, guest)) if !Path::new(text).exists() => {
            Ok((host.into(), Some(guest.to_owned())))
        }
        _ => Ok((text.into(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_enough_for_a_kernel() {
        assert_eq!(memory("256"), Ok(256));
        assert_eq!(memory(&LEAST_MIB.to_string()), Ok(LEAST_MIB));
        for text in ["16", "0", "-1", "x", "", "99999999999"] {
            assert!(memory(text).unwrap_err().contains("the least"), "{text}");
        }
    }

    #[test]
    fn a_time_is_seconds_or_has_units() {
        for (text, seconds) in [("90", 90), ("1s", 1), ("10m", 600), ("1h30m", 5400)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0", "0s", "-1", "-1m", "1x", "", "18446744073709551615"] {
            assert!(time(text).unwrap_err().contains("10m"), "{text}");
        }
    }
}
