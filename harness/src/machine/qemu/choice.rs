//! Which QEMU the user chose.

use std::convert::Infallible;
use std::env;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The variable that chooses if no option does.
const VARIABLE: &str = "STRATA_QEMU";

/// Which QEMU to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum QemuChoice {
    /// The host's if it is new enough, else Strata's own.
    #[default]
    Auto,
    /// The first in PATH.
    Host,
    /// The one that Strata takes from Debian's archive.
    Own,
    /// This program.
    Path(PathBuf),
}

impl QemuChoice {
    /// What `STRATA_QEMU` says.
    #[must_use]
    pub fn from_environment() -> Self {
        match env::var_os(VARIABLE) {
            Some(value) if !value.is_empty() => match value.to_str() {
                Some(text) => text.parse().unwrap_or_default(),
                None => Self::Path(value.into()),
            },
            _ => Self::Auto,
        }
    }
}

impl FromStr for QemuChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Auto,
            "host" => Self::Host,
            "own" => Self::Own,
            path => Self::Path(path.into()),
        })
    }
}

impl fmt::Display for QemuChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Host => f.write_str("host"),
            Self::Own => f.write_str("own"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_choice_and_all_else_a_path() {
        let parse = |text: &str| text.parse::<QemuChoice>().unwrap();
        assert_eq!(parse("own"), QemuChoice::Own);
        assert_eq!(parse("host"), QemuChoice::Host);
        assert_eq!(parse("./own"), QemuChoice::Path("./own".into()));
    }
}
