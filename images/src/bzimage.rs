//! Whether some bytes are a kernel that an x86 boot loader can start.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::select::SelectError;

/// So many bytes from the start hold what is looked at here.
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

/// Checks a file that somebody named as a kernel.
pub(crate) fn check_file(path: &Path) -> Result<(), SelectError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        File::open(path)?
            .take(HEADER_LEN as u64)
            .read_to_end(&mut start)?;
        Ok(start)
    };
    let start = read().map_err(|source| SelectError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    check(&start).map_err(|why| SelectError::NotAKernel {
        path: path.to_owned(),
        why,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The smallest thing that passes for a kernel.
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
