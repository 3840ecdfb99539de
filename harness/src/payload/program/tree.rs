//! The files for a guest, by their path there.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use images::Initramfs;
use images::files::open_regular;

use super::BadRequest;
use crate::system::runs;

/// Paths that the guest itself uses: no file can be packed there.
const TAKEN: [&str; 4] = ["/dev", "/proc", "/strata", "/sys"];
/// How many symbolic links the kernel follows in a path (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Files by their absolute path in the guest. In this order a directory comes
/// before what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    nodes: BTreeMap<PathBuf, Node>,
    /// The user and group of what does not belong to root.
    owners: BTreeMap<PathBuf, (u32, u32)>,
}

/// What of a tree stays on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Nothing that can travel.
    Nothing,
    /// Directories that can be made again (<https://bford.info/cachedir/>), git's, and
    /// that of Strata's runs, in which files come and go.
    Caches,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Directory(u32),
    Link(PathBuf),
    /// A file of this host, with its mode and size.
    File(PathBuf, u32, u64),
}

impl Tree {
    /// Takes a file or directory along under its own path, with all symbolic
    /// links on the way to it; gives the files that came.
    pub(super) fn carry(&mut self, path: &Path) -> Result<Vec<PathBuf>, BadRequest> {
        let real = self.follow(path)?;
        can_travel(path)?;
        self.plant(&real, &real)
    }

    /// Takes a file or directory along to another path.
    pub(super) fn carry_to(
        &mut self,
        host: &Path,
        guest: &Path,
    ) -> Result<Vec<PathBuf>, BadRequest> {
        can_travel(host)?;
        let host = fs::canonicalize(host).map_err(BadRequest::reading(host))?;
        let guest = self.make_parents(guest)?;
        self.plant(&host, &guest)
    }

    /// Takes a directory along with all that is in it, as it is: with its modes and owners,
    /// and whether or not what is in it could run. What is there already stays.
    pub(super) fn carry_whole(
        &mut self,
        host: &Path,
        guest: &Path,
        leave: Leave,
    ) -> Result<(), BadRequest> {
        if !host.is_dir() {
            let host = host.display();
            return Err(BadRequest::new(format!(
                "{host} is no directory: --file takes files"
            )));
        }
        let guest = self.make_parents(guest)?;
        self.plant_whole(host, &guest, leave)
    }

    /// Makes a directory, if there is none.
    pub(super) fn make_directory(&mut self, path: &Path) -> Result<(), BadRequest> {
        let path = self.make_parents(path)?;
        if path != Path::new("/") {
            let node = plain_directory(&path);
            self.nodes.entry(path).or_insert(node);
        }
        Ok(())
    }

    fn plant_whole(&mut self, host: &Path, guest: &Path, leave: Leave) -> Result<(), BadRequest> {
        let metadata = fs::symlink_metadata(host).map_err(BadRequest::reading(host))?;
        let mode = metadata.mode() & 0o7777;
        let node = if metadata.is_dir() {
            Node::Directory(mode)
        } else if metadata.is_file() {
            Node::File(host.to_owned(), mode, metadata.len())
        } else if metadata.is_symlink() {
            Node::Link(fs::read_link(host).map_err(BadRequest::reading(host))?)
        } else {
            // Sockets, pipes and devices stay where they are.
            return Ok(());
        };
        if is_taken(guest) {
            return Ok(());
        }
        if guest != Path::new("/") && !self.nodes.contains_key(guest) {
            self.nodes.insert(guest.to_owned(), node);
            let owner = (metadata.uid(), metadata.gid());
            self.owners.insert(guest.to_owned(), owner);
        }
        let stays = leave == Leave::Caches
            && (host.join("CACHEDIR.TAG").exists()
                || host.ends_with(".git")
                || runs().is_ok_and(|runs| runs == host));
        if !metadata.is_dir() || stays {
            return Ok(());
        }
        for entry in fs::read_dir(host).map_err(BadRequest::reading(host))? {
            let name = entry.map_err(BadRequest::reading(host))?.file_name();
            self.plant_whole(&host.join(&name), &guest.join(&name), leave)?;
        }
        Ok(())
    }

