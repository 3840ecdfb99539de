//! What a program needs of a machine, declared as data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing without which a program has nothing to say about a kernel. It is looked for
/// before the program starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Need {
    /// To run as root.
    Root,
    /// A network, which the host attaches.
    Network,
    /// A disk, which the host attaches.
    Disk,
    /// A module of this name, be it built in.
    Module(String),
    /// Control groups of the first or the second version, mounted.
    Cgroup(u8),
    /// An option of the kernel's configuration with this value; without one, built in or a
    /// module.
    Config(String, Option<String>),
    /// A setting below `/proc/sys`, by its name with dots, with this value if one is given.
    Sysctl(String, Option<String>),
}

/// How needs are written.
const HOW: &str = "write root, network, disk, module=NAME, cgroup=v1, cgroup=v2, \
                   config=CONFIG_NAME[=VALUE] or sysctl=NAME[=VALUE]";
/// The longest need, in bytes.
const LONGEST: usize = 256;

impl Need {
    /// Whether the kernel's configuration has to be known for it.
    #[must_use]
    pub const fn is_of_config(&self) -> bool {
        matches!(self, Self::Config(..))
    }
}

impl FromStr for Need {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no need: {HOW}");
        if text.len() > LONGEST || text.contains(char::is_control) {
            return Err(wrong());
        }
        let (kind, rest) = text.split_once('=').unwrap_or((text, ""));
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (rest, None),
        };
        let of = |others: &[u8]| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
            !name.is_empty() && name.bytes().all(known)
        };
        match kind {
            "root" if kind == text => Ok(Self::Root),
            "network" if kind == text => Ok(Self::Network),
            "disk" if kind == text => Ok(Self::Disk),
            "module" if of(b"_-") && value.is_none() => Ok(Self::Module(name.to_owned())),
            "cgroup" if rest == "v1" => Ok(Self::Cgroup(1)),
            "cgroup" if rest == "v2" => Ok(Self::Cgroup(2)),
            "config" if of(b"_") && name.starts_with("CONFIG_") => {
                Ok(Self::Config(name.to_owned(), value))
            }
            // Slashes are for names that have dots, as sysctl(8) has them.
            "sysctl" if of(b"._-/") && name.split(['.', '/']).all(|part| !part.is_empty()) => {
                Ok(Self::Sysctl(name.to_owned(), value))
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name, value) = match self {
            Self::Root => return f.write_str("root"),
            Self::Network => return f.write_str("network"),
            Self::Disk => return f.write_str("disk"),
            Self::Module(name) => return write!(f, "module={name}"),
            Self::Cgroup(version) => return write!(f, "cgroup=v{version}"),
            Self::Config(name, value) => ("config", name, value),
            Self::Sysctl(name, value) => ("sysctl", name, value),
        };
        write!(f, "{kind}={name}")?;
        value.iter().try_for_each(|value| write!(f, "={value}"))
    }
}

impl TryFrom<String> for Need {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Need> for String {
    fn from(need: Need) -> Self {
        need.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_read_as_it_is_written() {
        for text in [
            "root",
            "network",
            "disk",
            "module=nf-tables",
            "cgroup=v1",
            "cgroup=v2",
            "config=CONFIG_OVERLAY_FS",
            "config=CONFIG_HZ=250",
            "config=CONFIG_LSM=\"landlock,bpf\"",
            "sysctl=kernel.unprivileged_userns_clone=1",
            "sysctl=net/ipv4/conf/eth0.1/forwarding",
        ] {
            let need: Need = text.parse().unwrap();
            assert_eq!(need.to_string(), text);
            let json = serde_json::to_string(&need).unwrap();
            assert_eq!(serde_json::from_str::<Need>(&json).unwrap(), need);
        }
    }

    #[test]
    fn what_is_no_need_is_told_how_to_write_one() {
        for text in [
            "",
            "toor",
            "root=1",
            "module",
            "module=../x",
            "module=loop=1",
            "cgroup=v3",
            "config=OVERLAY_FS",
            "config=CONFIG_A\nB",
            "sysctl=../../etc/passwd",
            "sysctl=kernel..x",
            "sysctl=/etc",
        ] {
            let refused = text.parse::<Need>().unwrap_err();
            assert!(refused.contains("config=CONFIG_NAME"), "{text}: {refused}");
        }
    }
}
