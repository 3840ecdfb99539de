//! Files of this host as a disk: a squashfs that is nowhere written. What describes the files
//! is in memory, and their bytes are read when they are asked for.

mod squashfs;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use images::files::open_regular;

use crate::machine::ServedBytes;

/// The size of a disk is a multiple of it.
const SECTOR: u64 = 4096;

/// A file, by its absolute path in the volume.
#[derive(Debug)]
pub(super) struct VolumeEntry<'a> {
    pub(super) path: &'a std::path::Path,
    /// Its permissions.
    pub(super) mode: u32,
    /// Its user and group.
    pub(super) owner: (u32, u32),
    /// When it was modified, in seconds.
    pub(super) modified: u32,
    pub(super) kind: VolumeKind,
}

/// What it is.
#[derive(Debug)]
pub(super) enum VolumeKind {
    Directory,
    /// With its target.
    Link(PathBuf),
    Fifo,
    /// With its size.
    File(VolumeBytes, u64),
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(super) enum VolumeBytes {
    /// In a file of this host.
    Host(PathBuf),
    /// In an open file, from there on.
    Part(Arc<File>, u64),
}

/// The bytes of one file, in the volume.
#[derive(Debug)]
struct Extent {
    /// Where they begin.
    at: u64,
    size: u64,
    from: VolumeBytes,
}

/// A volume.
#[derive(Debug)]
pub(crate) struct Volume {
    /// Its first bytes; the extents follow.
    head: Vec<u8>,
    extents: Vec<Extent>,
    /// Its last bytes, and where they begin.
    tail: (u64, Vec<u8>),
    /// The file that was read last, and the number of its extent.
    open: Mutex<Option<(usize, Arc<File>)>>,
}

impl Volume {
    /// Of files in the order of their paths, of which the first is the root.
    ///
    /// # Errors
    /// If they make no file system.
    pub(super) fn of(entries: &[VolumeEntry<'_>]) -> io::Result<Self> {
        squashfs::lay_out(entries)
    }

    /// The file of an extent; a file of this host is opened, if it is not the last one.
    fn file(&self, number: usize) -> io::Result<(Arc<File>, u64)> {
        let path = match &self.extents[number].from {
            VolumeBytes::Part(file, at) => return Ok((Arc::clone(file), *at)),
            VolumeBytes::Host(path) => path,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.as_ref().filter(|(last, _)| *last == number) {
            return Ok((Arc::clone(file), 0));
        }
        let file = Arc::new(open_regular(path)?);
        *open = Some((number, Arc::clone(&file)));
        Ok((file, 0))
    }
}

impl ServedBytes for Volume {
    fn bytes(&self) -> u64 {
        let (at, tail) = &self.tail;
        (at + tail.len() as u64).next_multiple_of(SECTOR)
    }

    fn read_at(&self, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
        // What is behind the end is zero.
        buffer.fill(0);
        while !buffer.is_empty() {
            let number = self.extents.partition_point(|extent| extent.at <= at);
            let inside = number
                .checked_sub(1)
                .map(|number| (number, &self.extents[number]));
            let inside = inside.filter(|(_, extent)| at < extent.at + extent.size);
            let (tail_at, tail) = &self.tail;
            let copied = |bytes: &[u8], from: u64, buffer: &mut [u8]| {
                let rest = usize::try_from(from)
                    .ok()
                    .and_then(|from| bytes.get(from..));
                let rest = rest.unwrap_or_default();
                let most = rest.len().min(buffer.len());
                buffer[..most].copy_from_slice(&rest[..most]);
                most
            };
            let done = match inside {
                Some((number, extent)) => {
                    let skipped = at - extent.at;
                    let left = usize::try_from(extent.size - skipped).unwrap_or(usize::MAX);
                    let most = left.min(buffer.len());
                    let (file, from) = self.file(number)?;
                    file.read_exact_at(&mut buffer[..most], from + skipped)?;
                    most
                }
                None if at < self.head.len() as u64 => copied(&self.head, at, buffer),
                None => copied(tail, at - tail_at, buffer),
            };
            if done == 0 {
                return Ok(());
            }
            buffer = &mut buffer[done..];
            at += done as u64;
        }
        Ok(())
    }
}
