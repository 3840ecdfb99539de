//! Files of a guest, written to this host.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Read, Seek};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cpio::newc;
use guest::UNREAD;

use crate::payload::BadRequest;
use crate::system::printable;

/// The kinds of files in a mode (inode(7)).
const KIND: u32 = libc::S_IFMT;
/// How long the reason may be why a file could not be read, in bytes.
const MOST_WORDS: u32 = 4096;

/// A file or directory that is wanted back from a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Its absolute path there.
    pub guest: String,
    /// Where it goes.
    pub host: PathBuf,
}

impl WantedFile {
    /// What `GUEST[:HOST]` says; without a host's path it goes into the current directory,
    /// under its own name.
    ///
    /// # Errors
    /// If the guest's path is not absolute, or has no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (guest, host) = match text.split_once(':') {
            Some((guest, host)) => (guest, Some(PathBuf::from(host))),
            None => (text, None),
        };
        let guest = guest.trim_end_matches('/');
        let named = Path::new(guest).file_name().map(PathBuf::from);
        let plain = |component| matches!(component, Component::RootDir | Component::Normal(_));
        match host.or(named) {
            Some(host) if guest.starts_with('/') && Path::new(guest).components().all(plain) => {
                let guest = guest.to_owned();
                Ok(Self { guest, host })
            }
            _ => Err("write an absolute path of the guest, as /out or /out:./results".to_owned()),
        }
    }

    /// Where an entry of the archive goes, if it is this or in it: its path below this.
    fn inner<'a>(&self, name: &'a str) -> Option<&'a Path> {
        let inner = Path::new(name).strip_prefix(&self.guest).ok()?;
        let plain = |component| matches!(component, Component::Normal(_));
        inner.components().all(plain).then_some(inner)
    }
}

/// Where an entry of the archive goes: to what is wanted and nearest to it.
fn place<'a>(name: &str, wanted: &'a [WantedFile]) -> Option<(usize, &'a Path, PathBuf)> {
    let places = wanted.iter().enumerate().filter_map(|(number, wanted)| {
        let inner = wanted.inner(name)?;
        let place = match inner.as_os_str().is_empty() {
            true => wanted.host.clone(),
            false => wanted.host.join(inner),
        };
        Some((number, wanted.host.as_path(), place))
    });
    places.max_by_key(|(number, ..)| wanted[*number].guest.len())
}

/// Whether something is there that is neither a file nor a directory nor a link.
fn is_special(path: &Path) -> bool {
    let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| !(kind.is_file() || kind.is_dir() || kind.is_symlink()))
}

/// Checks that nothing is wanted twice, or in the place of a device.
///
/// # Errors
/// If something is.
pub fn check_wanted(wanted: &[WantedFile]) -> Result<()> {
    for (number, file) in wanted.iter().enumerate() {
        let twice = wanted[..number]
            .iter()
            .any(|other| other.guest == file.guest);
        ensure!(
            !twice,
            BadRequest::new(format!(
                "--out {} is there twice: leave one out",
                file.guest
            ))
        );
        ensure!(
            !is_special(&file.host),
            BadRequest::new(format!(
                "--out {}:{}: this is no regular file: name another",
                file.guest,
                printable(&file.host.to_string_lossy())
            ))
        );
    }
    Ok(())
}

