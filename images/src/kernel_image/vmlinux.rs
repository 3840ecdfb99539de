//! A kernel without its own decompressor.
//!
//! A bzImage unpacks itself, which under emulation is a fourth of a boot. What
//! it unpacks is an ELF file, and QEMU starts that where it has an entry for it:
//! an entry that a note of the kind `XEN_ELFNOTE_PHYS32_ENTRY` names (PVH,
//! arch/x86/platform/pvh/head.S).

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::GzDecoder;
use goblin::container::{Container, Ctx};
use goblin::elf::Elf;
use goblin::elf::program_header::{PT_NOTE, ProgramHeader};
use liblzma::read::XzDecoder;
use lz4_flex::frame::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;

use guest::{Arch, X86_64};

use crate::files::open_regular;
use crate::files::read::Limited;
use crate::kernel_image::bzimage;

/// Debian's largest have some 62 MB.
pub(crate) const MAX_VMLINUX: u64 = 512 << 20;
/// The boot protocol that says where the payload is: 2.08
/// (Documentation/arch/x86/boot.rst, "payload_offset").
const WITH_PAYLOAD: u16 = 0x0208;
/// `XEN_ELFNOTE_PHYS32_ENTRY` (include/xen/interface/elfnote.h).
const PHYS32_ENTRY: u32 = 18;
/// The architecture of a kernel that has that entry.
pub(crate) const ARCH: &Arch = &X86_64;
/// Why QEMU cannot start a kernel without its decompressor.
const NO_ENTRY: &str = "it has no entry for a boot without decompressor (CONFIG_PVH)";
/// The program headers of a kernel are in its first page.
const ELF_START: u64 = 4096;
/// All notes of a kernel together have some 500 bytes.
const MAX_NOTES: u64 = 64 << 10;
/// The words before the release in every kernel (init/version.c).
const BANNER: &[u8] = b"Linux version ";
/// The longest banner that is taken.
const LONGEST: usize = 512;
/// How much is searched at a time, in bytes.
const PART: usize = 1 << 20;

/// What a bzImage would unpack, if that can be started as it is.
pub(crate) fn unpack(image: &[u8]) -> Result<Vec<u8>, String> {
    let vmlinux = decompressed(image)?;
    match has_entry(&vmlinux) {
        true => Ok(vmlinux),
        false => Err(NO_ENTRY.to_owned()),
    }
}

/// What a bzImage would unpack.
pub(crate) fn decompressed(image: &[u8]) -> Result<Vec<u8>, String> {
    decompress(payload(image)?).map_err(|error| format!("its payload: {error}"))
}

/// The compressed kernel in an image.
fn payload(image: &[u8]) -> Result<&[u8], String> {
    bzimage::check(image)?;
    let word = |at: usize| {
        image
            .get(at..at + 4)
            .map(|four| four.try_into().map(u32::from_le_bytes))
    };
    let byte = |at: usize| image.get(at).copied().unwrap_or(0);
    let protocol = u16::from_le_bytes([byte(0x206), byte(0x207)]);
    let (Some(Ok(offset)), Some(Ok(length))) = (word(0x248), word(0x24c)) else {
        return Err("it is shorter than its header".to_owned());
    };
    if protocol < WITH_PAYLOAD {
        return Err("it does not say where its payload is".to_owned());
    }
    // Sectors of real-mode code, 4 where it says 0, after the boot sector.
    let setup = match image[0x1f1] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (setup + 1) * 512 + offset as usize;
    let payload = image
        .get(start..)
        .and_then(|rest| rest.get(..length as usize));
    payload.ok_or_else(|| "its payload is not in it".to_owned())
}

/// Undoes what scripts/Makefile.lib does to a kernel, which appends the length
/// to all but gzip.
pub(crate) fn decompress(payload: &[u8]) -> io::Result<Vec<u8>> {
    let unsupported = || io::Error::other("compressed in a way that is not known here");
    let without_length = payload.len().saturating_sub(4);
    let reader: Box<dyn Read + '_> = match payload {
        [0x1f, 0x8b, ..] => Box::new(GzDecoder::new(payload)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(XzDecoder::new(payload)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Box::new(StreamingDecoder::new(payload).map_err(io::Error::other)?)
        }
        [0x02, 0x21, 0x4c, 0x18, ..] => Box::new(FrameDecoder::new(&payload[..without_length])),
        _ => return Err(unsupported()),
    };
    let mut vmlinux = Vec::new();
    Limited::new(reader, MAX_VMLINUX).read_to_end(&mut vmlinux)?;
    Ok(vmlinux)
}

