//! Files that the host wants back from a program's root, as an archive (cpio, "newc").

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process;

use cpio::newc;
use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, fork, pipe2};

use super::root;
use crate::protocol::UNREAD;

/// The most bytes of a file whose size is not known before, as in /proc.
const MOST_UNSIZED: u64 = 64 << 20;
/// How much of a file is read before its size is told: if that fails, it is left out.
const PART: u64 = 64 << 10;

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
        let Ok(metadata) = fs::symlink_metadata(path) else {
            continue;
        };
        archive = match metadata.is_dir() || metadata.is_file() || metadata.is_symlink() {
            true => pack_tree(Path::new(path), &metadata, archive)?,
            false => {
                let error = io::Error::other("it is a socket, pipe or device");
                pack_error(path, &error, archive)?
            }
        };
    }
    newc::trailer(archive)?.flush()
}

fn pack_tree<W: Write>(path: &Path, metadata: &Metadata, mut archive: W) -> io::Result<W> {
    let Some(name) = path.to_str() else {
        let error = io::Error::other("its name is not UTF-8");
        return pack_error(&path.to_string_lossy(), &error, archive);
    };
    let entry = || newc::Builder::new(name).mode(metadata.mode());
    if metadata.is_dir() {
        archive = entry().write(archive, 0).finish()?;
        let inner = match fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(inner) => inner,
            Err(error) => return pack_error(name, &error, archive),
        };
        for inner in inner {
            // What has gone meanwhile is not there.
            if let Ok(metadata) = inner.metadata() {
                archive = pack_tree(&inner.path(), &metadata, archive)?;
            }
        }
        return Ok(archive);
    }
    if metadata.is_symlink() {
        return match fs::read_link(path) {
            Ok(target) => pack_bytes(entry(), target.as_os_str().as_encoded_bytes(), archive),
            Err(error) => pack_error(name, &error, archive),
        };
    }
    if !metadata.is_file() {
        // A socket, pipe or device is nothing to be read.
        return Ok(archive);
    }
    // Some files of the kernel's would be waited for.
    let opened = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let first = opened.and_then(|file| {
        let mut first = Vec::new();
        let most = match metadata.len() {
            0 => MOST_UNSIZED,
            _ => PART,
        };
        (&file).take(most).read_to_end(&mut first)?;
        Ok((file, first))
    });
    let (file, first) = match first {
        Ok(first) => first,
        Err(error) => return pack_error(name, &error, archive),
    };
    if metadata.len() == 0 {
        return pack_bytes(entry(), &first, archive);
    }
    let Ok(size) = u32::try_from(metadata.len()) else {
        let error = io::Error::other("it is over 4 GiB");
        return pack_error(name, &error, archive);
    };
    let mut writer = entry().write(archive, size);
    // A file that shrinks meanwhile is filled up: its size is told already.
    let rest = file.chain(io::repeat(0));
    io::copy(&mut first.chain(rest).take(size.into()), &mut writer)?;
    writer.finish()
}

/// Packs why a file could not be read, in place of it.
fn pack_error<W: Write>(name: &str, why: &io::Error, archive: W) -> io::Result<W> {
    let entry = newc::Builder::new(name).mode(UNREAD);
    pack_bytes(entry, why.to_string().as_bytes(), archive)
}

fn pack_bytes<W: Write>(entry: newc::Builder, bytes: &[u8], archive: W) -> io::Result<W> {
    let size = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut writer = entry.write(archive, size);
    writer.write_all(bytes)?;
    writer.finish()
}
