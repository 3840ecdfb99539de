//! Where things are in a squashfs (the kernel's fs/squashfs/squashfs_fs.h). Nothing in it is
//! compressed, so the bytes of a file stand there as they are.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Mutex;

use super::{Extent, Volume, VolumeEntry, VolumeKind};

const MAGIC: u32 = 0x7371_7368;
/// The length of what stands at its beginning.
const SUPERBLOCK: u64 = 96;
/// Into how large blocks files are divided.
const BLOCK_LOG: u16 = 17;
const BLOCK: u64 = 1 << BLOCK_LOG;
/// Into how large blocks all else is divided, and the length of what precedes each.
const TABLE_BLOCK: usize = 8192;
const TABLE_HEAD: usize = 2;
/// What says that a block is not compressed: of a table, of a file.
const PLAIN_TABLE: u16 = 1 << 15;
const PLAIN_BLOCK: u32 = 1 << 24;
/// How it would be compressed; all kernels with squashfs have this one (zlib).
const COMPRESSION: u16 = 1;
/// Nothing is compressed, there are no parts of blocks, and no attributes.
const FLAGS: u16 = 0x1 | 0x2 | 0x8 | 0x10 | 0x200;
const VERSION: [u16; 2] = [4, 0];
/// What stands for a table that is not there, and for a number.
const NO_TABLE: u64 = u64::MAX;
const NO_NUMBER: u32 = u32::MAX;
/// Kinds of inodes: as directories name them, and with all that they can have.
const DIRECTORY: u16 = 1;
const FILE: u16 = 2;
const LINK: u16 = 3;
const FIFO: u16 = 6;
const LONG: u16 = 7;
/// The most files that a head in a directory stands before.
const RUN: usize = 256;
/// What a directory is longer than its list: the entries that are not in it.
const UNLISTED: u32 = 3;

/// What is divided into blocks.
#[derive(Default)]
struct Table(Vec<u8>);

/// A place in it: where its block begins, and how far into that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TablePlace {
    block: u32,
    offset: u16,
}

impl Table {
    fn end(&self) -> TablePlace {
        let (blocks, offset) = (self.0.len() / TABLE_BLOCK, self.0.len() % TABLE_BLOCK);
        TablePlace {
            block: (blocks * (TABLE_BLOCK + TABLE_HEAD)) as u32,
            offset: offset as u16,
        }
    }

    fn put2(&mut self, number: u16) {
        self.0.extend(number.to_le_bytes());
    }

