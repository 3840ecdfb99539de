//! The devices of a machine that stays, in words.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use super::disks::{WantedDisk, named_disks};
use crate::machine::Network;

/// What a machine has beside processors and memory, as options of a command line have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceWords {
    /// Whether it has a network.
    network: bool,
    /// The ports of `--publish`.
    published: Vec<String>,
    /// The disks of `--disk`, each with its name.
    disks: Vec<String>,
    /// Whether only one machine at a time can have all of it.
    only_one: bool,
}

impl DeviceWords {
    /// Of these.
    #[must_use]
    pub fn of(network: Option<&Network>, disks: &[WantedDisk]) -> Self {
        let published = network.map_or(&[][..], |network| &network.published);
        Self {
            network: network.is_some(),
            published: published.iter().map(ToString::to_string).collect(),
            disks: named_disks(disks),
            only_one: !published.is_empty() || disks.iter().any(WantedDisk::is_written_file),
        }
    }

    /// Whether all that is asked for is there.
    pub(super) fn have(&self, asked: &Self) -> bool {
        (self.network || !asked.network)
            && (asked.published.iter()).all(|port| self.published.contains(port))
            && asked.disks.iter().all(|disk| self.disks.contains(disk))
    }

    /// These and others.
    pub(super) fn with(&self, asked: &Self) -> Self {
        let both = |these: &[String], others: &[String]| {
            let others = others.iter().filter(|other| !these.contains(other));
            these.iter().chain(others).cloned().collect()
        };
        Self {
            network: self.network || asked.network,
            published: both(&self.published, &asked.published),
            disks: self.with_disks(&asked.disks),
            only_one: self.only_one || asked.only_one,
        }
    }

    /// The disks, and others, which come in the place of those of the same name.
    fn with_disks(&self, others: &[String]) -> Vec<String> {
        let name = |disk: &String| disk.split('=').next().map(ToOwned::to_owned);
        let is_other = |disk: &&String| others.iter().all(|other| name(other) != name(disk));
        let own = self.disks.iter().filter(is_other);
        own.chain(others).cloned().collect()
    }

    pub(super) const fn has_network(&self) -> bool {
        self.network
    }

    pub(super) const fn are_for_one_machine(&self) -> bool {
        self.only_one
    }

    /// The names of the disks.
    pub(super) fn disk_names(&self) -> Vec<String> {
        let names = self.disks.iter().filter_map(|disk| disk.split_once('='));
        names.map(|(name, _)| name.to_owned()).collect()
    }
}

/// As options.
impl Display for DeviceWords {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.network && self.published.is_empty() {
            write!(f, " --network")?;
        }
        for port in &self.published {
            write!(f, " --publish {port}")?;
        }
        for disk in &self.disks {
            write!(f, " --disk {}", crate::system::quoted(disk.as_ref()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(network: bool, ports: &[&str], disks: &[&str]) -> DeviceWords {
        let network = network.then(|| Network {
            published: ports.iter().map(|port| port.parse().unwrap()).collect(),
        });
        let disks: Vec<_> = disks.iter().map(|disk| disk.parse().unwrap()).collect();
        DeviceWords::of(network.as_ref(), &disks)
    }

    #[test]
    fn what_is_lacking_is_told_from_what_is_there() {
        let there = words(true, &["8080:80"], &["64M:ext4", "data=1G"]);
        for (asked, has) in [
            (words(false, &[], &[]), true),
            (words(true, &[], &["data=1G"]), true),
            (words(true, &["8080:80"], &["disk1=64M:ext4"]), true),
            (words(true, &["8081:80"], &[]), false),
            (words(false, &[], &["64M"]), false),
            (words(false, &[], &["data=2G"]), false),
        ] {
            assert_eq!(there.have(&asked), has, "{asked}");
        }
        assert!(!words(false, &[], &[]).have(&words(true, &[], &[])));
        assert_eq!(there.disk_names(), ["disk1", "data"]);
        let (some, more) = (
            words(true, &[], &["64M", "a=1M"]),
            words(true, &["80"], &["a=2G"]),
        );
        let both = some.with(&more);
        assert_eq!(
            both.to_string(),
            " --publish 80:80 --disk 'disk1=64M' --disk 'a=2048M'"
        );
        assert!(both.are_for_one_machine());
        assert!(!words(true, &[], &["64M"]).are_for_one_machine());
        assert!(words(false, &[], &["./a:rw"]).are_for_one_machine());
    }
}
