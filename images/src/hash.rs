//! Hashing what is read, and reading no more than is meant to be there.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use sha2::{Digest, Sha256};

/// xz at its highest setting needs 65 MiB to unpack.
const MAX_XZ_MEMORY: u64 = 256 << 20;

/// SHA-256, in lower case hexadecimal digits.
#[derive(Default)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        let digits = self
            .0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>();
        digits.concat()
    }

    pub(crate) fn of(bytes: &[u8]) -> String {
        let mut hasher = Self::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The size of a file in bytes, and its hash.
    pub(crate) fn of_file(path: &Path) -> io::Result<(u64, String)> {
        let mut file = open_regular(path)?;
        let mut hasher = Self::default();
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((size, hasher.finish())),
                read => {
                    hasher.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
    }
}

/// Opens a file to read it. Of anything but a regular file it is an error: to
/// open a FIFO would wait until somebody writes to it.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no regular file")),
    }
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
    fn a_hash_is_in_lower_case_digits() {
        assert_eq!(
            Hasher::of(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

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
