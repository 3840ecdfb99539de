//! Writing so that a reader waits for nothing that was written.

use std::io::{self, Write};

/// Writes all of these bytes, and keeps none back.
pub(crate) fn write_out(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
