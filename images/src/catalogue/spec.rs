//! How a person names kernels: `3.10`, `5`, `>=5.10`, `3.8..3.13`, `./bzImage`.

use std::cmp::Ordering;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use guest::{Arch, Version};

use crate::catalogue::Entry;

/// One request for kernels.
///
/// - `3.10`, a series; `5`, all series of 5.x; `6.1.176`, that point release
/// - `6.1.176-1`, a full Debian version
/// - `>=5.10`, `>5.10`, `<4.0`, `<=4`: a comparison looks only at the numbers
///   that are given, so `<=4` takes all of 4.x and `>4` begins with 5.0
/// - `3.8..3.13`, both ends included
/// - `arm64/6.1`, `arm64/>=5.10`: any of these, of an architecture
/// - `ubuntu/22.04`, `mainline/6.12.1`: a kernel of a vendor's source; `el7`, for short
/// - a path to a kernel (an image, a package, a directory), which is what else holds a `/`
/// - `all`; `latest`, the newest series
/// - several of these with commas between them: `5.10,6.1`; what begins with a dot or a
///   slash is one path, commas and all
///
/// `v6.1` is 6.1, and so is `6.1.0` where there is no such point release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    text: String,
    /// The architecture, if it is named.
    arch: Option<&'static Arch>,
    meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    All,
    Latest,
    AnyOf(Vec<Spec>),
    /// From the first to the second, both included; open where `None`.
    Range(Option<Bound>, Option<Bound>),
    Debian(String),
    /// A word that a source or a group may have: `el7`.
    Word(String),
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
     a comparison (>=5.10), a Debian version (6.1.176-1), one of these of an architecture \
     (arm64/6.1), a vendor's kernel (ubuntu/22.04, el7), a path with a slash (./bzImage), \
     latest or all; several with commas between them \
     (5.10,6.1)"
)]
pub struct ParseSpecError(String);

impl Spec {
    /// What to say of a word, if no source and no group is called so.
    pub(crate) fn unknown_word(&self) -> Option<ParseSpecError> {
        match &self.meaning {
            Meaning::Word(word) => Some(ParseSpecError(word.clone())),
            _ => None,
        }
    }

    /// Whether this kernel is meant; a file is not.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        let version = entry.version();
        match &self.meaning {
            Meaning::All => true,
            Meaning::Range(from, to) => {
                from.is_none_or(|from| from.admits(version, Ordering::Greater))
                    && to.is_none_or(|to| to.admits(version, Ordering::Less))
            }
            Meaning::Debian(debian) => entry.debian == *debian,
            Meaning::AnyOf(specs) => specs.iter().any(|spec| spec.matches(entry)),
            Meaning::Latest | Meaning::Word(_) | Meaning::File(_) => false,
        }
    }

    /// The same of an architecture, if it names none and is no path and no kernel of a
    /// vendor.
    #[must_use]
    pub fn on(&self, arch: &'static Arch) -> Self {
        let on = |spec: &Self| match spec.leaves_arch_open() {
            true => format!("{arch}/{}", spec.text),
            false => spec.text.clone(),
        };
        match self.each().iter().any(Self::leaves_arch_open) {
            false => self.clone(),
            true => {
                let texts: Vec<String> = self.each().iter().map(on).collect();
                texts.join(",").parse().unwrap_or_else(|_| self.clone())
            }
        }
    }

    /// The architecture that it names, if any.
    #[must_use]
    pub fn arch(&self) -> Option<&'static Arch> {
        self.arch
    }

    /// Whether it is of the catalogue, and names no architecture.
    fn leaves_arch_open(&self) -> bool {
        self.arch.is_none() && !matches!(self.meaning, Meaning::File(_) | Meaning::Word(_))
    }

    /// The specs between the commas.
    pub(crate) fn each(&self) -> &[Self] {
        match &self.meaning {
            Meaning::AnyOf(specs) => specs,
            _ => std::slice::from_ref(self),
        }
    }

    /// Whether the newest series is meant.
    pub(crate) fn is_latest(&self) -> bool {
        self.meaning == Meaning::Latest
    }

    /// The series that is meant by its first release, `6.1.0`, where the catalogue
    /// has no such release.
    pub(crate) fn as_series(&self) -> Option<Self> {
        let text = self.text.rsplit('/').next().unwrap_or_default();
        let series = text.strip_suffix(".0")?;
        let numbers: Numbers = series.parse().ok()?;
        (numbers.given == 2).then(|| series.parse().ok())?
    }

    /// The file that is meant, if any.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.meaning {
            Meaning::File(path) => Some(path),
            _ => None,
        }
    }

    /// What a source may have under this name: `ubuntu/22.04`, `el7`.
    pub(crate) fn source_name(&self) -> Option<&str> {
        match &self.meaning {
            Meaning::File(path) => path.to_str(),
            Meaning::Word(word) => Some(word),
            _ => None,
        }
    }

    /// A version near which to suggest other names.
    pub(crate) fn target(&self) -> Option<Version> {
        match &self.meaning {
            Meaning::Range(from, to) => from.or(*to).map(|bound| bound.numbers.version),
            Meaning::Debian(debian) => Version::leading(debian).ok().map(|(version, _)| version),
            Meaning::AnyOf(specs) => specs.first().and_then(Self::target),
            Meaning::All | Meaning::Latest | Meaning::Word(_) | Meaning::File(_) => None,
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
        // As in the tags of kernel.org.
        let text = match text.strip_prefix('v') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
            _ => text,
        };
        let given = text.split('.').count();
        let version = match given {
            1 => format!("{text}.0").parse(),
            _ => text.parse(),
        };
        let version = version.map_err(|_| ())?;
        Ok(Self { version, given })
    }
}

