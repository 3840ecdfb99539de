//! Whether some bytes are a kernel that an x86 boot loader can start.

use std::io::{self, Read, Seek, SeekFrom};

/// The length of the header that is looked at here.
pub(crate) const HEADER_LEN: usize = 0x206;

/// Looks for the marks of the x86 boot protocol 2.00 or later
/// (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
pub(crate) fn check(start: &[u8]) -> Result<(), &'static str> {
    if start.len() < HEADER_LEN {
        return Err("it is shorter than a boot header");
    }
    if start[0x1fe..0x200] != [0x55, 0xaa] {
        return Err("there is no boot flag 55 aa at offset 0x1fe");
    }
    if &start[0x202..0x206] != b"HdrS" {
        return Err("there is no \"HdrS\" at offset 0x202");
    }
    Ok(())
}

/// What a kernel image says of itself, without being booted:
/// `6.1.0-50-cloud-amd64 (builder@host) #1 SMP …`; empty where it says nothing. Of an
/// image that was checked.
pub(crate) fn read_banner(mut image: impl Read + Seek) -> io::Result<String> {
    let mut pointer = [0; 2];
    image.seek(SeekFrom::Start(0x20e))?;
    image.read_exact(&mut pointer)?;
    let pointer = u16::from_le_bytes(pointer);
    if pointer == 0 {
        return Ok(String::new());
    }
    // "kernel_version" in the boot protocol: where the text is, less 0x200.
    image.seek(SeekFrom::Start(0x200 + u64::from(pointer)))?;
    let mut text = Vec::new();
    image.take(512).read_to_end(&mut text)?;
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The smallest header that passes for a kernel's.
    pub(crate) fn header() -> Vec<u8> {
        let mut header = vec![0; HEADER_LEN];
        header[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        header[0x202..0x206].copy_from_slice(b"HdrS");
        header
    }

    #[test]
    fn both_marks_are_needed() {
        assert_eq!(check(&header()), Ok(()));
        for offset in [0x1fe, 0x205] {
            let mut broken = header();
            broken[offset] ^= 1;
            assert!(check(&broken).is_err(), "offset {offset:#x}");
        }
        assert!(check(&header()[..HEADER_LEN - 1]).is_err());
    }
}