    /// The size of the files, in bytes.
    pub(super) fn size(&self) -> u64 {
        let size = |node: &Node| match node {
            Node::File(_, _, size) => *size,
            _ => 0,
        };
        self.nodes.values().map(size).sum()
    }

    /// Adds all of it to an initramfs.
    pub(super) fn add_to(&self, mut initramfs: Initramfs) -> Result<Initramfs, BadRequest> {
        for (path, node) in &self.nodes {
            let name = utf8(path)?;
            initramfs = match node {
                Node::Directory(mode) => initramfs.dir(name, *mode),
                Node::Link(target) => initramfs.symlink(name, utf8(target)?),
                Node::File(host, mode, _) => initramfs.file(name, host.as_path(), *mode),
            };
            if let Some(owner) = self.owners.get(path) {
                initramfs = initramfs.owned_by(*owner);
            }
        }
        Ok(initramfs)
    }

    /// Walks a path of this host as the kernel would, and plants directories and
    /// links as they are found. Returns the path without links.
    fn follow(&mut self, path: &Path) -> Result<PathBuf, BadRequest> {
        walk(path, |next, _| {
            let metadata = fs::symlink_metadata(next).map_err(BadRequest::reading(path))?;
            if metadata.is_symlink() {
                let target = fs::read_link(next).map_err(BadRequest::reading(next))?;
                self.insert(next.to_owned(), Node::Link(target.clone()))?;
                return Ok(Some(target));
            }
            if metadata.is_dir() {
                self.insert(next.to_owned(), directory(&metadata))?;
            }
            Ok(None)
        })
    }

    /// Makes the directories above a path of the guest, through the links that
    /// are there already. Returns the path without links.
    fn make_parents(&mut self, path: &Path) -> Result<PathBuf, BadRequest> {
        walk(path, |next, is_last| {
            if let Some(Node::Link(target)) = self.nodes.get(next) {
                return Ok(Some(target.clone()));
            }
            if !is_last {
                self.insert(next.to_owned(), plain_directory(next))?;
            }
            Ok(None)
        })
    }

    /// Plants a file, or a directory with all that is in it.
    fn plant(&mut self, host: &Path, guest: &Path) -> Result<Vec<PathBuf>, BadRequest> {
        let metadata = fs::symlink_metadata(host).map_err(BadRequest::reading(host))?;
        if metadata.is_file() {
            // Readable for any user of the guest: there are no secrets there.
            let executable = metadata.mode() & 0o111 != 0;
            let mode = metadata.mode() & 0o7777 | if executable { 0o555 } else { 0o444 };
            let file = Node::File(host.to_owned(), mode, metadata.len());
            self.insert(guest.to_owned(), file)?;
            return Ok(vec![host.to_owned()]);
        }
        if metadata.is_symlink() {
            let target = fs::read_link(host).map_err(BadRequest::reading(host))?;
            self.insert(guest.to_owned(), Node::Link(target))?;
        }
        if !metadata.is_dir() {
            // Sockets, pipes and devices stay where they are.
            return Ok(Vec::new());
        }
        if guest != Path::new("/") {
            self.insert(guest.to_owned(), directory(&metadata))?;
        }
        let mut files = Vec::new();
        let entries = fs::read_dir(host).map_err(BadRequest::reading(host))?;
        for entry in entries {
            let name = entry.map_err(BadRequest::reading(host))?.file_name();
            files.extend(self.plant(&host.join(&name), &guest.join(&name))?);
        }
        Ok(files)
    }

    fn insert(&mut self, path: PathBuf, node: Node) -> Result<(), BadRequest> {
        let shown = path.display();
        if is_taken(&path) {
            return Err(BadRequest::new(format!(
                "{shown} cannot travel, the guest has its own: take it to another path \
                 with --file HOST:GUEST"
            )));
        }
        match self.nodes.get(&path) {
            Some(Node::Directory(_)) if matches!(node, Node::Directory(_)) => Ok(()),
            Some(there) if *there != node => Err(BadRequest::new(format!(
                "two different files are to be {shown} in the guest: name another path for one"
            ))),
            _ => {
                self.nodes.insert(path, node);
                Ok(())
            }
        }
    }
}

