//! How a person names kernels: `3.10`, `5`, `>=5.10`, `3.8..3.13`, `./bzImage`.

use std::cmp::Ordering;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use guest::Version;

use crate::bzimage;
use crate::catalogue::{Catalogue, Entry, Kernel};

/// One request for kernels.
///
/// - `3.10`, a series; `5`, all series of 5.x; `6.1.176`, that point release
/// - `6.1.176-1`, a full Debian version
/// - `>=5.10`, `>5.10`, `<4.0`, `<=4`: a comparison looks only at the numbers
///   that are given, so `<=4` takes all of 4.x and `>4` begins with 5.0
/// - `3.8..3.13`, both ends included
/// - a path to a kernel image, which is what holds a `/`
/// - `all`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    text: String,
    wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// From the first to the second, both included; open where `None`.
    Range(Option<Bound>, Option<Bound>),
    Debian(String),
    File(PathBuf),
}

/// The leading numbers of a version, and whether that very version counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    numbers: Numbers,
    included: bool,
}

/// One to three leading numbers of a version: `5`, `5.10`, `5.10.223`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Numbers {
    version: Version,
    given: usize,
}

/// A text that is no [`Spec`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no kernel; write a series (3.10), a major version (5), a range (3.8..3.13), \
     a comparison (>=5.10), a Debian version (6.1.176-1), a path with a slash (./bzImage) or all"
)]
pub struct ParseSpecError(String);

/// Why a selection cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// No kernel of the catalogue is meant by this.
    #[error("no kernel in the catalogue is {spec}; the nearest are {}", nearest.join(", "))]
    Unknown {
        /// What was asked for.
        spec: String,
        /// Names which do exist, in version order.
        nearest: Vec<String>,
    },
    /// The file is there and is no x86 kernel image.
    #[error("{} is no x86 Linux kernel image (bzImage): {why}", path.display())]
    NotAKernel {
        /// The file as it was named.
        path: PathBuf,
        /// What is missing in it.
        why: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read the kernel image {}: {source}", path.display())]
    Unreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Catalogue {
    /// The kernels that any of the specs asks for: those of the catalogue in
    /// version order, then files in the order given, none of them twice.
    ///
    /// # Errors
    /// Where a spec matches nothing, or names a file that is no kernel.
    pub fn select(&self, specs: &[Spec]) -> Result<Vec<Kernel>, SelectError> {
        let mut chosen = vec![false; self.entries.len()];
        let mut files = Vec::new();
        for spec in specs {
            if let Wanted::File(path) = &spec.wanted {
                bzimage::check_file(path)?;
                if !files.contains(path) {
                    files.push(path.clone());
                }
                continue;
            }
            let mut matched = false;
            for (entry, chosen) in self.entries.iter().zip(&mut chosen) {
                if spec.matches(entry) {
                    *chosen = true;
                    matched = true;
                }
            }
            if !matched {
                return Err(SelectError::Unknown {
                    spec: spec.to_string(),
                    nearest: self.nearest(spec),
                });
            }
        }
        let entries = self.entries.iter().zip(chosen);
        Ok(entries
            .filter(|(_, chosen)| *chosen)
            .map(|(entry, _)| Kernel::Catalogued(entry.clone()))
            .chain(files.into_iter().map(Kernel::File))
            .collect())
    }

    /// Up to three names around what was asked for.
    fn nearest(&self, spec: &Spec) -> Vec<String> {
        let target = spec.target();
        let at = self
            .entries
            .partition_point(|entry| target.is_some_and(|target| entry.version() < target));
        let from = at
            .saturating_sub(2)
            .min(self.entries.len().saturating_sub(3));
        let names = self.entries.iter().skip(from).take(3);
        names.map(|entry| entry.name.clone()).collect()
    }
}

impl Spec {
    fn matches(&self, entry: &Entry) -> bool {
        let version = entry.version();
        match &self.wanted {
            Wanted::All => true,
            Wanted::Range(from, to) => {
                from.is_none_or(|from| from.admits(version, Ordering::Greater))
                    && to.is_none_or(|to| to.admits(version, Ordering::Less))
            }
            Wanted::Debian(debian) => entry.debian == *debian,
            Wanted::File(_) => false,
        }
    }

    /// A version around which to look for other names.
    fn target(&self) -> Option<Version> {
        match &self.wanted {
            Wanted::Range(from, to) => from.or(*to).map(|bound| bound.numbers.version),
            Wanted::Debian(debian) => Version::leading(debian).ok().map(|(version, _)| version),
            Wanted::All | Wanted::File(_) => None,
        }
    }
}

impl Bound {
    /// Whether the version lies on the given side of the bound, or on it.
    fn admits(self, version: Version, side: Ordering) -> bool {
        match self.numbers.order(version) {
            Ordering::Equal => self.included,
            order => order == side,
        }
    }
}

impl Numbers {
    /// Where a version lies, seen from these numbers; `Equal` where it begins with them.
    fn order(self, version: Version) -> Ordering {
        let parts = |v: Version| [v.major, v.minor, v.patch];
        parts(version)[..self.given].cmp(&parts(self.version)[..self.given])
    }
}

impl FromStr for Numbers {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let given = text.split('.').count();
        let version = if given == 1 {
            format!("{text}.0").parse()
        } else {
            text.parse()
        };
        version
            .map(|version| Self { version, given })
            .map_err(|_| ())
    }
}

