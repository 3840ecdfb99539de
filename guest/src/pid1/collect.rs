//! Files that the host wants back from a program's root, as an archive (cpio, "newc").

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process;

use cpio::newc;
use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, fork, pipe2};

use super::root;

/// The most bytes of a file whose size is not known before, as in /proc.
const MOST_UNSIZED: u64 = 64 << 20;

/// Starts a process in the program's root that packs these paths, with all that is in
/// them; what it packs is read here. A path that is not there is left out.
///
/// The caller has one thread: it forks.
pub(crate) fn pack(paths: &[String]) -> io::Result<File> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: the caller has one thread, so the child may do anything.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(read);
            // An archive without its end is no archive.
            let packed = root::enter().and_then(|()| pack_all(paths, write));
            process::exit(i32::from(packed.is_err()))
        }
        ForkResult::Parent { .. } => Ok(read.into()),
    }
}

fn pack_all(paths: &[String], to: OwnedFd) -> io::Result<()> {
    let mut archive = io::BufWriter::new(File::from(to));
    for path in paths {
        if let Ok(metadata) = fs::symlink_metadata(path) {
            archive = pack_tree(Path::new(path), &metadata, archive)?;
        }
    }
    newc::trailer(archive)?.flush()
}

fn pack_tree<W: Write>(path: &Path, metadata: &Metadata, mut archive: W) -> io::Result<W> {
    let name = path.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
    let entry = newc::Builder::new(name).mode(metadata.mode());
    if metadata.is_dir() {
        archive = entry.write(archive, 0).finish()?;
        for inner in fs::read_dir(path)? {
            let inner = inner?;
            archive = pack_tree(&inner.path(), &inner.metadata()?, archive)?;
        }
        return Ok(archive);
    }
    if metadata.is_symlink() {
        let target = fs::read_link(path)?;
        let target = target.as_os_str().as_encoded_bytes();
        return pack_bytes(entry, target, archive);
    }
    if !metadata.is_file() {
        // A socket, pipe or device is nothing to be read.
        return Ok(archive);
    }
    let mut file = File::open(path)?;
    if metadata.len() == 0 {
        let mut bytes = Vec::new();
        file.take(MOST_UNSIZED).read_to_end(&mut bytes)?;
        return pack_bytes(entry, &bytes, archive);
    }
    let size = u32::try_from(metadata.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut writer = entry.write(archive, size);
    io::copy(&mut (&mut file).take(size.into()), &mut writer)?;
    writer.finish()
}

fn pack_bytes<W: Write>(entry: newc::Builder, bytes: &[u8], archive: W) -> io::Result<W> {
    let size = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut writer = entry.write(archive, size);
    writer.write_all(bytes)?;
    writer.finish()
}