/// Whether the guest has its own.
fn is_taken(path: &Path) -> bool {
    path == Path::new("/init") || TAKEN.iter().any(|taken| path.starts_with(taken))
}

/// A socket, pipe or device that is named is no mistake to pass over.
fn can_travel(path: &Path) -> Result<(), BadRequest> {
    let metadata = fs::metadata(path).map_err(BadRequest::reading(path))?;
    match metadata.is_dir() {
        true => Ok(()),
        false => open_regular(path)
            .map(drop)
            .map_err(BadRequest::reading(path)),
    }
}

/// A directory that every user may enter, and write to if it is for temporary files.
fn directory(metadata: &Metadata) -> Node {
    let sticky = metadata.mode() & 0o1000 != 0;
    Node::Directory(if sticky { 0o1777 } else { 0o755 })
}

/// A directory of a guest, which no directory of this host gives its mode.
fn plain_directory(path: &Path) -> Node {
    let sticky = path == Path::new("/tmp");
    Node::Directory(if sticky { 0o1777 } else { 0o755 })
}

/// Walks a path from the root. `look` is given each path on the way, and whether it is the
/// last; it returns the target of a link, which is followed.
fn walk(
    path: &Path,
    mut look: impl FnMut(&Path, bool) -> Result<Option<PathBuf>, BadRequest>,
) -> Result<PathBuf, BadRequest> {
    let mut here = PathBuf::from("/");
    let mut ahead = names(path);
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&name);
        let Some(target) = look(&next, ahead.is_empty())? else {
            here = next;
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            let path = path.display();
            return Err(BadRequest::new(format!("{path}: too many symbolic links")));
        }
        if target.is_absolute() {
            here = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            ahead.push_front(name);
        }
    }
    Ok(here)
}

/// The names in a path, without `/` and `.`.
fn names(path: &Path) -> VecDeque<OsString> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

fn utf8(path: &Path) -> Result<&str, BadRequest> {
    path.to_str().ok_or_else(|| {
        let path = path.display();
        BadRequest::new(format!(
            "{path}: a file that travels has a name in UTF-8: give it one"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_on_the_way_travel_too() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir_all(root.join("usr/lib")).unwrap();
        fs::write(root.join("usr/lib/libx.so.1.2"), "x").unwrap();
        symlink("usr/lib", root.join("lib")).unwrap();
        symlink("libx.so.1.2", root.join("usr/lib/libx.so.1")).unwrap();
        let mut tree = Tree::default();
        let files = tree.carry(&root.join("lib/libx.so.1")).unwrap();
        assert_eq!(files, [root.join("usr/lib/libx.so.1.2")]);
        let links: Vec<_> = tree
            .nodes
            .iter()
            .filter(|(_, node)| matches!(node, Node::Link(_)))
            .map(|(path, _)| path.strip_prefix(&root).unwrap().to_owned())
            .collect();
        assert_eq!(links, [Path::new("lib"), Path::new("usr/lib/libx.so.1")]);
    }

    #[test]
    fn a_file_may_be_taken_to_another_path() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/file"), "four").unwrap();
        let mut tree = Tree::default();
        tree.carry_to(dir.path(), Path::new("/opt/x/../data"))
            .unwrap();
        assert!(tree.nodes.contains_key(Path::new("/opt/data/sub/file")));
        assert_eq!(tree.size(), 4);
    }

    #[test]
    fn one_path_is_for_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        let mut tree = Tree::default();
        tree.carry_to(&one, Path::new("/data")).unwrap();
        tree.carry_to(&one, Path::new("/data")).unwrap();
        assert!(tree.carry_to(&two, Path::new("/data")).is_err());
        assert!(tree.carry_to(&one, Path::new("/proc/one")).is_err());
        assert!(tree.carry_to(&one, Path::new("/init")).is_err());
    }
}
