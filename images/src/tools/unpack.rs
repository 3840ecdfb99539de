//! The files of a package that a tool keeps, unpacked.
//!
//! A package is verified before it is opened, yet its contents are not trusted: every
//! size has a limit, and no path and no link in it leads out of the root.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path};

use crate::debian::deb::data;
use crate::files::hash::Hasher;
use crate::files::read::{Limited, open_regular};
use crate::package::{MAX_UNPACKED, MemberKind, PackageError, PackageMember, malformed};
use crate::tools::ToolName;
use crate::tools::file_list::{FileKind, FileList};

/// The largest is QEMU itself, some 20 MB.
const MAX_FILE: u64 = 128 << 20;

/// Writes the files of a package that the tool keeps below the root, if there is
/// one, and adds them to the list.
pub(crate) fn unpack(
    deb: &Path,
    tool: ToolName,
    root: Option<&Path>,
    list: &mut FileList,
) -> Result<(), PackageError> {
    let deb = BufReader::new(open_regular(deb).map_err(malformed)?);
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
        if list.0.contains_key(&path) {
            return Err(malformed(format!("{path} is there twice")));
        }
        let place = root.map(|root| root.join(&path));
        if let Some(dir) = place.as_deref().and_then(Path::parent) {
            fs::create_dir_all(dir).map_err(PackageError::Write)?;
        }
        let entry = if kind.is_symlink() {
            let target = member.link_name().map_err(malformed)?.unwrap_or_default();
            // Such as the loader's in lib64, which is absolute: not needed.
            let Some(target) = plain(&target).filter(|target| !target.contains('/')) else {
                continue;
            };
            if let Some(place) = place {
                symlink(&target, place).map_err(PackageError::Write)?;
            }
            FileKind::Link(target)
        } else if kind.is_file() {
            let executable = member.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            let mut file = PackageMember {
                path: path.clone(),
                kind: MemberKind::File,
                size: member.size(),
                content: &mut member,
            };
            let bytes = file.read(MAX_FILE, "a tool")?;
            if let Some(place) = place {
                write(&place, &bytes, executable).map_err(PackageError::Write)?;
            }
            FileKind::File {
                executable,
                size: bytes.len() as u64,
                sha256: Hasher::of(&bytes),
            }
        } else {
            let why = format!("{path} is neither a file nor a symbolic link ({kind:?})");
            return Err(malformed(why));
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

/// The root was empty: nothing is there that might be followed.
fn write(place: &Path, bytes: &[u8], executable: bool) -> io::Result<()> {
    let mut file = File::create_new(place)?;
    file.write_all(bytes)?;
    let mode = if executable { 0o755 } else { 0o644 };
    file.set_permissions(Permissions::from_mode(mode))
}