/// Unpacks an archive that a guest has packed. It may hold anything: nothing is written
/// but what is wanted, and no link leads out of that.
///
/// # Errors
/// If something that is wanted is not there, or cannot be written.
pub fn unpack_files(mut archive: File, wanted: &[WantedFile]) -> Result<()> {
    const READING: &str = "reading the files of the guest";
    archive.rewind().context(READING)?;
    let mut archive: BufReader<File> = BufReader::new(archive);
    let mut found = vec![false; wanted.len()];
    let mut links = Vec::new();
    let mut unread = Vec::new();
    loop {
        let mut entry = newc::Reader::new(archive)
            .context("the files of the guest did not arrive whole: one may be over 4 GiB")?;
        if entry.entry().is_trailer() {
            break;
        }
        let Some((number, base, place)) = place(entry.entry().name(), wanted) else {
            bail!(
                "the guest sent {}, which is not wanted",
                printable(entry.entry().name())
            );
        };
        found[number] = true;
        let writing = || format!("writing {}", place.display());
        let mode = entry.entry().mode();
        match mode & KIND {
            libc::S_IFDIR => make_directories(base, &place).with_context(writing)?,
            libc::S_IFLNK if entry.entry().file_size() < libc::PATH_MAX as u32 => {
                let mut target = String::new();
                entry.read_to_string(&mut target).context(READING)?;
                links.push((place, PathBuf::from(target)));
            }
            UNREAD if entry.entry().file_size() < MOST_WORDS => {
                let name = printable(entry.entry().name());
                let mut why = String::new();
                entry.read_to_string(&mut why).context(READING)?;
                unread.push(format!("{name}: {}", printable(&why)));
            }
            libc::S_IFREG => {
                let mut file = create(base, &place).with_context(writing)?;
                let permissions = Permissions::from_mode(mode & 0o777);
                file.set_permissions(permissions).with_context(writing)?;
                archive = entry.to_writer(&mut file).with_context(writing)?;
                continue;
            }
            _ => {}
        }
        archive = entry.finish().context(READING)?;
    }
    // The last, so that nothing is written through them.
    for (place, target) in links {
        let inside = |component| matches!(component, Component::Normal(_) | Component::CurDir);
        if target.components().all(inside) {
            remove(&place)
                .and_then(|()| symlink(target, &place))
                .with_context(|| format!("writing {}", place.display()))?;
        }
    }
    for (wanted, found) in wanted.iter().zip(found) {
        ensure!(
            found,
            BadRequest::new(format!(
                "--out {}: the guest has no such file",
                wanted.guest
            ))
        );
    }
    if let Some(first) = unread.first() {
        let more = match unread.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        bail!("--out: the guest could not read {first}{more}; what it could is here");
    }
    Ok(())
}

/// A new file in place of what was there, with the directories above it.
fn create(base: &Path, path: &Path) -> io::Result<File> {
    match path.parent() {
        Some(above) if path != base => make_directories(base, above)?,
        Some(above) => fs::create_dir_all(above)?,
        None => {}
    }
    remove(path)?;
    File::create_new(path)
}

/// Makes a directory with those above it. Below the base, no link is followed: it would
/// lead out of what is wanted.
fn make_directories(base: &Path, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(base)?;
    let mut path = base.to_owned();
    for component in directory.strip_prefix(base).unwrap_or(Path::new("")) {
        path.push(component);
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ if fs::symlink_metadata(&path)?.is_dir() => {}
            _ => {
                let why = format!("{} is no directory: remove it", path.display());
                return Err(io::Error::other(why));
            }
        }
    }
    Ok(())
}