impl FromStr for Spec {
    type Err = ParseSpecError;

    fn from_str(text: &str) -> Result<Self, ParseSpecError> {
        let text = text.trim();
        let wanted = wanted(text).ok_or_else(|| ParseSpecError(text.to_owned()))?;
        Ok(Self {
            text: text.to_owned(),
            wanted,
        })
    }
}

fn wanted(text: &str) -> Option<Wanted> {
    if text.contains('/') {
        return Some(Wanted::File(text.into()));
    }
    if text == "all" {
        return Some(Wanted::All);
    }
    let bound = |text: &str, included| -> Option<Bound> {
        let numbers = text.trim().parse().ok()?;
        Some(Bound { numbers, included })
    };
    let range = if let Some(rest) = text.strip_prefix(">=") {
        Wanted::Range(Some(bound(rest, true)?), None)
    } else if let Some(rest) = text.strip_prefix("<=") {
        Wanted::Range(None, Some(bound(rest, true)?))
    } else if let Some(rest) = text.strip_prefix('>') {
        Wanted::Range(Some(bound(rest, false)?), None)
    } else if let Some(rest) = text.strip_prefix('<') {
        Wanted::Range(None, Some(bound(rest, false)?))
    } else if let Some((from, to)) = text.split_once("..") {
        Wanted::Range(Some(bound(from, true)?), Some(bound(to, true)?))
    } else if let Some(exact) = bound(text, true) {
        Wanted::Range(Some(exact), Some(exact))
    } else {
        // Only what has a Debian revision; `3.10-rc1` of a vanilla kernel would match nothing.
        let (_, rest) = Version::leading(text).ok()?;
        let debian = rest.starts_with(['-', '~', '+']);
        return debian.then(|| Wanted::Debian(text.to_owned()));
    };
    Some(range)
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let mut text = "snapshot = 'http://archive.example.org'\nsubstitutes = []\n".to_owned();
        for debian in [
            "3.8.13-1",
            "3.9.8-1",
            "3.10.11-1",
            "3.13.10-1",
            "4.19.37-6",
            "5.4.19-1",
            "5.10.223-1",
            "6.1.176-1",
            "7.3.4-1~bpo13+1",
        ] {
            let (version, _) = Version::leading(debian).unwrap();
            text += &format!(
                "[[kernel]]\nname = '{}'\ndebian = '{debian}'\nsuite = 'unstable'\n\
                 uploaded = '2013-01-01T00:00:00Z'\n",
                version.series()
            );
        }
        Catalogue::parse(&text).unwrap()
    }

    fn names(specs: &[&str]) -> Vec<String> {
        let specs: Vec<Spec> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
        let kernels = catalogue().select(&specs).unwrap();
        kernels.iter().map(Kernel::name).collect()
    }

    #[test]
    fn each_form_selects_what_it_says() {
        assert_eq!(names(&["3.10"]), ["3.10"]);
        assert_eq!(names(&["5"]), ["5.4", "5.10"]);
        assert_eq!(names(&["6.1.176"]), ["6.1"]);
        assert_eq!(names(&["6.1.176-1"]), ["6.1"]);
        assert_eq!(names(&["7.3.4-1~bpo13+1"]), ["7.3"]);
        assert_eq!(names(&[">=5.10"]), ["5.10", "6.1", "7.3"]);
        assert_eq!(names(&[">5.10"]), ["6.1", "7.3"]);
        assert_eq!(names(&["<4.0"]), ["3.8", "3.9", "3.10", "3.13"]);
        assert_eq!(names(&["<=3.10"]), ["3.8", "3.9", "3.10"]);
        assert_eq!(names(&["3.8..3.13"]), ["3.8", "3.9", "3.10", "3.13"]);
        assert_eq!(names(&["all"]).len(), 9);
    }

    #[test]
    fn a_comparison_looks_only_at_the_numbers_given() {
        assert_eq!(names(&["<=4"]).last().unwrap(), "4.19");
        assert_eq!(names(&[">5"]), ["6.1", "7.3"]);
        assert_eq!(names(&[">=6.1.100"]), ["6.1", "7.3"]);
        assert_eq!(names(&[">6.1.176"]), ["7.3"]);
    }

    #[test]
    fn a_selection_is_in_version_order_without_repeats() {
        assert_eq!(
            names(&["6.1", "3.10", "5", "<=3.10"]),
            ["3.8", "3.9", "3.10", "5.4", "5.10", "6.1"]
        );
    }

    #[test]
    fn an_unknown_name_brings_the_nearest() {
        for (spec, expected) in [
            ("3.11", ["3.9", "3.10", "3.13"]),
            ("9", ["5.10", "6.1", "7.3"]),
            ("2.6", ["3.8", "3.9", "3.10"]),
            ("6.1.9-1", ["5.4", "5.10", "6.1"]),
        ] {
            match catalogue().select(&[spec.parse().unwrap()]) {
                Err(SelectError::Unknown { nearest, .. }) => {
                    assert_eq!(nearest, expected, "{spec}")
                }
                other => panic!("{spec}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_spec_is_refused() {
        for text in [
            "", "bzImage", "v6.1", "3.", "3.8..", "..3.8", ">=", "=3.8", "6.1.2.3", "3.10x",
        ] {
            assert!(
                text.parse::<Spec>().is_err(),
                "{text:?} was taken for a spec"
            );
        }
    }

    #[test]
    fn a_file_is_looked_at_before_it_is_booted() {
        let dir = tempfile::tempdir().unwrap();
        let select =
            |path: &std::path::Path| catalogue().select(&[path.to_str().unwrap().parse().unwrap()]);
        let text = dir.path().join("notes.txt");
        std::fs::write(&text, "no kernel").unwrap();
        assert!(matches!(select(&text), Err(SelectError::NotAKernel { .. })));
        assert!(matches!(
            select(dir.path()),
            Err(SelectError::Unreadable { .. } | SelectError::NotAKernel { .. })
        ));
        assert!(matches!(
            select(&dir.path().join("none")),
            Err(SelectError::Unreadable { .. })
        ));
        let image = dir.path().join("bzImage");
        std::fs::write(&image, bzimage::tests::header()).unwrap();
        let kernels = select(&image).unwrap();
        assert_eq!(kernels, [Kernel::File(image)]);
        assert_eq!(kernels[0].name(), "bzImage");
    }
}