/// Checks that QEMU can start a file, of which only headers and notes are read: with
/// debug information, a kernel has hundreds of megabytes.
pub(crate) fn check_file(path: &Path) -> io::Result<()> {
    let mut file = open_regular(path)?;
    let mut start = Vec::new();
    (&mut file).take(ELF_START).read_to_end(&mut start)?;
    let malformed = |_| io::Error::other("its ELF header is malformed");
    let header = Elf::parse_header(&start).map_err(malformed)?;
    let context = Ctx::new(Container::Big, header.endianness().map_err(malformed)?);
    let headers = usize::try_from(header.e_phoff).unwrap_or(usize::MAX);
    let headers = ProgramHeader::parse(&start, headers, header.e_phnum.into(), context);
    let is_64 = header.e_ident[4] == 2;
    for header in headers.map_err(malformed)? {
        if header.p_type != PT_NOTE {
            continue;
        }
        let mut notes = Vec::new();
        file.seek(SeekFrom::Start(header.p_offset))?;
        let length = header.p_filesz.min(MAX_NOTES);
        (&mut file).take(length).read_to_end(&mut notes)?;
        // Name of 4 bytes, any description, the type, the name.
        let entry = [&PHYS32_ENTRY.to_le_bytes()[..], b"Xen\0"].concat();
        if is_64 && notes.windows(entry.len()).any(|part| part == entry) {
            return Ok(());
        }
    }
    Err(io::Error::other(format!("{NO_ENTRY}: name its bzImage")))
}

/// What a kernel that is not compressed says of itself: the first banner in it, from the
/// release on; empty if there is none.
pub(crate) fn read_banner(mut file: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        // Keep what may be the beginning of a banner.
        let keep = bytes.len().min(BANNER.len() + LONGEST);
        bytes.drain(..bytes.len() - keep);
        let read = (&mut file).take(PART as u64).read_to_end(&mut bytes)?;
        let mut from = 0;
        while let Some(at) = find(&bytes[from..], BANNER) {
            from += at + BANNER.len();
            let rest = &bytes[from..];
            // The format "Linux version %s" is in the image, too.
            let is_one = rest.first().is_some_and(u8::is_ascii_digit);
            if is_one && (rest.len() >= LONGEST || read == 0) {
                let text = &rest[..rest.len().min(LONGEST)];
                let text = text.split(|byte| [0, b'\n'].contains(byte)).next();
                return Ok(String::from_utf8_lossy(text.unwrap_or_default()).into_owned());
            }
        }
        if read == 0 {
            return Ok(String::new());
        }
    }
}

/// Where some words begin. At every boot, 50 MB are searched, in debug builds too: so
/// memmem(3) does it.
pub(crate) fn find(bytes: &[u8], words: &[u8]) -> Option<usize> {
    // SAFETY: both pointers are valid for the lengths that are passed.
    let found = unsafe {
        libc::memmem(
            bytes.as_ptr().cast(),
            bytes.len(),
            words.as_ptr().cast(),
            words.len(),
        )
    };
    (!found.is_null()).then(|| found as usize - bytes.as_ptr() as usize)
}

