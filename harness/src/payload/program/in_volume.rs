//! Files for a guest that do not travel: a volume of them, and this host's own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::BadRequest;
use super::tree::{KeptBytes, Node, Tree, may_read};
use crate::payload::volume::{Volume, VolumeBytes, VolumeEntry, VolumeKind};

/// Where a host has what is installed there (file-hierarchy(7)), and the stores of two
/// distributions that have it elsewhere.
const INSTALLED: [&str; 10] = [
    "/bin",
    "/etc",
    "/gnu/store",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/opt",
    "/sbin",
    "/usr",
];
/// What a guest has of its own: whom it asks for names.
const OWN: &str = "/etc/resolv.conf";

impl Tree {
    /// Takes all that is installed on this host and that this user may read. What is there
    /// already stays.
    pub(super) fn carry_host(&mut self) -> Result<(), BadRequest> {
        for directory in INSTALLED.map(Path::new) {
            if directory.symlink_metadata().is_ok() {
                self.carry_readable(directory)?;
            }
        }
        self.nodes.remove(Path::new(OWN));
        Ok(())
    }

    /// Makes a volume of all of it.
    pub(super) fn volume(&self) -> Result<Volume, BadRequest> {
        let mut entries = Vec::with_capacity(self.nodes.len() + 1);
        entries.push(VolumeEntry {
            path: Path::new("/"),
            mode: 0o755,
            owner: (0, 0),
            modified: 0,
            kind: VolumeKind::Directory,
        });
        for (path, node) in &self.nodes {
            let mut modified = 0;
            let (mode, kind) = match node {
                Node::Directory(mode) => (*mode, VolumeKind::Directory),
                Node::Link(target) => (0o777, VolumeKind::Link(target.clone())),
                Node::Fifo(mode) => (*mode, VolumeKind::Fifo),
                Node::Kept(mode, KeptBytes(file, at, size)) => {
                    let bytes = VolumeBytes::Part(file.clone(), *at);
                    (*mode, VolumeKind::File(bytes, *size))
                }
                Node::File(host, mode, size) => {
                    modified = modified_at(host)?;
                    let bytes = VolumeBytes::Host(host.clone());
                    (*mode, VolumeKind::File(bytes, *size))
                }
            };
            entries.push(VolumeEntry {
                path,
                mode,
                owner: self.owners.get(path).copied().unwrap_or_default(),
                modified,
                kind,
            });
        }
        let refused = |error| BadRequest::new(format!("the files for the guest: {error}"));
        Volume::of(&entries).map_err(refused)
    }
}

/// When a file was modified that this user may read.
fn modified_at(host: &Path) -> Result<u32, BadRequest> {
    let metadata = fs::symlink_metadata(host).map_err(BadRequest::reading(host))?;
    if !may_read(host, &metadata) {
        let host = host.display();
        return Err(BadRequest::new(format!(
            "{host}: this user may not read it: leave it out, or make it readable"
        )));
    }
    Ok(u32::try_from(metadata.mtime()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_hosts_own_files_are_those_that_are_installed() {
        let mut tree = Tree::default();
        tree.carry_host().unwrap();
        for path in ["/etc/passwd", "/usr/bin/env", "/usr"] {
            assert!(tree.has(Path::new(path)), "{path}");
        }
        for path in [
            "/etc/resolv.conf",
            "/home",
            "/proc",
            "/root",
            "/tmp",
            "/var",
        ] {
            assert!(!tree.has(Path::new(path)), "{path}");
        }
        assert!(tree.left_out().is_empty());
        assert!(crate::machine::ServedBytes::bytes(&tree.volume().unwrap()) > 1 << 20);
    }
}