    fn put4(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    fn put8(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    /// Its blocks, each behind its length.
    fn blocks(&self) -> Vec<u8> {
        let blocks = self.0.chunks(TABLE_BLOCK);
        let blocks = blocks.map(|block| {
            let head = PLAIN_TABLE | block.len() as u16;
            [&head.to_le_bytes()[..], block].concat()
        });
        blocks.flatten().collect()
    }
}

/// A file, as its directory lists it.
struct Listed<'a> {
    name: &'a [u8],
    kind: u16,
    number: u32,
    place: TablePlace,
}

pub(super) fn lay_out(entries: &[VolumeEntry<'_>]) -> io::Result<Volume> {
    let mut numbers: HashMap<&Path, u32> = HashMap::with_capacity(entries.len());
    numbers.extend(entries.iter().map(|entry| entry.path).zip(1..));
    let count = entries.len() as u32;
    let mut users: BTreeMap<u32, u16> = BTreeMap::new();
    let mut extents = Vec::new();
    let mut at = SUPERBLOCK;
    let (mut inodes, mut directories) = (Table::default(), Table::default());
    let mut lists: HashMap<&Path, Vec<Listed<'_>>> = HashMap::new();
    let mut root = None;
    // What is in a directory comes before it.
    for (entry, number) in entries.iter().zip(1..count + 1).rev() {
        let mut user_number = |user: u32| {
            let next = users.len();
            let number = *users.entry(user).or_insert(next as u16);
            let many = || io::Error::other("the files have over 65535 owners");
            (next < usize::from(u16::MAX))
                .then_some(number)
                .ok_or_else(many)
        };
        let parent = entry.path.parent();
        let is_directory = |number: &&u32| {
            let above = &entries[**number as usize - 1];
            matches!(above.kind, VolumeKind::Directory)
        };
        let parent_number = parent.and_then(|parent| numbers.get(parent).filter(is_directory));
        if let (Some(parent), None) = (parent, parent_number) {
            let (path, parent) = (entry.path.display(), parent.display());
            let why = format!("{path} cannot be there: {parent} is no directory");
            return Err(io::Error::other(why));
        }
        let owner = [user_number(entry.owner.0)?, user_number(entry.owner.1)?];
        let place = inodes.end();
        let kind = match &entry.kind {
            VolumeKind::Directory => DIRECTORY,
            VolumeKind::File(..) => FILE,
            VolumeKind::Link(_) => LINK,
            VolumeKind::Fifo => FIFO,
        };
        let is_long = [DIRECTORY, FILE].contains(&kind);
        inodes.put2(if is_long { kind + LONG } else { kind });
        inodes.put2(entry.mode as u16 & 0o7777);
        inodes.put2(owner[0]);
        inodes.put2(owner[1]);
        inodes.put4(entry.modified);
        inodes.put4(number);
        match &entry.kind {
            VolumeKind::Directory => {
                let mut listed = lists.remove(entry.path).unwrap_or_default();
                listed.reverse();
                let below = listed.iter().filter(|listed| listed.kind == DIRECTORY);
                let links = 2 + below.count() as u32;
                let start = directories.end();
                let length = list(&listed, &mut directories);
                inodes.put4(links);
                inodes.put4(length + UNLISTED);
                inodes.put4(start.block);
                inodes.put4(parent_number.copied().unwrap_or(count + 1));
                inodes.put2(0);
                inodes.put2(start.offset);
                inodes.put4(NO_NUMBER);
            }
            VolumeKind::File(from, size) => {
                inodes.put8(at);
                inodes.put8(*size);
                inodes.put8(0);
                inodes.put4(1);
                inodes.put4(NO_NUMBER);
                inodes.put4(0);
                inodes.put4(NO_NUMBER);
                for block in 0..size.div_ceil(BLOCK) {
                    let length = BLOCK.min(size - block * BLOCK) as u32;
                    inodes.put4(length | PLAIN_BLOCK);
                }
                if *size > 0 {
                    extents.push(Extent {
                        at,
                        size: *size,
                        from: from.clone(),
                    });
                }
                at += size;
            }
            VolumeKind::Link(target) => {
                let target = target.as_os_str().as_bytes();
                inodes.put4(1);
                inodes.put4(target.len() as u32);
                inodes.0.extend(target);
            }
            VolumeKind::Fifo => inodes.put4(1),
        }
        match (parent, entry.path.file_name()) {
            (Some(parent), Some(name)) => {
                lists.entry(parent).or_default().push(Listed {
                    name: name.as_bytes(),
                    kind,
                    number,
                    place,
                });
            }
            _ => root = Some(place),
        }
    }
    let root = root.ok_or_else(|| io::Error::other("a volume has a root"))?;
    let mut owners = Table::default();
    let mut ordered: Vec<(u16, u32)> = users.into_iter().map(|(user, at)| (at, user)).collect();
    ordered.sort_unstable();
    ordered.iter().for_each(|(_, user)| owners.put4(*user));

    let inodes_at = at;
    let inodes = inodes.blocks();
    let directories_at = inodes_at + inodes.len() as u64;
    let directories = directories.blocks();
    let owners_at = directories_at + directories.len() as u64;
    let blocks = owners.blocks();
    let index_at = owners_at + blocks.len() as u64;
    let mut index = Table::default();
    for block in 0..owners.0.len().div_ceil(TABLE_BLOCK) {
        index.put8(owners_at + (block * (TABLE_BLOCK + TABLE_HEAD)) as u64);
    }
    let end = index_at + index.0.len() as u64;

    let mut head = Table::default();
    let modified = 0;
    let parts_of_blocks = 0;
    for number in [MAGIC, count, modified, BLOCK as u32, parts_of_blocks] {
        head.put4(number);
    }
    let [major, minor] = VERSION;
    let owners = ordered.len() as u16;
    for number in [COMPRESSION, BLOCK_LOG, FLAGS, owners, major, minor] {
        head.put2(number);
    }
    head.put8(u64::from(root.block) << 16 | u64::from(root.offset));
    head.put8(end);
    for table in [
        index_at,
        NO_TABLE,
        inodes_at,
        directories_at,
        NO_TABLE,
        NO_TABLE,
    ] {
        head.put8(table);
    }
    Ok(Volume {
        head: head.0,
        extents,
        tail: (at, [inodes, directories, blocks, index.0].concat()),
        open: Mutex::default(),
    })
}

/// Adds a directory's list; gives its length.
fn list(listed: &[Listed<'_>], directories: &mut Table) -> u32 {
    let before = directories.0.len();
    let mut rest = listed;
    while let Some(first) = rest.first() {
        let difference = |listed: &Listed<'_>| {
            let difference = i64::from(listed.number) - i64::from(first.number);
            i16::try_from(difference).ok()
        };
        let together = |listed: &&Listed<'_>| {
            listed.place.block == first.place.block && difference(listed).is_some()
        };
        let run = rest.iter().take(RUN).take_while(together).count();
        directories.put4(run as u32 - 1);
        directories.put4(first.place.block);
        directories.put4(first.number);
        for listed in &rest[..run] {
            directories.put2(listed.place.offset);
            directories.put2(difference(listed).unwrap_or_default().cast_unsigned());
            directories.put2(listed.kind);
            directories.put2(listed.name.len() as u16 - 1);
            directories.0.extend(listed.name);
        }
        rest = &rest[run..];
    }
    (directories.0.len() - before) as u32
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::super::VolumeBytes;
    use super::*;
    use crate::machine::ServedBytes;

    fn entry(path: &str, kind: VolumeKind) -> VolumeEntry<'_> {
        VolumeEntry {
            path: Path::new(path),
            mode: 0o755,
            owner: (7, 8),
            modified: 9,
            kind,
        }
    }

