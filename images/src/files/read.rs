//! Reading no more of a file than is meant to be there.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// xz at its highest setting needs 65 MiB to unpack.
const MAX_XZ_MEMORY: u64 = 256 << 20;
/// The largest text that is read whole: the lock file of all uploads.
const MAX_TEXT: u64 = 4 << 20;

/// Opens a regular file to read it. Anything else is an error: to open a FIFO
/// would wait until something writes to it, and a device may have no end.
///
/// # Errors
/// Where it is no regular file, and where it cannot be opened.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let why = "it is no regular file: write what it gives to one, and name that";
    regular(options.read(true), libc::O_NOCTTY, path, why)
}

/// Opens a file of the cache to write to it, and creates it where there is none. A
/// link is not followed: it might lead to a file outside of the cache.
pub(crate) fn open_own(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let why = "it is no regular file; remove it";
    regular(&mut options, libc::O_NOFOLLOW, path, why)
}

fn regular(options: &mut OpenOptions, flags: i32, path: &Path, why: &str) -> io::Result<File> {
    let file = options.custom_flags(libc::O_NONBLOCK | flags).open(path)?;
    match file.metadata()? {
        about if about.is_file() => Ok(file),
        about if about.is_dir() => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        _ => Err(io::Error::other(why)),
    }
}

/// What was read; none where there is no such file, or another than it should be. Any
/// other error is the host's, and says nothing about the file.
pub(crate) fn if_there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) => match error.raw_os_error() {
            // What has no number is not said by the system, but here.
            None
            | Some(libc::ENOENT | libc::EISDIR | libc::ENOTDIR | libc::ELOOP | libc::ENXIO) => {
                Ok(None)
            }
            _ => Err(error),
        },
    }
}

/// The bytes of a regular file, which has no more than `limit`.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Limited::new(open_regular(path)?, limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a regular file that this program keeps.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    Limited::new(open_regular(path)?, MAX_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

/// A reader that fails when there is more than so many bytes, where
/// [`Read::take`] would pretend that there is no more.
pub(crate) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    pub(crate) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it unpacks to more than it should")),
        }
        Ok(read)
    }
}

/// Unpacks xz: one stream after another, in memory that does not depend on what
/// they ask for.
pub(crate) fn unxz<R: Read>(packed: R) -> io::Result<XzDecoder<R>> {
    let decoder = Stream::new_stream_decoder(MAX_XZ_MEMORY, CONCATENATED)?;
    Ok(XzDecoder::new_stream(packed, decoder))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn one_byte_too_many_is_an_error() {
        let read = |limit| io::copy(&mut Limited::new(&b"12345"[..], limit), &mut io::sink());
        assert_eq!(read(5).unwrap(), 5);
        assert!(read(4).is_err());
    }

    #[test]
    fn xz_gets_no_more_memory_than_it_may() {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
        encoder.write_all(b"content").unwrap();
        let mut packed = encoder.finish().unwrap();
        let unpack = |packed: &[u8]| io::copy(&mut unxz(packed)?, &mut io::sink());
        assert_eq!(unpack(&packed).unwrap(), 7);
        // The size of the dictionary, which is now 4 GiB, and the sum of the header.
        packed[16] = 40;
        let mut sum = flate2::Crc::new();
        sum.update(&packed[12..20]);
        packed[20..24].copy_from_slice(&sum.sum().to_le_bytes());
        let error = unpack(&packed).unwrap_err().to_string();
        assert!(error.contains("memory"), "{error}");
    }
}
