//! A kernel without its own decompressor.
//!
//! A bzImage unpacks itself, which under emulation is a fourth of a boot. What
//! it unpacks is an ELF file, and QEMU starts that where it has an entry for it:
//! one that a note of the kind `XEN_ELFNOTE_PHYS32_ENTRY` names (PVH,
//! arch/x86/platform/pvh/head.S).

use std::io::{self, Read};

use flate2::read::GzDecoder;
use goblin::elf::Elf;
use liblzma::read::XzDecoder;
use lz4_flex::frame::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;

use crate::bzimage;
use crate::hash::Limited;

/// Debian's largest have some 62 MB.
const MAX_VMLINUX: u64 = 512 << 20;
/// The boot protocol that says where the payload is: 2.08
/// (Documentation/arch/x86/boot.rst, "payload_offset").
const WITH_PAYLOAD: u16 = 0x0208;
/// `XEN_ELFNOTE_PHYS32_ENTRY` (include/xen/interface/elfnote.h).
const PHYS32_ENTRY: u32 = 18;

/// What a bzImage would unpack, if that can be started as it is.
pub(crate) fn unpack(image: &[u8]) -> Result<Vec<u8>, String> {
    let payload = payload(image)?;
    let vmlinux = decompress(payload).map_err(|error| format!("its payload: {error}"))?;
    match has_entry(&vmlinux) {
        true => Ok(vmlinux),
        false => Err("it has no entry for a boot without decompressor (CONFIG_PVH)".to_owned()),
    }
}

/// The compressed kernel in an image.
fn payload(image: &[u8]) -> Result<&[u8], String> {
    bzimage::check(image)?;
    let word = |at: usize| image.get(at..at + 4).map(|four| four.try_into().map(u32::from_le_bytes));
    let protocol = u16::from_le_bytes([image[0x206], *image.get(0x207).unwrap_or(&0)]);
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
    let payload = image.get(start..).and_then(|rest| rest.get(..length as usize));
    payload.ok_or_else(|| "its payload is not in it".to_owned())
}

/// Undoes what scripts/Makefile.lib does to a kernel, which appends the length
/// to all but gzip.
fn decompress(payload: &[u8]) -> io::Result<Vec<u8>> {
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

fn has_entry(vmlinux: &[u8]) -> bool {
    let Ok(elf) = Elf::parse(vmlinux) else {
        return false;
    };
    let notes = elf.iter_note_headers(vmlinux).into_iter().flatten().flatten();
    elf.is_64
        && notes
            .into_iter()
            .any(|note| note.name == "Xen" && note.n_type == PHYS32_ENTRY)
}