/// Removes what a file is to replace. A device, a FIFO or a socket stays: others use it.
fn remove(path: &Path) -> io::Result<()> {
    if is_special(path) {
        return Err(io::Error::other("it is no regular file"));
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_path_of_the_guest_is_absolute_and_has_a_name() {
        let parsed = |text: &str| {
            let wanted = WantedFile::parse(text)?;
            Ok((wanted.guest, wanted.host.display().to_string()))
        };
        let some = |guest: &str, host: &str| Ok((guest.to_owned(), host.to_owned()));
        assert_eq!(parsed("/out"), some("/out", "out"));
        assert_eq!(parsed("/a/out/:./here"), some("/a/out", "./here"));
        for text in ["out", "/", "", "/a/../b", ":x"] {
            let refused: Result<(String, String), String> = parsed(text);
            assert!(refused.unwrap_err().contains("/out:./results"), "{text}");
        }
    }

    fn archive(entries: &[(&str, u32, &[u8])]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for (name, mode, bytes) in entries {
            let entry = newc::Builder::new(name).mode(*mode);
            let mut writer = entry.write(&file, bytes.len().try_into().unwrap());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap();
        }
        newc::trailer(&mut file).unwrap();
        file
    }

    #[test]
    fn each_file_is_wanted_once_and_goes_to_the_nearest_place() {
        let wanted = |texts: &[&str]| -> Vec<WantedFile> {
            let parsed = texts.iter().map(|text| WantedFile::parse(text).unwrap());
            parsed.collect()
        };
        check_wanted(&wanted(&["/a", "/b"])).unwrap();
        let twice = check_wanted(&wanted(&["/a:./x", "/a:./y"])).unwrap_err();
        assert!(twice.to_string().contains("--out /a is there twice"));
        let device = check_wanted(&wanted(&["/a:/dev/null"])).unwrap_err();
        assert!(
            device
                .to_string()
                .contains("/dev/null: this is no regular file")
        );
        let nested = wanted(&["/a:x", "/a/b:y"]);
        let place = |name: &str| place(name, &nested).map(|(number, _, place)| (number, place));
        assert_eq!(place("/a/c"), Some((0, "x/c".into())));
        assert_eq!(place("/a/b/c"), Some((1, "y/c".into())));
        assert_eq!(place("/c"), None);
    }

    #[test]
    fn nothing_is_written_outside_of_what_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let host = dir.path().join("host");
        let outside = dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        let wanted = [WantedFile {
            guest: "/out".to_owned(),
            host: host.clone(),
        }];
        let (directory, link, file) = (libc::S_IFDIR | 0o755, libc::S_IFLNK, libc::S_IFREG);
        let away = outside.to_str().unwrap().as_bytes();
        let packed = [
            ("/out", directory, &b""[..]),
            ("/out/away", link, away),
            ("/out/up", link, b"../outside"),
            ("/out/inside", link, b"file"),
            ("/out/file", file | 0o4755, b"bytes"),
        ];
        unpack_files(archive(&packed), &wanted).unwrap();
        assert_eq!(fs::read(host.join("inside")).unwrap(), b"bytes");
        let mode = fs::metadata(host.join("file"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o755);
        assert!(!host.join("away").exists() && !host.join("up").exists());
        // Again, through what is there by now.
        unpack_files(archive(&packed), &wanted).unwrap();
        // A link that was there.
        symlink(&outside, host.join("led")).unwrap();
        let led = [
            ("/out/led", directory, &b""[..]),
            ("/out/led/x", file, b"x"),
        ];
        let refused = unpack_files(archive(&led), &wanted).unwrap_err();
        assert!(
            format!("{refused:#}").contains("no directory"),
            "{refused:#}"
        );
        assert!(unpack_files(archive(&led[1..]), &wanted).is_err());
        // A FIFO that was made meanwhile.
        let fifo = host.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let packed = [("/out/fifo", file, &b"bytes"[..])];
        let refused = unpack_files(archive(&packed), &wanted).unwrap_err();
        assert!(format!("{refused:#}").contains("it is no regular file"));
        assert!(is_special(&fifo));
        fs::remove_file(&fifo).unwrap();
        // A link that is longer than any path is none.
        let long = [("/out/long", link, &[b'x'; 5000][..])];
        unpack_files(archive(&long), &wanted).unwrap();
        assert!(fs::symlink_metadata(host.join("long")).is_err());
        for name in ["/out/../outside/x", "/other", "/outside", "out/x"] {
            let refused = unpack_files(archive(&[(name, file, b"x")]), &wanted);
            assert!(
                refused.unwrap_err().to_string().contains("not wanted"),
                "{name}"
            );
        }
        let some = [
            ("/out/a", UNREAD, &b"Input/output error"[..]),
            ("/out/b", file, b"b"),
            ("/out/c", UNREAD, b"x"),
        ];
        let some = unpack_files(archive(&some), &wanted)
            .unwrap_err()
            .to_string();
        assert!(
            some.contains("read /out/a: Input/output error, and 1 more"),
            "{some}"
        );
        assert_eq!(fs::read(host.join("b")).unwrap(), b"b");
        let missing = unpack_files(archive(&[]), &wanted).unwrap_err();
        assert!(missing.to_string().contains("no such file"));
        assert_eq!(fs::read_dir(outside).unwrap().count(), 0);
        let cut = tempfile::tempfile().unwrap();
        assert!(unpack_files(cut, &wanted).is_err());
    }
}
