//! The files for a guest, by their path there.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use images::files::{self, open_regular};
use images::{Content, Initramfs, RootFiles, RootKind};
use nix::unistd::{AccessFlags, access};

use super::BadRequest;
use super::pack::{HEAD, head};
use crate::system::runs;

/// Paths that the guest itself uses: no file can be packed there.
const TAKEN: [&str; 4] = ["/dev", "/proc", "/strata", "/sys"];

/// Files by their absolute path in the guest. In this order a directory comes
/// before what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: BTreeMap<PathBuf, Node>,
    /// The user and group of what does not belong to root.
    pub(super) owners: BTreeMap<PathBuf, (u32, u32)>,
    /// Sockets and devices of whole directories, which do not travel.
    left_out: Vec<PathBuf>,
}

/// What of a tree stays on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Nothing that can travel.
    Nothing,
    /// Directories that can be made again (<https://bford.info/cachedir/>), git's, and
    /// that of Strata's runs, in which files come and go.
    Caches,
    /// What this user may not read, sockets and devices, without a word.
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Directory(u32),
    Link(PathBuf),
    /// A file of this host, with its mode and size.
    File(PathBuf, u32, u64),
    /// A file of a root in an archive: its mode, and where its bytes are.
    Kept(u32, KeptBytes),
    /// A named pipe, with its mode.
    Fifo(u32),
}

/// The bytes of a file among those of others: where they begin, and how many they are.
#[derive(Clone, Debug)]
pub(super) struct KeptBytes(pub(super) Arc<File>, pub(super) u64, pub(super) u64);

impl PartialEq for KeptBytes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) && (self.1, self.2) == (other.1, other.2)
    }
}

impl Eq for KeptBytes {}

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

    /// The same with what this user may read, to its own path.
    pub(super) fn carry_readable(&mut self, directory: &Path) -> Result<(), BadRequest> {
        let guest = match directory.is_symlink() {
            true => directory.to_owned(),
            false => self.make_parents(directory)?,
        };
        self.plant_whole(directory, &guest, Leave::Unreadable)
    }

    /// Takes a root file system along: a directory, a tar archive, or the directory of an OCI
    /// image.
    pub(super) fn carry_root(&mut self, root: &Path) -> Result<(), BadRequest> {
        if root.is_dir() && !RootFiles::are_at(root) {
            return self.carry_whole(root, Path::new("/"), Leave::Nothing);
        }
        let files = RootFiles::at(root)
            .map_err(|error| BadRequest::new(format!("--root {}: {error}", root.display())))?;
        let content = files.content();
        for (path, entry) in files.entries().filter(|(path, _)| !is_taken(path)) {
            let node = match &entry.kind {
                RootKind::Directory => Node::Directory(entry.mode),
                RootKind::Link(target) => Node::Link(target.into()),
                RootKind::Fifo => Node::Fifo(entry.mode),
                RootKind::File { at, size } => {
                    Node::Kept(entry.mode, KeptBytes(Arc::clone(&content), *at, *size))
                }
            };
            self.nodes.insert(path.to_owned(), node);
            self.owners.insert(path.to_owned(), entry.owner);
        }
        let left_out = files.left_out().iter().filter(|path| !is_taken(path));
        self.left_out.extend(left_out.cloned());
        Ok(())
    }

    /// Whether there is something at a path, be it a link that leads nowhere.
    pub(super) fn has(&self, path: &Path) -> bool {
        let found = walk(path, |next, is_last| match self.nodes.get(next) {
            Some(Node::Link(target)) if !is_last => Ok(Some(target.clone())),
            Some(_) => Ok(None),
            None => Err(BadRequest::new("it is not there")),
        });
        found.is_ok()
    }

    /// How a file begins, as [`head`] gives it, through links that lead where they do inside.
    pub(super) fn head(&self, path: &Path) -> Option<Vec<u8>> {
        let found = walk(path, |next, _| match self.nodes.get(next) {
            Some(Node::Link(target)) => Ok(Some(target.clone())),
            _ => Ok(None),
        });
        match self.nodes.get(&found.ok()?)? {
            Node::File(host, _, _) => head(host).ok(),
            Node::Kept(_, KeptBytes(file, at, size)) => {
                let length = usize::try_from(HEAD.min(*size)).ok()?;
                let mut head = vec![0; length];
                file.read_exact_at(&mut head, *at).ok()?;
                Some(head)
            }
            _ => None,
        }
    }

    /// Makes a directory in which a program is to start, if there is none. One that the
    /// guest has is its own.
    pub(super) fn make_directory(&mut self, path: &Path) -> Result<(), BadRequest> {
        if is_taken(path) {
            return Ok(());
        }
        let path = self.make_parents(path)?;
        if path == Path::new("/") {
            return Ok(());
        }
        let node = plain_directory(&path);
        match self.nodes.entry(path).or_insert(node) {
            Node::Directory(_) => Ok(()),
            _ => Err(BadRequest::new(
                "what --cwd names is no directory: name the one in which it is",
            )),
        }
    }

    /// Sockets and devices that do not travel, by their paths here.
    pub(super) fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }

    fn plant_whole(&mut self, host: &Path, guest: &Path, leave: Leave) -> Result<(), BadRequest> {
        let metadata = fs::symlink_metadata(host).map_err(BadRequest::reading(host))?;
        let mode = metadata.mode() & 0o7777;
        if leave == Leave::Unreadable && !may_read(host, &metadata) {
            return Ok(());
        }
        let node = if metadata.is_dir() {
            Node::Directory(mode)
        } else if metadata.is_file() {
            Node::File(host.to_owned(), mode, metadata.len())
        } else if metadata.is_symlink() {
            Node::Link(fs::read_link(host).map_err(BadRequest::reading(host))?)
        } else if metadata.file_type().is_fifo() {
            Node::Fifo(mode)
        } else {
            if !is_taken(guest) && leave != Leave::Unreadable {
                self.left_out.push(host.to_owned());
            }
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
            Node::File(_, _, size) | Node::Kept(_, KeptBytes(_, _, size)) => *size,
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
                Node::Fifo(mode) => initramfs.fifo(name, *mode),
                Node::Kept(mode, KeptBytes(file, at, size)) => {
                    let content = Content::Part(Arc::clone(file), *at, *size);
                    initramfs.file(name, content, *mode)
                }
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

/// Whether this user may read a file, or a directory and what is in it. Of others no bytes are
/// read.
pub(super) fn may_read(path: &Path, metadata: &Metadata) -> bool {
    let mode = if metadata.is_dir() {
        AccessFlags::R_OK | AccessFlags::X_OK
    } else if metadata.is_file() {
        AccessFlags::R_OK
    } else {
        return true;
    };
    access(path, mode).is_ok()
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
    let is_tmp = path == Path::new("/tmp");
    Node::Directory(if is_tmp { 0o1777 } else { 0o755 })
}

/// Walks a path, as [`files::walk`].
fn walk(
    path: &Path,
    look: impl FnMut(&Path, bool) -> Result<Option<PathBuf>, BadRequest>,
) -> Result<PathBuf, BadRequest> {
    let shown = path.display();
    files::walk(path, look, |_| {
        BadRequest::new(format!("{shown}: too many symbolic links"))
    })
}

/// The name under which a file travels.
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
