//! What the host delivers to a machine that waits.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cpio::newc;
use nix::sys::stat::Mode;
use nix::time::{ClockId, clock_settime};
use nix::unistd::mkfifo;

use super::kept_files::FileKeeper;
use super::root;
use super::serial::Serial;
use super::shared_memory::GuestRings;
use crate::protocol::{Delivery, KnownFile, Record};

/// The most bytes that are taken at a time.
const PART: usize = 64 << 10;
/// How long the host may pause.
const PATIENCE: Duration = Duration::from_secs(60);
/// The kinds of files in a mode (inode(7)).
const KIND: u32 = libc::S_IFMT;

/// Takes a delivery: unpacks its files, after it has set the clock and mixed fresh
/// entropy into the kernel's generator. A saved state has neither.
pub(crate) fn take(
    console: &Serial,
    rings: &mut GuestRings,
    delivery: &Delivery,
    kept: Option<&mut FileKeeper>,
) -> Result<(), String> {
    // Without a clock that can be set, there is none to be wrong. Beside other programs it was
    // set before, and they are to see no jump.
    if !rings.beside_others {
        let _ = clock_settime(ClockId::CLOCK_REALTIME, delivery.now.into());
    }
    let _ = add_entropy(&delivery.entropy);
    rings
        .begin(delivery.from)
        .map_err(|scribbled| scribbled.to_string())?;
    // The host may have found no room, for what an earlier program has not read.
    console.ring();
    let mut kept = kept.filter(|_| delivery.known);
    let mounted = match &kept {
        Some(kept) => kept.mount_root(),
        None => root::mount_empty().map_err(Into::into),
    };
    mounted.map_err(|error| format!("mounting the program's root: {error}"))?;
    let mut incoming = Incoming {
        console,
        rings,
        left: delivery.bytes,
    };
    let mut archive = BufReader::with_capacity(PART, &mut incoming);
    unpack(&mut archive).map_err(|error| format!("unpacking what the host delivers: {error}"))?;
    let failed = |error: io::Error| format!("reading what the host delivers: {error}");
    let mut rest = Vec::new();
    archive.read_to_end(&mut rest).map_err(failed)?;
    if delivery.known {
        let known: Vec<KnownFile> =
            serde_json::from_slice(&rest).map_err(|error| failed(error.into()))?;
        fill(console, rings, &known, kept.as_deref_mut()).map_err(failed)?;
    }
    if let Some(kept) = kept {
        kept.begin();
    }
    rings.begin_streams(console.hosts_key());
    Ok(())
}

/// Puts content into files: that of kept ones, and of others what the host sends.
fn fill(
    console: &Serial,
    rings: &mut GuestRings,
    known: &[KnownFile],
    mut kept: Option<&mut FileKeeper>,
) -> io::Result<()> {
    let mut numbers = Vec::new();
    for (number, file) in known.iter().enumerate() {
        let is_kept = match &kept {
            Some(kept) => kept.put(&file.content, &file.name)?,
            None => false,
        };
        if !is_kept {
            numbers.push(number);
        }
    }
    if numbers.is_empty() {
        return Ok(());
    }
    let missing: Vec<&KnownFile> = numbers.iter().map(|&number| &known[number]).collect();
    console.send(&Record::ContentsWanted { numbers });
    for file in missing {
        let path = root::path_of(&file.name);
        let mut to = OpenOptions::new().write(true).open(&path)?;
        let content = Incoming {
            console,
            rings,
            left: file.bytes,
        };
        io::copy(&mut BufReader::with_capacity(PART, content), &mut to)?;
        drop(to);
        if let Some(kept) = &mut kept {
            kept.keep(&file.content, &file.name)?;
        }
    }
    Ok(())
}

/// The archive, as it arrives.
struct Incoming<'a> {
    console: &'a Serial,
    rings: &'a mut GuestRings,
    left: u64,
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left > 0 {
            let most = usize::try_from(self.left).unwrap_or(PART).min(buffer.len());
            let taken = self.rings.take_delivery(&mut buffer[..most]);
            let taken = taken.map_err(io::Error::other)?;
            if taken.bell {
                self.console.ring();
            }
            if taken.bytes > 0 {
                self.left -= taken.bytes as u64;
                return Ok(taken.bytes);
            }
            self.console.hear(PATIENCE)?;
        }
        Ok(0)
    }
}

/// Unpacks an archive into the program's root, as a kernel does with an initramfs. What is
/// there already is replaced, except directories that are not empty.
fn unpack(mut archive: impl Read) -> io::Result<()> {
    loop {
        let entry = newc::Reader::new(archive)?;
        if entry.entry().is_trailer() {
            return Ok(());
        }
        // What is PID 1's own is not in the program's root.
        let name = entry.entry().name();
        let path = match name.starts_with("strata/") {
            true => Path::new("/").join(name),
            false => root::path_of(name),
        };
        let owner = (entry.entry().uid(), entry.entry().gid());
        archive = unpack_entry(entry, &path, owner).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
    }
}

fn unpack_entry<R: Read>(
    mut entry: newc::Reader<R>,
    path: &Path,
    (user, group): (u32, u32),
) -> io::Result<R> {
    let own = || lchown(path, Some(user), Some(group));
    let mode = entry.entry().mode();
    let permissions = Permissions::from_mode(mode & !KIND);
    match mode & KIND {
        libc::S_IFDIR => {
            if !root::is_directory(path) {
                remove(path)?;
                DirBuilder::new().mode(0o700).create(path)?;
            }
            own()?;
            fs::set_permissions(path, permissions)?;
        }
        libc::S_IFLNK => {
            let mut target = String::new();
            entry.read_to_string(&mut target)?;
            remove(path)?;
            symlink(PathBuf::from(target), path)?;
            own()?;
        }
        libc::S_IFREG => {
            remove(path)?;
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            let archive = entry.to_writer(&mut file)?;
            file.flush()?;
            // A change of owner takes setuid away.
            own()?;
            file.set_permissions(permissions)?;
            return Ok(archive);
        }
        libc::S_IFIFO => {
            remove(path)?;
            mkfifo(path, Mode::empty())?;
            own()?;
            fs::set_permissions(path, permissions)?;
        }
        _ => return Err(io::Error::other("neither a file, directory, link nor pipe")),
    }
    entry.finish()
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir(path),
        _ => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What the request RNDADDENTROPY takes (random(4)).
#[repr(C)]
struct PoolInfo {
    bits: libc::c_int,
    bytes: libc::c_int,
    entropy: [u8; 32],
}

/// Mixes entropy in, and has the generator use it at once.
fn add_entropy(entropy: &[u8; 32]) -> io::Result<()> {
    /// linux/random.h; the C library has no names for these.
    const RNDADDENTROPY: libc::c_ulong = 0x4008_5203;
    const RNDRESEEDCRNG: libc::c_ulong = 0x5207;
    let random = File::open("/dev/urandom")?;
    let info = PoolInfo {
        bits: 256,
        bytes: 32,
        entropy: *entropy,
    };
    // SAFETY: the first request reads what `info` holds, the second one nothing.
    let added = unsafe {
        let added = libc::ioctl(random.as_raw_fd(), RNDADDENTROPY as _, &raw const info);
        // An old kernel has no such request.
        libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG as _);
        added
    };
    match added {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
