//! Takes large files out of an archive for a machine that may have them already.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::str;

use anyhow::{Context, Result, ensure};
use guest::KnownFile;
use images::files::Hasher;

use crate::system::anonymous;

/// The shortest file that is taken out, in bytes: what is shorter is sent as fast as named.
const SHORTEST: u64 = 64 << 10;
/// The length of the head of an entry, in bytes (cpio(5), "new ASCII format").
const HEAD: usize = 110;
/// Where numbers are in it, each of eight digits.
const MODE: usize = 14;
const FILE_SIZE: usize = 54;
const NAME_SIZE: usize = 94;
/// How many bytes are read at a time.
const PART: usize = 64 << 10;
/// The longest name, in bytes.
const LONGEST_NAME: u64 = 4096;
/// The name of the last entry.
const TRAILER: &[u8] = b"TRAILER!!!";

/// An archive, and what was taken out of it.
#[derive(Debug)]
pub(crate) struct SplitArchive {
    /// The archive without large files, and a list of those behind its end.
    pub(crate) file: File,
    /// Where their contents are in the file of the whole one.
    pub(crate) contents: Vec<Range<u64>>,
}

impl SplitArchive {
    /// Of the archive that begins at this place of a file.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn of(whole: &File, from: u64) -> Result<Self> {
        let mut out = BufWriter::new(anonymous::file("archive")?);
        let mut known: Vec<KnownFile> = Vec::new();
        let mut contents = Vec::new();
        let mut at = from;
        loop {
            let mut head = [0; HEAD];
            whole
                .read_exact_at(&mut head, at)
                .context("reading an archive")?;
            ensure!(head.starts_with(b"070701"), "what was packed is no archive");
            let number = |place: usize| -> Result<u64> {
                let digits = str::from_utf8(&head[place..place + 8])?;
                Ok(u64::from_str_radix(digits, 16)?)
            };
            let (mode, size, name_size) = (number(MODE)?, number(FILE_SIZE)?, number(NAME_SIZE)?);
            ensure!(
                name_size <= LONGEST_NAME,
                "a name in the archive is too long"
            );
            // Head and name together, and the content, end at multiples of four.
            let data = at + (HEAD as u64 + name_size).next_multiple_of(4);
            let next = data + size.next_multiple_of(4);
            let mut name = vec![0; usize::try_from(name_size)?];
            whole.read_exact_at(&mut name, at + HEAD as u64)?;
            let name = name.strip_suffix(b"\0").unwrap_or(&name);
            let is_file = u32::try_from(mode)? & libc::S_IFMT == libc::S_IFREG;
            let text = str::from_utf8(name).ok();
            match text.filter(|name| is_file && size >= SHORTEST && !name.starts_with("strata/")) {
                Some(name) => {
                    head[FILE_SIZE..FILE_SIZE + 8].copy_from_slice(b"00000000");
                    out.write_all(&head)?;
                    copy(whole, at + HEAD as u64..data, &mut out)?;
                    known.push(KnownFile {
                        name: name.to_owned(),
                        content: hash(whole, data..data + size)?,
                        bytes: size,
                    });
                    contents.push(data..data + size);
                }
                None => copy(whole, at..next, &mut out)?,
            }
            if name == TRAILER {
                break;
            }
            at = next;
        }
        serde_json::to_writer(&mut out, &known)?;
        let file = out.into_inner().map_err(|error| error.into_error())?;
        Ok(Self { file, contents })
    }
}

fn copy(from: &File, range: Range<u64>, to: &mut impl Write) -> Result<()> {
    let mut buffer = vec![0; PART];
    let mut at = range.start;
    while at < range.end {
        let length = usize::try_from(range.end - at).unwrap_or(PART).min(PART);
        let part = &mut buffer[..length];
        from.read_exact_at(part, at).context("reading an archive")?;
        to.write_all(part)?;
        at += length as u64;
    }
    Ok(())
}

fn hash(file: &File, range: Range<u64>) -> Result<String> {
    let mut hash = Hasher::default();
    copy(file, range, &mut hash)?;
    Ok(hash.finish())
}

#[cfg(test)]
mod tests {
    use images::Initramfs;

    use super::*;

    fn split(archive: &Initramfs) -> (Vec<u8>, File, Vec<Range<u64>>) {
        let mut whole = tempfile::tempfile().unwrap();
        whole.write_all(b"before").unwrap();
        archive.write(&mut whole).unwrap();
        let split = SplitArchive::of(&whole, 6).unwrap();
        let mut bytes = vec![0; usize::try_from(split.file.metadata().unwrap().len()).unwrap()];
        split.file.read_exact_at(&mut bytes, 0).unwrap();
        (bytes, whole, split.contents)
    }

    #[test]
    fn large_files_are_taken_out_and_listed() {
        let large: Vec<u8> = (0..SHORTEST + 3).map(|number| number as u8).collect();
        let archive = Initramfs::new()
            .dir("/a", 0o755)
            .file("/a/large", large.clone(), 0o4755)
            .file("/strata/stdin", large.clone(), 0o644)
            .file("/a/small", "small", 0o600);
        let (bytes, whole, contents) = split(&archive);
        let expected = Initramfs::new()
            .dir("/a", 0o755)
            .file("/a/large", "", 0o4755)
            .file("/strata/stdin", large.clone(), 0o644)
            .file("/a/small", "small", 0o600);
        let mut without = Vec::new();
        expected.write(&mut without).unwrap();
        assert!(
            bytes.starts_with(&without),
            "{} {}",
            bytes.len(),
            without.len()
        );
        let listed: Vec<KnownFile> = serde_json::from_slice(&bytes[without.len()..]).unwrap();
        let [known] = &listed[..] else {
            panic!("{listed:?}")
        };
        assert_eq!(
            (known.name.as_str(), known.bytes),
            ("a/large", SHORTEST + 3)
        );
        let mut content = vec![0; large.len()];
        whole
            .read_exact_at(&mut content, contents[0].start)
            .unwrap();
        assert!(content == large);
        assert_eq!(contents[0].end - contents[0].start, SHORTEST + 3);
        assert_eq!(known.content.len(), 64);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(SplitArchive::of(&file, 0).is_err());
        file.write_all(&[b'0'; 4096]).unwrap();
        assert!(SplitArchive::of(&file, 0).is_err());
        let mut archive = Vec::new();
        Initramfs::new()
            .file("/a", "b", 0o644)
            .write(&mut archive)
            .unwrap();
        archive[NAME_SIZE..NAME_SIZE + 8].copy_from_slice(b"ffffffff");
        file.write_all_at(&archive, 0).unwrap();
        let error = SplitArchive::of(&file, 0).unwrap_err().to_string();
        assert!(error.contains("too long"), "{error}");
    }
}
