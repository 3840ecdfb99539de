//! Files that one program after another brings: they are kept, and not sent again. A
//! processor that is emulated translates their code but once, for it stays in its place.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::root;

/// Where the file system is that holds them, and the root of each program beside them: a
/// file has links within one only.
const PLACE: &str = "/strata/files";
/// What may be done to a file that makes it another: a file that was open for writing may
/// have been written to by its mapping, too (inotify(7)).
const CHANGES: u32 = libc::IN_ATTRIB | libc::IN_CLOSE_WRITE | libc::IN_MODIFY;
/// Of how many parts of the memory one may hold such files.
const PARTS: u64 = 8;
/// The share of the memory that the file system may take: theirs, and the half of it that
/// a file system of a program's own has.
const SIZE: &str = "mode=0755,size=62%";
/// How many bytes the kernel tells of changes at a time.
const EVENTS: usize = 16 << 10;

/// The files that are kept.
pub(crate) struct FileKeeper {
    /// Tells of changes (inotify).
    changes: File,
    /// By content, mode and owner: the number of the watch, and the length in bytes.
    files: BTreeMap<String, (i32, u64)>,
    /// How many bytes they may have.
    most: u64,
}

impl FileKeeper {
    /// None yet. There will be none where the kernel has no tmpfs, or tells of no changes.
    pub(crate) fn new() -> Option<Self> {
        let flags = libc::IN_NONBLOCK | libc::IN_CLOEXEC;
        // SAFETY: it takes a number.
        let changes = Errno::result(unsafe { libc::inotify_init1(flags) }).ok()?;
        // SAFETY: it is new, and of nothing else.
        let changes = unsafe { File::from_raw_fd(changes) };
        let memory = fs::read_to_string("/proc/meminfo").ok()?;
        let total = memory.split_whitespace().nth(1)?;
        let most = total.parse::<u64>().ok()? * 1024 / PARTS;
        let kept = Self {
            changes,
            files: BTreeMap::new(),
            most,
        };
        kept.mount().ok()?;
        Some(kept)
    }

    fn mount(&self) -> io::Result<()> {
        fs::create_dir_all(PLACE)?;
        let none = MsFlags::empty();
        mount(Some("tmpfs"), PLACE, Some("tmpfs"), none, Some(SIZE))?;
        DirBuilder::new()
            .mode(0o700)
            .create(Path::new(PLACE).join("kept"))?;
        Ok(())
    }

    /// Makes an empty directory beside them the root of a program.
    pub(crate) fn mount_root(&self) -> io::Result<()> {
        let own = Path::new(PLACE).join("root");
        DirBuilder::new().mode(0o755).create(&own)?;
        Ok(root::bind(&own)?)
    }

    /// Where a file of the program's root is. By the path at which the root is mounted, no
    /// file has a link beside it (link(2): EXDEV).
    fn path_in_root(name: &str) -> PathBuf {
        Path::new(PLACE).join("root").join(name)
    }

    /// Puts a file in the place of an empty one of the same mode and owner, if it is kept.
    pub(crate) fn put(&self, content: &str, name: &str) -> io::Result<bool> {
        let path = &Self::path_in_root(name);
        let name = name_of(content, path)?;
        if !self.files.contains_key(&name) {
            return Ok(false);
        }
        let kept = kept_path(&name);
        File::open(&kept)?.set_modified(SystemTime::now())?;
        fs::remove_file(path)?;
        fs::hard_link(kept, path)?;
        Ok(true)
    }

    /// Keeps a file of the root. Where that cannot be, it is not kept.
    pub(crate) fn keep(&mut self, content: &str, name: &str) -> io::Result<()> {
        let path = &Self::path_in_root(name);
        let name = name_of(content, path)?;
        if self.files.contains_key(&name) {
            return Ok(());
        }
        let length = path.symlink_metadata()?.len();
        let held: u64 = self.files.values().map(|(_, length)| length).sum();
        if held + length > self.most {
            self.forget_all();
        }
        if length > self.most {
            return Ok(());
        }
        let kept = kept_path(&name);
        fs::hard_link(path, &kept)?;
        let c_path = [kept.as_os_str().as_bytes(), b"\0"].concat();
        // SAFETY: the path ends with a NUL, and is there for the call.
        let watch = unsafe {
            libc::inotify_add_watch(self.changes.as_raw_fd(), c_path.as_ptr().cast(), CHANGES)
        };
        match Errno::result(watch) {
            Ok(watch) => drop(self.files.insert(name, (watch, length))),
            Err(_) => fs::remove_file(kept)?,
        }
        Ok(())
    }

    /// From here on, changes are a program's.
    pub(crate) fn begin(&self) {
        let _ = self.changed();
    }

    /// Forgets files that a program has changed, and removes its root. All of its processes
    /// have ended.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        match self.changed() {
            Some(changed) => {
                let is_changed = |(watch, _): &(i32, u64)| changed.contains(watch);
                let mut files = self.files.iter();
                let names: Vec<String> = files
                    .by_ref()
                    .filter(|(_, file)| is_changed(file))
                    .map(|(name, _)| name.clone())
                    .collect();
                names.iter().for_each(|name| self.forget(name));
            }
            None => self.forget_all(),
        }
        if fs::remove_dir_all(Path::new(PLACE).join("root")).is_err() {
            // It holds what cannot be removed: all of the file system goes.
            self.files.clear();
            umount2(PLACE, MntFlags::MNT_DETACH)?;
            self.mount()?;
        }
        Ok(())
    }

    fn forget_all(&mut self) {
        let names: Vec<String> = self.files.keys().cloned().collect();
        names.iter().for_each(|name| self.forget(name));
    }

    fn forget(&mut self, name: &str) {
        if let Some((watch, _)) = self.files.remove(name) {
            // SAFETY: it takes numbers.
            unsafe { libc::inotify_rm_watch(self.changes.as_raw_fd(), watch) };
            let _ = fs::remove_file(kept_path(name));
        }
    }

    /// The watches of files that were changed since the last time; none if it cannot be known.
    fn changed(&self) -> Option<Vec<i32>> {
        let mut changed = Vec::new();
        let mut buffer = [0; EVENTS];
        loop {
            let length = match (&self.changes).read(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(changed),
                Err(_) => return None,
            };
            let mut rest = &buffer[..length];
            // Each is its watch, a mask, a cookie, and the length of a name that follows.
            while let Some((head, after)) = rest.split_first_chunk::<16>() {
                let number = |at: usize| {
                    let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
                    u32::from_ne_bytes(bytes)
                };
                if number(4) & libc::IN_Q_OVERFLOW != 0 {
                    return None;
                }
                changed.push(number(0).cast_signed());
                rest = after.get(number(12) as usize..).unwrap_or(&[]);
            }
        }
    }
}

fn kept_path(name: &str) -> PathBuf {
    Path::new(PLACE).join("kept").join(name)
}

/// What a file is called that has this content, and the mode and owner of this one.
fn name_of(content: &str, path: &Path) -> io::Result<String> {
    let of = path.symlink_metadata()?;
    let is_plain = content.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !of.is_file() || !is_plain {
        return Err(io::Error::other("a file that may be known is no file"));
    }
    Ok(format!(
        "{content}-{:o}-{}-{}",
        of.mode(),
        of.uid(),
        of.gid()
    ))
}
