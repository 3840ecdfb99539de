//! What a kernel is claimed to do.

use std::fmt;
use std::panic::Location;

use super::{Observation, Version};

/// A commit of the Linux kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its abbreviated hash, 12 digits.
    pub id: &'static str,
    /// The first line of its message.
    pub title: &'static str,
    /// The first point release of each stable series that carries it.
    pub backports: &'static [Version],
}

impl Commit {
    /// A commit that no stable kernel took over.
    #[must_use]
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            backports: &[],
        }
    }

    /// The same, taken over by stable kernels.
    #[must_use]
    pub const fn backported_to(mut self, backports: &'static [Version]) -> Self {
        self.backports = backports;
        self
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (\"{}\")", self.id, self.title)
    }
}

/// What holds from a version on, until the next claim of the same scenario.
///
/// A scenario's claims stand in the order of their versions, so that every
/// boundary has its two sides and no version has two claims. Versions before
/// the first claim have none.
///
/// ```
/// use guest::{Claim, Version};
///
/// const CLAIM: Claim = Claim::since(3, 12)
///     .shows("unshare=ok child=1")
///     .because("CLONE_NEWPID no longer implies CLONE_THREAD")
///     .commit("6e556ce209b0", "pidns: Don't have unshare(CLONE_NEWPID) imply CLONE_THREAD");
/// assert!(CLAIM.reached_by(Version::point(6, 1, 176)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The first version of which it holds.
    pub since: Version,
    /// Earlier point releases from which it holds too, each within its series:
    /// the stable kernels the commit was backported to.
    pub backports: &'static [Version],
    /// What the scenario must see, as [`Observation::written`].
    pub expected: &'static str,
    /// Why, in a sentence.
    pub because: &'static str,
    /// The commit that made it so. None on a first claim that holds because
    /// something did not exist yet.
    pub commit: Option<Commit>,
    /// Public issues and the like in which people met it.
    pub links: &'static [&'static str],
    /// Whether it shows what the claim before it shows, for another reason: at
    /// this boundary there is nothing to be seen.
    pub as_before: bool,
    /// Whether it is about a race: what the next claim says for certain, it
    /// allows by chance.
    pub by_chance: bool,
    /// The line of its source file where it begins.
    pub line: u32,
}

impl Claim {
    /// A claim about the kernels from a version on.
    #[must_use]
    #[track_caller]
    pub const fn since(major: u16, minor: u16) -> Self {
        Self {
            since: Version::new(major, minor),
            backports: &[],
            expected: "",
            because: "",
            commit: None,
            links: &[],
            as_before: false,
            by_chance: false,
            line: Location::caller().line(),
        }
    }

    /// What must be seen.
    #[must_use]
    pub const fn shows(mut self, expected: &'static str) -> Self {
        self.expected = expected;
        self
    }

    /// Why.
    #[must_use]
    pub const fn because(mut self, because: &'static str) -> Self {
        self.because = because;
        self
    }

    /// By which commit.
    #[must_use]
    pub const fn commit(self, id: &'static str, title: &'static str) -> Self {
        self.by(Commit::new(id, title))
    }

    /// By which commit, and with it in which stable kernels.
    #[must_use]
    pub const fn by(mut self, commit: Commit) -> Self {
        self.commit = Some(commit);
        self.backports = commit.backports;
        self
    }

    /// In which point releases of earlier series too.
    #[must_use]
    pub const fn backported(mut self, backports: &'static [Version]) -> Self {
        self.backports = backports;
        self
    }

    /// In which public issues people met it.
    #[must_use]
    pub const fn links(mut self, links: &'static [&'static str]) -> Self {
        self.links = links;
        self
    }

    /// It shows what the claim before it shows, for another reason.
    #[must_use]
    pub const fn as_before(mut self) -> Self {
        self.as_before = true;
        self
    }

    /// It is about a race.
    #[must_use]
    pub const fn by_chance(mut self) -> Self {
        self.by_chance = true;
        self
    }

    /// What must be seen, fact by fact.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation::written(self.expected)
    }

    /// Whether this claim's boundary lies at or below a version.
    #[must_use]
    pub fn reached_by(&self, version: Version) -> bool {
        let backported = |since: &Version| since.series() == version.series() && *since <= version;
        self.since <= version || self.backports.iter().any(backported)
    }
}