impl FromStr for Spec {
    type Err = ParseSpecError;

    fn from_str(text: &str) -> Result<Self, ParseSpecError> {
        let text = text.trim();
        let of_arch = of_arch(text);
        let arch = of_arch.as_ref().map(|(arch, _)| *arch);
        let meaning = match of_arch {
            Some((_, meaning)) => Some(meaning),
            None => meaning(text),
        };
        Ok(Self {
            text: text.to_owned(),
            arch,
            meaning: meaning.ok_or_else(|| ParseSpecError(text.to_owned()))?,
        })
    }
}

/// The architecture with which a text begins, and what is meant of it; none of a path that
/// only looks so.
fn of_arch(text: &str) -> Option<(&'static Arch, Meaning)> {
    let (name, rest) = text.split_once('/')?;
    let arch = Arch::named(name)?;
    match meaning(rest)? {
        Meaning::File(_) | Meaning::Word(_) => None,
        Meaning::AnyOf(specs) => {
            let specs = specs.into_iter().map(|spec| spec.on(arch)).collect();
            Some((arch, Meaning::AnyOf(specs)))
        }
        meaning => Some((arch, meaning)),
    }
}

fn meaning(text: &str) -> Option<Meaning> {
    match text {
        "all" => return Some(Meaning::All),
        "latest" => return Some(Meaning::Latest),
        _ if text.contains('/') && (is_path(text) || !text.contains(',')) => {
            return Some(Meaning::File(text.into()));
        }
        _ if text.contains(',') => {
            let specs = text.split(',').map(str::parse);
            return specs.collect::<Result<_, _>>().ok().map(Meaning::AnyOf);
        }
        _ if is_word(text) => return Some(Meaning::Word(text.to_owned())),
        _ => {}
    }
    let bound = |text: &str, included| -> Option<Bound> {
        let numbers = text.trim().parse().ok()?;
        Some(Bound { numbers, included })
    };
    let range = if let Some(rest) = text.strip_prefix(">=") {
        Meaning::Range(Some(bound(rest, true)?), None)
    } else if let Some(rest) = text.strip_prefix("<=") {
        Meaning::Range(None, Some(bound(rest, true)?))
    } else if let Some(rest) = text.strip_prefix('>') {
        Meaning::Range(Some(bound(rest, false)?), None)
    } else if let Some(rest) = text.strip_prefix('<') {
        Meaning::Range(None, Some(bound(rest, false)?))
    } else if let Some((from, to)) = text.split_once("..") {
        Meaning::Range(Some(bound(from, true)?), Some(bound(to, true)?))
    } else if let Some(exact) = bound(text, true) {
        Meaning::Range(Some(exact), Some(exact))
    } else {
        // Only what has a Debian revision; `3.10-rc1` of a vanilla kernel would match nothing.
        let (_, rest) = Version::leading(text).ok()?;
        let debian = rest.starts_with(['-', '~', '+']);
        return debian.then(|| Meaning::Debian(text.to_owned()));
    };
    Some(range)
}

