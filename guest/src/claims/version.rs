//! Versions of the Linux kernel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of a Linux kernel, ordered as kernels are: `3.9 < 3.10 < 3.10.4`.
///
/// A release candidate counts as the version it leads to, as in the kernel's
/// own `LINUX_VERSION_CODE`: what is new in a version arrives with its first
/// candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = r"^[0-9]+\.[0-9]+(\.[0-9]+)?$"))
)]
pub struct Version {
    /// `6` in 6.12.3.
    pub major: u16,
    /// `12` in 6.12.3.
    pub minor: u16,
    /// `3` in 6.12.3; 0 where the version names none.
    pub patch: u16,
}

impl Version {
    /// The first version of a series: `Version::new(3, 12)` is 3.12.0.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self::point(major, minor, 0)
    }

    /// A point release: `Version::point(3, 12, 5)` is 3.12.5.
    #[must_use]
    pub const fn point(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// The series this version belongs to, as a version with patch 0.
    #[must_use]
    pub const fn series(self) -> Self {
        Self::new(self.major, self.minor)
    }

    /// The version of a literal: `Version::of("3.10.4")`.
    ///
    /// # Panics
    /// Where the text is no version.
    #[must_use]
    pub const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut numbers = [0_u16; 3];
        let (mut number, mut i) = (0, 0);
        while i < bytes.len() {
            match bytes[i] {
                b'.' => number += 1,
                digit @ b'0'..=b'9' => {
                    numbers[number] = 10 * numbers[number] + (digit - b'0') as u16;
                }
                _ => panic!("not a version"),
            }
            i += 1;
        }
        let [major, minor, patch] = numbers;
        Self::point(major, minor, patch)
    }

    /// The version that a longer string begins with, and what follows it:
    /// `6.1.0-49-cloud-amd64` is 6.1.0 and `-49-cloud-amd64`.
    ///
    /// # Errors
    /// Where the string does not begin with `MAJOR.MINOR`.
    pub fn leading(text: &str) -> Result<(Self, &str), ParseVersionError> {
        let error = || ParseVersionError(text.to_owned());
        let (major, rest) = number(text).ok_or_else(error)?;
        let (minor, rest) = rest.strip_prefix('.').and_then(number).ok_or_else(error)?;
        let (patch, rest) = rest.strip_prefix('.').and_then(number).unwrap_or((0, rest));
        Ok((Self::point(major, minor, patch), rest))
    }

    /// The series before this version's: 3.19 before 4.0. None where the major
    /// version before has not ended, or ended before this project begins.
    ///
    /// ```
    /// # use guest::Version;
    /// assert_eq!(Version::new(4, 0).series_before(), Some(Version::new(3, 19)));
    /// ```
    #[must_use]
    pub fn series_before(self) -> Option<Self> {
        // The last minor version of each major one.
        const ENDS: [(u16, u16); 4] = [(3, 19), (4, 20), (5, 19), (6, 19)];
        if self.minor > 0 {
            return Some(Self::new(self.major, self.minor - 1));
        }
        let end = |(major, _): &&(u16, u16)| major + 1 == self.major;
        let (major, minor) = ENDS.iter().find(end)?;
        Some(Self::new(*major, *minor))
    }
}

/// The decimal number a string begins with, and the rest.
fn number(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::leading(text) {
            Ok((version, "")) => Ok(version),
            _ => Err(ParseVersionError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{}.{}", self.major, self.minor);
        if self.patch != 0 {
            text += &format!(".{}", self.patch);
        }
        // `pad`, so that a column of versions can be aligned.
        f.pad(&text)
    }
}

/// Versions from literals: `versions!["3.12", "6.1.176"]`.
#[macro_export]
macro_rules! versions {
    ($($text:literal),* $(,)?) => { &[$($crate::Version::of($text)),*] };
}

/// A text that names no kernel version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseVersionError(String);

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a kernel version such as 3.10 or 6.1.176",
            self.0
        )
    }
}

impl std::error::Error for ParseVersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_ordered_by_number_not_by_text() {
        assert!(version("3.9") < version("3.10"));
        assert!(version("3.10") < version("3.10.4"));
        assert!(version("8.1") < version("9.0"));
    }

    #[test]
    fn a_version_prints_as_it_is_written() {
        for text in ["3.10", "3.10.4", "6.1.176"] {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(version("3.12.0").to_string(), "3.12");
    }

    #[test]
    fn versions_stand_in_the_source() {
        const SOME: &[Version] = versions!["3.12", "6.1.176"];
        assert_eq!(SOME, [Version::new(3, 12), Version::point(6, 1, 176)]);
    }

    #[test]
    fn a_release_string_begins_with_its_version() {
        let (version, rest) = Version::leading("6.1.0-49-cloud-amd64").unwrap();
        assert_eq!((version, rest), (Version::new(6, 1), "-49-cloud-amd64"));
        assert_eq!(
            Version::leading("7.3-rc4").unwrap(),
            (Version::new(7, 3), "-rc4")
        );
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in [
            "", "6", "6.", ".1", "6.1.", "6.1x", "v6.1", "6.1.2.3", "99999.1",
        ] {
            assert!(
                text.parse::<Version>().is_err(),
                "{text:?} was taken for a version"
            );
        }
    }

    #[test]
    fn a_major_version_follows_the_last_minor_one() {
        assert_eq!(version("3.12").series_before(), Some(version("3.11")));
        assert_eq!(version("6.1.176").series_before(), Some(version("6.0")));
        assert_eq!(version("7.0").series_before(), Some(version("6.19")));
        assert_eq!(version("9.0").series_before(), None);
    }
}
