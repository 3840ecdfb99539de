//! A limit of a program's resources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The names of resources, as prlimit(1) and container engines have them, by the number of
/// each (asm-generic/resource.h).
const NAMES: [&str; 16] = [
    "cpu",
    "fsize",
    "data",
    "stack",
    "core",
    "rss",
    "nproc",
    "nofile",
    "memlock",
    "as",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "rttime",
];
/// The word for no limit.
const UNLIMITED: &str = "unlimited";

/// A limit of one resource (setrlimit(2)), written `NAME=SOFT[:HARD]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ulimit {
    /// The number of the resource.
    resource: u8,
    /// What the kernel enforces, in the unit of the resource; without one, nothing.
    pub soft: Option<u64>,
    /// As far as the program may raise it.
    pub hard: Option<u64>,
}

impl Ulimit {
    /// The number of the resource.
    #[must_use]
    pub const fn resource(self) -> u32 {
        self.resource as u32
    }
}

impl FromStr for Ulimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let how = || {
            format!("write NAME=SOFT or NAME=SOFT:HARD, such as core={UNLIMITED} or nofile=64:1024")
        };
        let (name, limits) = text.split_once('=').ok_or_else(how)?;
        let resource = (0..).zip(NAMES).find(|(_, known)| *known == name);
        let (resource, _) = resource.ok_or_else(|| {
            let names = NAMES.join(", ");
            format!("{name:?} is no resource: write one of {names}")
        })?;
        let limit = |text: &str| match text {
            UNLIMITED => Ok(None),
            // The largest number means no limit.
            _ => match text.parse() {
                Ok(limit) if limit != u64::MAX => Ok(Some(limit)),
                _ => Err(format!(
                    "{text:?} is no limit: write a number, or {UNLIMITED}"
                )),
            },
        };
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        let (soft, hard) = (limit(soft)?, limit(hard)?);
        if soft.unwrap_or(u64::MAX) > hard.unwrap_or(u64::MAX) {
            return Err(format!(
                "the soft limit of {name} is above the hard one: {}",
                how()
            ));
        }
        Ok(Self {
            resource,
            soft,
            hard,
        })
    }
}

impl fmt::Display for Ulimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |limit: Option<u64>| match limit {
            Some(limit) => limit.to_string(),
            None => UNLIMITED.to_owned(),
        };
        let name = NAMES[usize::from(self.resource)];
        write!(f, "{name}={}:{}", shown(self.soft), shown(self.hard))
    }
}

impl TryFrom<String> for Ulimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Ulimit> for String {
    fn from(limit: Ulimit) -> Self {
        limit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_one_number_or_two() {
        for (text, shown) in [
            ("nofile=64", "nofile=64:64"),
            ("nofile=64:1024", "nofile=64:1024"),
            ("core=unlimited", "core=unlimited:unlimited"),
            ("stack=0:unlimited", "stack=0:unlimited"),
            ("rttime=1", "rttime=1:1"),
        ] {
            let limit: Ulimit = text.parse().unwrap();
            assert_eq!(limit.to_string(), shown);
            let json = serde_json::to_string(&limit).unwrap();
            assert_eq!(serde_json::from_str::<Ulimit>(&json).unwrap(), limit);
        }
    }

    /// The C library has the numbers, too.
    #[test]
    fn a_name_is_of_its_resource() {
        for (name, number) in [
            ("cpu", libc::RLIMIT_CPU),
            ("stack", libc::RLIMIT_STACK),
            ("core", libc::RLIMIT_CORE),
            ("nproc", libc::RLIMIT_NPROC),
            ("nofile", libc::RLIMIT_NOFILE),
            ("memlock", libc::RLIMIT_MEMLOCK),
            ("as", libc::RLIMIT_AS),
            ("rttime", libc::RLIMIT_RTTIME),
        ] {
            let limit: Ulimit = format!("{name}=1").parse().unwrap();
            assert_eq!(limit.resource(), number, "{name}");
        }
    }

    #[test]
    fn what_is_no_limit_is_told_how_to_write_one() {
        for (text, words) in [
            ("", "NAME=SOFT"),
            ("nofile", "NAME=SOFT"),
            ("files=1", "nofile"),
            ("NOFILE=1", "nofile"),
            ("nofile=", "unlimited"),
            ("nofile=-1", "unlimited"),
            ("nofile=1:", "unlimited"),
            ("nofile=18446744073709551615", "unlimited"),
            ("nofile=2:1", "above the hard one"),
            ("nofile=unlimited:1", "above the hard one"),
        ] {
            let refused = text.parse::<Ulimit>().unwrap_err();
            assert!(refused.contains(words), "{text}: {refused}");
        }
    }
}