/// Whether this is a path, whatever else is in it.
fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/'])
}

/// Whether a source's release, or a group, may be called this: `el7`, `customers`.
fn is_word(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    letters > 1 && text.bytes().all(is_plain)
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_is_no_spec_is_refused() {
        for text in [
            "", "bzImage", "v", "vv6.1", "6.1,", ",", "3.", "3.8..", "..3.8", ">=", "=3.8",
            "6.1.2.3", "3.10x",
        ] {
            assert!(
                text.parse::<Spec>().is_err(),
                "{text:?} was taken for a spec"
            );
        }
    }

    #[test]
    fn a_list_may_have_vendors_kernels_in_it() {
        let each = |text: &str| -> Vec<String> {
            let spec: Spec = text.parse().unwrap();
            spec.each().iter().map(Spec::to_string).collect()
        };
        assert_eq!(each("ubuntu/22.04,6.1"), ["ubuntu/22.04", "6.1"]);
        assert_eq!(each("6.1, el7,alma/9.4"), ["6.1", "el7", "alma/9.4"]);
        assert_eq!(each("6.1,./bzImage"), ["6.1", "./bzImage"]);
        assert_eq!(each("./a,b/bzImage"), ["./a,b/bzImage"]);
        assert_eq!(each("/k/a,6.1"), ["/k/a,6.1"]);
    }

    #[test]
    fn tags_and_lists_mean_what_they_say() {
        assert!(matches("v6.1", (6, 1)) && !matches("v6.1", (6, 2)));
        assert!(matches(">=v6.1", (6, 2)));
        assert!(matches("5.10,6.1", (6, 1)) && matches("5.10, 6.1", (5, 10)));
        assert!(!matches("5.10,6.1", (5, 15)));
    }

    fn matches(spec: &str, version: (u16, u16)) -> bool {
        let debian = format!("{}.{}.7-1", version.0, version.1);
        let entry = Entry {
            name: "any".to_owned(),
            debian,
            suite: "sid".to_owned(),
            uploaded: jiff::Timestamp::UNIX_EPOCH,
            vendor: crate::catalogue::identity::Vendor::default(),
            arch: crate::catalogue::identity::default_arch(),
        };
        spec.parse::<Spec>().unwrap().matches(&entry)
    }

    proptest! {
        #[test]
        fn a_comparison_and_its_opposite_part_all_versions(
            (major, minor) in (0..9_u16, 0..9_u16),
            version in (0..9_u16, 0..9_u16),
            whole: bool,
        ) {
            let number = if whole { format!("{major}") } else { format!("{major}.{minor}") };
            let is = |spec: &str| matches(&format!("{spec}{number}"), version);
            prop_assert_eq!(is(">="), !is("<"));
            prop_assert_eq!(is(">"), !is("<="));
            prop_assert_eq!(is(""), is(">=") && is("<="));
            prop_assert_eq!(is(&format!("{number}..")), is(""));
            let order = if whole { version.0.cmp(&major) } else { version.cmp(&(major, minor)) };
            prop_assert_eq!(is("<"), order == Ordering::Less);
            prop_assert_eq!(is(">"), order == Ordering::Greater);
        }

        #[test]
        fn a_range_has_both_ends(
            first in (0..9_u16, 0..9_u16),
            last in (0..9_u16, 0..9_u16),
            version in (0..9_u16, 0..9_u16),
        ) {
            let spec = format!("{}.{}..{}.{}", first.0, first.1, last.0, last.1);
            prop_assert_eq!(matches(&spec, version), (first..=last).contains(&version));
        }

        #[test]
        fn a_spec_is_printed_as_it_is_written(text in "[0-9.~<>=a/ -]{0,9}") {
            if let Ok(spec) = text.parse::<Spec>() {
                prop_assert_eq!(spec.to_string(), text.trim());
                prop_assert_eq!(spec.to_string().parse(), Ok(spec));
            }
        }
    }
}
