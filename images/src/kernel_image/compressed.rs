//! Images of arm64 that are compressed: what `make` calls `Image.gz`, and EFI zboot, its
//! `vmlinuz.efi` (drivers/firmware/efi/libstub/zboot-header.S).

use std::io::Read;

use flate2::read::GzDecoder;

use crate::kernel_image::{arm64_image, vmlinux};

/// The machine in the header of a program for EFI (`IMAGE_FILE_MACHINE_ARM64`).
const MACHINE: [u8; 2] = 0xaa64_u16.to_le_bytes();
/// Where an EFI program says where its header is.
const HEADER_AT: usize = 0x3c;

/// Looks whether a file that begins so holds a kernel of arm64.
pub(crate) fn check(start: &[u8]) -> Result<(), &'static str> {
    if let Some(at) = zboot_header(start) {
        let header = start.get(at..).unwrap_or_default();
        return match header.starts_with(b"PE\0\0") && header[4..].starts_with(&MACHINE) {
            true => Ok(()),
            false => Err("it is a program for EFI of another architecture"),
        };
    }
    if !start.starts_with(&[0x1f, 0x8b]) {
        return Err("it is not compressed by gzip, nor EFI zboot");
    }
    let mut first = Vec::new();
    // The rest of the file is missing, which is no fault.
    let _ = GzDecoder::new(start)
        .take(arm64_image::HEADER_LEN as u64)
        .read_to_end(&mut first);
    arm64_image::check(&first)
}

/// The kernel in an image.
pub(crate) fn unpack(image: &[u8]) -> Result<Vec<u8>, String> {
    check(image)?;
    let payload = match zboot_header(image) {
        None => image,
        Some(_) => {
            let word = |at: usize| {
                let four = image.get(at..at + 4)?.try_into().ok()?;
                usize::try_from(u32::from_le_bytes(four)).ok()
            };
            let part = |offset: usize, size| image.get(offset..)?.get(..size);
            let payload = word(8).zip(word(12)).and_then(|(at, size)| part(at, size));
            payload.ok_or("its payload is not in it")?
        }
    };
    let kernel = vmlinux::decompress(payload).map_err(|error| format!("its payload: {error}"))?;
    arm64_image::check(&kernel).map_err(|why| format!("its payload is no kernel: {why}"))?;
    Ok(kernel)
}

/// Where the header of an EFI zboot image is, if it is one.
fn zboot_header(start: &[u8]) -> Option<usize> {
    if start.get(..2)? != b"MZ" || start.get(4..8)? != b"zimg" {
        return None;
    }
    let four = start.get(HEADER_AT..HEADER_AT + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use test_archive::zboot_image;

    use super::*;

    const OF_ARM64: u16 = 0xaa64;

    /// A kernel as long as one page, and what it becomes.
    pub(crate) fn gzip() -> (Vec<u8>, Vec<u8>) {
        let mut kernel = arm64_image::tests::header();
        kernel.extend((0..8192_u32).flat_map(|number| (number * number).to_le_bytes()));
        kernel.extend(b"Linux version 6.1.0-50-cloud-arm64 (who@where) #1 SMP\n\0");
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&kernel).unwrap();
        (packed.finish().unwrap(), kernel)
    }

    #[test]
    fn a_kernel_comes_out_as_it_was() {
        let (packed, kernel) = gzip();
        let zboot = zboot_image(&packed, OF_ARM64);
        for image in [&packed, &zboot] {
            assert_eq!(check(&image[..512]), Ok(()));
            assert_eq!(unpack(image).as_ref(), Ok(&kernel));
        }
    }

    #[test]
    fn what_is_no_kernel_of_arm64_is_refused() {
        let (packed, _) = gzip();
        let mut text = GzEncoder::new(Vec::new(), Compression::default());
        text.write_all(&[b'a'; 4096]).unwrap();
        let text = text.finish().unwrap();
        assert!(check(&text).unwrap_err().contains("ARM"));
        assert!(check(b"MZ").is_err() && check(b"").is_err());
        let of_riscv = zboot_image(&packed, 0x5064);
        assert!(check(&of_riscv).unwrap_err().contains("another"));
        assert!(
            unpack(&zboot_image(&text, OF_ARM64))
                .unwrap_err()
                .contains("no kernel")
        );
        let whole = zboot_image(&packed, OF_ARM64);
        assert!(
            unpack(&whole[..whole.len() - 1])
                .unwrap_err()
                .contains("not in it")
        );
        assert!(unpack(&packed[..packed.len() - 9]).is_err());
        let mut astray = whole;
        astray[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(unpack(&astray).unwrap_err().contains("not in it"));
        astray[HEADER_AT..HEADER_AT + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(check(&astray).is_err());
    }
}
