//! The members of a tar archive.

use std::io::Read;

use super::{MemberKind, PackageError, PackageMember, Visit, malformed};
use crate::files::read::Limited;

/// The longest path of a member.
const MAX_NAME: u64 = 4096;

/// Visits the members of an archive that unpacks to no more than `limit` bytes.
pub(crate) fn each(data: impl Read, limit: u64, visit: Visit<'_>) -> Result<(), PackageError> {
    let mut archive = tar::Archive::new(Limited::new(data, limit));
    let mut long_name = None;
    // Raw: extensions for which a tar reader has to hold text of any length in memory are
    // passed over. A kernel needs none; but names of modules may be long.
    for entry in archive.entries().map_err(malformed)?.raw(true) {
        let mut entry = entry.map_err(malformed)?;
        let kind = entry.header().entry_type();
        let size = entry.size();
        let path = entry.path().map_err(malformed)?;
        let path = guest::printable(&path.to_string_lossy());
        let mut member = PackageMember {
            path: long_name.take().unwrap_or(path),
            kind: match kind {
                _ if kind.is_file() || kind.is_gnu_longname() => MemberKind::File,
                _ => MemberKind::Other(format!("{kind:?}")),
            },
            size,
            content: &mut entry,
        };
        if kind.is_gnu_longname() {
            "a name".clone_into(&mut member.path);
            let name = member.read(MAX_NAME, "a name")?;
            let name = String::from_utf8_lossy(&name);
            long_name = Some(name.trim_end_matches('\0').to_owned());
            continue;
        }
        if visit(&mut member)?.is_break() {
            break;
        }
    }
    Ok(())
}
