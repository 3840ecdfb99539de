//! Compressed data of a package, unpacked as it is read.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::{PackageError, malformed};
use crate::files::read::unxz;

/// Unpacks data by how it begins: gzip, several streams of it, xz, zstd, or as it is.
pub(crate) fn unpack<'a>(mut data: impl Read + 'a) -> Result<Box<dyn Read + 'a>, PackageError> {
    let mut start = Vec::new();
    data.by_ref()
        .take(6)
        .read_to_end(&mut start)
        .map_err(malformed)?;
    let whole = std::io::Cursor::new(start.clone()).chain(data);
    Ok(match &start[..] {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Box::new(unxz(whole).map_err(malformed)?),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(StreamingDecoder::new(whole).map_err(malformed)?),
        _ => Box::new(whole),
    })
}