fn has_entry(vmlinux: &[u8]) -> bool {
    let Ok(elf) = Elf::parse(vmlinux) else {
        return false;
    };
    let mut notes = elf
        .iter_note_headers(vmlinux)
        .into_iter()
        .flatten()
        .flatten();
    elf.is_64 && notes.any(|note| note.name == "Xen" && note.n_type == PHYS32_ENTRY)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// An ELF file with one note, of Xen's and this kind.
    fn vmlinux(kind: u32) -> Vec<u8> {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend([2, 0, 62, 0, 1, 0, 0, 0]); // ET_EXEC, EM_X86_64
        let note: Vec<u8> = [4, 4, kind]
            .iter()
            .flat_map(|word: &u32| word.to_le_bytes())
            .chain(*b"Xen\0\0\0\0\x01")
            .collect();
        for word in [0x100_0000, 64, 0] {
            elf.extend(u64::to_le_bytes(word)); // entry, program headers, no sections
        }
        elf.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        elf.extend([4, 0, 0, 0, 4, 0, 0, 0]); // PT_NOTE, readable
        let size = note.len() as u64;
        for word in [120, 0, 0, size, size, 4] {
            elf.extend(u64::to_le_bytes(word));
        }
        elf.extend(note);
        elf
    }

    /// An image with this payload behind one sector of real-mode code.
    fn image(payload: &[u8]) -> Vec<u8> {
        let mut image = bzimage::tests::header();
        image.resize(1024 + 16, 0);
        image[0x1f1] = 1;
        image[0x206..0x208].copy_from_slice(&0x020f_u16.to_le_bytes());
        image[0x248..0x24c].copy_from_slice(&16_u32.to_le_bytes());
        let length = u32::try_from(payload.len()).unwrap();
        image[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
        image.extend(payload);
        image
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn with_length(mut payload: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
        payload.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        payload
    }

    #[test]
    fn a_kernel_of_any_compression_is_unpacked() {
        let vmlinux = vmlinux(PHYS32_ENTRY);
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&vmlinux).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(
            vmlinux.as_slice(),
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        // As `lz4 -l` writes it: a magic number, then blocks with their lengths.
        let block = lz4_flex::block::compress(&vmlinux);
        let mut lz4 = vec![0x02, 0x21, 0x4c, 0x18];
        lz4.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        lz4.extend(block);
        for payload in [
            gzip(&vmlinux),
            with_length(xz.finish().unwrap(), &vmlinux),
            with_length(zstd, &vmlinux),
            with_length(lz4, &vmlinux),
        ] {
            let magic = payload[..4].to_vec();
            assert_eq!(unpack(&image(&payload)), Ok(vmlinux.clone()), "{magic:x?}");
        }
    }

    #[test]
    fn an_unpacked_kernel_says_what_it_is_anywhere() {
        let words = b"Linux version %s (\0Linux version 6.1.0-50-cloud-amd64 (who@where) #1 SMP\n";
        for before in [0, PART - 30, PART - 1, 2 * PART - 60, 3 * PART] {
            let mut image = vec![0x7f; before];
            image.extend(words);
            image.extend([0; 100]);
            let banner = read_banner(&image[..]).unwrap();
            assert_eq!(
                banner, "6.1.0-50-cloud-amd64 (who@where) #1 SMP",
                "{before}"
            );
        }
        assert_eq!(read_banner(&b"no kernel"[..]).unwrap(), "");
    }

    #[test]
    fn a_file_that_qemu_could_not_start_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vmlinux");
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            check_file(&path).map_err(|error| error.to_string())
        };
        assert_eq!(check(&vmlinux(PHYS32_ENTRY)), Ok(()));
        let refused = check(&vmlinux(PHYS32_ENTRY - 1)).unwrap_err();
        assert!(refused.contains("CONFIG_PVH"), "{refused}");
        for length in 0..70 {
            assert!(check(&vmlinux(PHYS32_ENTRY)[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_kernel_that_qemu_could_not_start_is_not_unpacked() {
        let without = unpack(&image(&gzip(&vmlinux(PHYS32_ENTRY - 1))));
        assert!(without.unwrap_err().contains("CONFIG_PVH"));
        let no_kernel = unpack(&image(&gzip(b"no ELF file")));
        assert!(no_kernel.unwrap_err().contains("CONFIG_PVH"));
        let unknown = unpack(&image(b"BZh9"));
        assert!(unknown.unwrap_err().contains("not known here"));
    }

    #[test]
    fn a_payload_outside_of_the_image_is_an_error() {
        let mut image = image(&gzip(b"x"));
        image[0x24c..0x250].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(unpack(&image).unwrap_err().contains("not in it"));
        image[0x248..0x24c].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(unpack(&image).unwrap_err().contains("not in it"));
        assert!(unpack(&image[..0x206]).is_err());
    }
}
