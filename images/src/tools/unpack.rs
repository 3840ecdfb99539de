//! What is wanted of a package, unpacked.
//!
//! A package is verified before it is opened, yet nothing in it is believed:
//! every size has a limit, and no path and no link in it leads out of the root.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path};

use super::ToolName;
use super::tree::{Kind, List};
use crate::deb::{DebError, MAX_UNPACKED, data};
use crate::hash::{Hasher, Limited};

/// The largest is QEMU itself, some 20 MB.
const MAX_FILE: u64 = 128 << 20;

/// Writes the files of a package that the tool keeps below the root, and adds
/// them to the list.
pub(super) fn unpack(
    deb: &Path,
    tool: ToolName,
    root: &Path,
    list: &mut List,
) -> Result<(), DebError> {
    let malformed = |error: io::Error| DebError::Malformed(error.to_string());
    let deb = BufReader::new(File::open(deb).map_err(malformed)?);
    let mut archive = tar::Archive::new(Limited::new(data(deb)?, MAX_UNPACKED));
    // Raw: no file that is kept has a name that is too long for a header.
    for member in archive.entries().map_err(malformed)?.raw(true) {
        let mut member = member.map_err(malformed)?;
        let Some(path) = plain(&member.path().map_err(malformed)?) else {
            continue;
        };
        if !tool.keeps(&path) {
            continue;
        }
        let kind = member.header().entry_type();
        if kind.is_dir() {
            continue;
        }
        let place = root.join(&path);
        fs::create_dir_all(place.parent().unwrap_or(root)).map_err(DebError::Write)?;
        let entry = if kind.is_symlink() {
            let target = member.link_name().map_err(malformed)?.unwrap_or_default();
            // Such as the loader's in lib64, which is absolute: not needed.
            let Some(target) = plain(&target).filter(|target| !target.contains('/')) else {
                continue;
            };
            written_once(symlink(&target, &place), &path)?;
            Kind::Link(target)
        } else if kind.is_file() {
            let executable = member.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            let bytes = read(&mut member, &path)?;
            let mut file = written_once(File::create_new(&place), &path)?;
            file.write_all(&bytes).map_err(DebError::Write)?;
            let mode = if executable { 0o755 } else { 0o644 };
            let mode = Permissions::from_mode(mode);
            file.set_permissions(mode).map_err(DebError::Write)?;
            Kind::File {
                executable,
                size: bytes.len() as u64,
                sha256: Hasher::of(&bytes),
            }
        } else {
            let why = format!("{path} is neither a file nor a symbolic link ({kind:?})");
            return Err(DebError::Malformed(why));
        };
        list.0.insert(path, entry);
    }
    Ok(())
}

/// A path without the `./` before it; none where it leads elsewhere, or has
/// bytes that no list of files can hold.
fn plain(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    let path = parts.join("/");
    (!path.is_empty() && !path.contains(char::is_control)).then_some(path)
}

fn read(member: &mut tar::Entry<'_, impl Read>, path: &str) -> Result<Vec<u8>, DebError> {
    let size = member.size();
    if size > MAX_FILE {
        let why = format!("{path} of {size} bytes, more than a tool has");
        return Err(DebError::Malformed(why));
    }
    let mut bytes = Vec::new();
    let read = member.read_to_end(&mut bytes);
    read.map_err(|error| DebError::Malformed(error.to_string()))?;
    // The reader takes the end of the archive for the end of the file.
    if bytes.len() as u64 != size {
        let why = format!("{path} ends after {} of {size} bytes", bytes.len());
        return Err(DebError::Malformed(why));
    }
    Ok(bytes)
}

/// The root was empty: what is there already is of these packages.
fn written_once<T>(written: io::Result<T>, path: &str) -> Result<T, DebError> {
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => DebError::Malformed(format!("{path} is there twice")),
        _ => DebError::Write(error),
    })
}
