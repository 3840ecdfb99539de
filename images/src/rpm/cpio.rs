//! The members of the cpio archive that an RPM's payload is.

use std::io::{self, Read};

use cpio::newc::Reader;

use crate::files::read::Limited;
use crate::package::{MemberKind, PackageError, PackageMember, Visit, malformed};

/// Of a header and the longest path.
const MAX_HEADER: u64 = 110 + 4096;
/// The bits of a mode that say what it is, and those of a regular file.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Visits the members of an archive that has no more than `limit` bytes.
pub(super) fn each(data: impl Read, limit: u64, visit: Visit<'_>) -> Result<(), PackageError> {
    let mut data = Limited::new(data, limit);
    loop {
        // Without this, the name would be as long as the header claims.
        let header = Reader::new((&mut data).take(MAX_HEADER)).map_err(malformed)?;
        let entry = header.entry();
        if entry.is_trailer() {
            return Ok(());
        }
        let (path, mode) = (guest::printable(entry.name()), entry.mode());
        let size = u64::from(entry.file_size());
        drop(header);
        let mut content = (&mut data).take(size);
        let mut member = PackageMember {
            path,
            kind: match mode & KIND {
                REGULAR => MemberKind::File,
                other => MemberKind::Other(format!("mode {other:o}")),
            },
            size,
            content: &mut content,
        };
        if visit(&mut member)?.is_break() {
            return Ok(());
        }
        io::copy(&mut content, &mut io::sink()).map_err(malformed)?;
        if content.limit() > 0 {
            return Err(malformed("it ends within a file"));
        }
        // Each begins at a multiple of four.
        let mut padding = vec![0; (size.next_multiple_of(4) - size) as usize];
        data.read_exact(&mut padding).map_err(malformed)?;
    }
}