    #[test]
    fn the_bytes_of_files_are_those_of_this_host_when_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "before").unwrap();
        let from = VolumeBytes::Host(file.clone());
        let volume = Volume::of(&[
            entry("/", VolumeKind::Directory),
            entry("/file", VolumeKind::File(from, 6)),
            entry("/link", VolumeKind::Link(PathBuf::from("file"))),
        ])
        .unwrap();
        fs::write(&file, "behind").unwrap();
        let mut whole = vec![0; usize::try_from(volume.bytes()).unwrap()];
        volume.read_at(&mut whole, 0).unwrap();
        assert_eq!(whole[..4], MAGIC.to_le_bytes());
        assert_eq!(&whole[96..102], b"behind");
        // Each part of it is what it is in the whole.
        let mut part = [0; 200];
        for at in [0, 50, 90, 98, 101, 102, 150] {
            volume.read_at(&mut part, at as u64).unwrap();
            assert_eq!(part[..], whole[at..at + 200], "at {at}");
        }
        fs::write(&file, "less").unwrap();
        assert!(volume.read_at(&mut part, 0).is_err());
    }

    #[test]
    fn a_file_below_what_is_no_directory_is_refused() {
        let refused = Volume::of(&[
            entry("/", VolumeKind::Directory),
            entry("/link", VolumeKind::Link(PathBuf::from("/"))),
            entry("/link/file", VolumeKind::Fifo),
        ]);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("/link is no directory"), "{refused}");
    }
}
