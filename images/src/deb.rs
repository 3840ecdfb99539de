//! The one file of a `.deb` that is wanted: the kernel image.
//!
//! A package is verified before it is opened, yet nothing in it is believed:
//! every size has a limit, and no path in it names a file of this machine.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::bzimage;
use crate::hash::{Hasher, Limited};

/// The largest package is that of the plain flavour, some 110 MB.
pub(crate) const MAX_DEB: u64 = 256 << 20;
/// Kernel images have 2 to 15 MB.
pub(crate) const MAX_IMAGE: u64 = 64 << 20;
/// All modules of the plain flavour take up some 400 MB.
const MAX_UNPACKED: u64 = 1 << 30;
/// xz at its highest setting needs 65 MiB to unpack.
const MAX_XZ_MEMORY: u64 = 256 << 20;

/// A kernel image that was taken out of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extracted {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DebError {
    /// The package is not as it should be.
    #[error("{0}")]
    Malformed(String),
    /// The image could not be written.
    #[error(transparent)]
    Write(io::Error),
}

/// Writes the kernel image of a package to `image`.
pub(crate) fn extract_kernel(deb: &Path, image: &mut impl Write) -> Result<Extracted, DebError> {
    let file = File::open(deb).map_err(malformed)?;
    let mut archive = ar::Archive::new(BufReader::new(file));
    while let Some(member) = archive.next_entry() {
        let member = member.map_err(malformed)?;
        let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
        // dpkg and GNU ar disagree on whether names end in a slash.
        let data: Box<dyn Read> = match name.trim_end_matches('/') {
            "data.tar" => Box::new(member),
            "data.tar.gz" => Box::new(MultiGzDecoder::new(member)),
            "data.tar.xz" => {
                let decoder = Stream::new_stream_decoder(MAX_XZ_MEMORY, CONCATENATED);
                Box::new(XzDecoder::new_stream(member, decoder.map_err(malformed)?))
            }
            "data.tar.zst" => {
                Box::new(ruzstd::decoding::StreamingDecoder::new(member).map_err(malformed)?)
            }
            _ => continue,
        };
        return extract_from_tar(data, image);
    }
    Err(DebError::Malformed("a package without data.tar".to_owned()))
}

fn extract_from_tar(data: impl Read, image: &mut impl Write) -> Result<Extracted, DebError> {
    let mut archive = tar::Archive::new(Limited::new(data, MAX_UNPACKED));
    // Raw: long names and other extensions, for which a tar reader has to hold
    // text of any length in memory, are passed over. A kernel needs none.
    for member in archive.entries().map_err(malformed)?.raw(true) {
        let mut member = member.map_err(malformed)?;
        let path = member.path().map_err(malformed)?.into_owned();
        if !is_kernel(&path)? {
            continue;
        }
        let kind = member.header().entry_type();
        if !kind.is_file() {
            return Err(DebError::Malformed(format!(
                "{} is a link or a special file ({kind:?})",
                path.display()
            )));
        }
        if member.size() > MAX_IMAGE {
            return Err(DebError::Malformed(format!(
                "{} of {} bytes, more than a kernel has",
                path.display(),
                member.size()
            )));
        }
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).map_err(malformed)?;
        // The reader takes the end of the archive for the end of the file.
        if bytes.len() as u64 != member.size() {
            return Err(DebError::Malformed(format!(
                "{} ends after {} of {} bytes",
                path.display(),
                bytes.len(),
                member.size()
            )));
        }
        bzimage::check(&bytes).map_err(|why| {
            DebError::Malformed(format!("{} is no kernel: {why}", path.display()))
        })?;
        image.write_all(&bytes).map_err(DebError::Write)?;
        return Ok(Extracted {
            size: bytes.len() as u64,
            sha256: Hasher::of(&bytes),
        });
    }
    Err(DebError::Malformed(
        "a package without a kernel image".to_owned(),
    ))
}

/// Whether this is the image: `boot/vmlinuz-RELEASE` or
/// `[usr/]lib/modules/RELEASE/vmlinuz`. A path that leads out of the package is refused.
fn is_kernel(path: &Path) -> Result<bool, DebError> {
    let mut parts = Vec::new();
    let mut astray = false;
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => astray = true,
        }
    }
    let kernel = match parts[..] {
        ["boot", file] => file.starts_with("vmlinuz-"),
        ["lib", "modules", _, "vmlinuz"] | ["usr", "lib", "modules", _, "vmlinuz"] => true,
        _ => false,
    };
    if kernel && astray {
        return Err(DebError::Malformed(format!(
            "{} leads out of the package",
            path.display()
        )));
    }
    Ok(kernel)
}

fn malformed(error: impl ToString) -> DebError {
    DebError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_ends_in_an_error() {
        let mut header = tar::Header::new_gnu();
        header.set_path("usr/lib/firmware").unwrap();
        header.set_size(2 << 30);
        header.set_cksum();
        let endless = header.as_bytes().chain(io::repeat(0));
        let error = extract_from_tar(endless, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("more than it should"), "{error}");
    }

    #[test]
    fn only_the_image_is_taken_for_one() {
        for (path, kernel) in [
            ("./boot/vmlinuz-3.10-2-amd64", true),
            ("boot/vmlinuz-6.1.0-50-cloud-amd64", true),
            ("./usr/lib/modules/7.3.4+deb13-cloud-amd64/vmlinuz", true),
            ("./lib/modules/7.3.4/vmlinuz", true),
            ("./boot/System.map-3.10-2-amd64", false),
            ("./usr/share/doc/boot/vmlinuz-3.10", false),
            ("./usr/lib/modules/7.3.4/kernel/vmlinuz", false),
        ] {
            assert_eq!(is_kernel(Path::new(path)).unwrap(), kernel, "{path}");
        }
    }
}
