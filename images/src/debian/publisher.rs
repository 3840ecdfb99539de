//! Who publishes an archive of Debian's format: whose keys sign its release files, and
//! what these say of themselves.

use std::sync::OnceLock;

use crate::debian::keyring::Keyring;
use crate::debian::release::Release;

/// The publisher of an archive.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// The field `Origin` of its release files; none of Debian, which has several.
    origin: Option<String>,
    /// What comes before the name of a suite where the newest release file of it is
    /// noted.
    prefix: String,
    /// Debian's where no other is given. To read that takes 25 ms, and it is
    /// needed only where something is obtained.
    keyring: OnceLock<Keyring>,
}

impl Publisher {
    /// Debian, whose own keys count where no others are given.
    pub(crate) fn debian(keyring: Option<Keyring>) -> Self {
        Self {
            origin: None,
            prefix: String::new(),
            keyring: keyring.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    /// The vendor of this name, whose release files have this `Origin`.
    pub(crate) fn vendor(name: &str, origin: &str, keyring: Keyring) -> Self {
        Self {
            origin: Some(origin.to_owned()),
            prefix: format!("{name}-"),
            keyring: OnceLock::from(keyring),
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        self.keyring.get_or_init(Keyring::debian)
    }

    /// For people.
    pub(crate) fn title(&self) -> &str {
        self.origin.as_deref().unwrap_or("Debian")
    }

    /// The name under which the newest release file of a suite is noted.
    pub(crate) fn note_of(&self, suite: &str) -> String {
        format!("{}{suite}", self.prefix)
    }

    /// Whether a release file is of this publisher.
    pub(crate) fn is_of(&self, release: &Release) -> bool {
        match &self.origin {
            None => release.is_debian(),
            Some(origin) => release.origin == *origin,
        }
    }

    /// Whether a release file is the one of the suite that was asked for. The code name
    /// counts for Debian alone: with others, `jammy-updates` has the code name `jammy`.
    pub(crate) fn heads(&self, release: &Release, suite: &str) -> bool {
        match &self.origin {
            None => release.heads(suite),
            Some(_) => self.is_of(release) && release.suite == suite,
        }
    }
}
