//! Whether some bytes are a kernel that an arm64 boot loader can start: what `make` calls
//! `Image`. It is the kernel itself, without a decompressor.

/// The length of the header.
pub(crate) const HEADER_LEN: usize = 64;

/// Looks for the mark of the boot protocol (Documentation/arch/arm64/booting.rst, "Call the
/// kernel image").
pub(crate) fn check(start: &[u8]) -> Result<(), &'static str> {
    match start.get(..HEADER_LEN) {
        Some(header) if header[56..60] == *b"ARM\x64" => Ok(()),
        Some(_) => Err("there is no \"ARM\\x64\" at offset 0x38"),
        None => Err("it is shorter than a boot header"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The smallest header that passes for a kernel's.
    pub(crate) fn header() -> Vec<u8> {
        let mut header = vec![0; HEADER_LEN];
        header[56..60].copy_from_slice(b"ARM\x64");
        header
    }

    #[test]
    fn the_mark_is_needed() {
        assert_eq!(check(&header()), Ok(()));
        let mut broken = header();
        broken[59] ^= 1;
        assert!(check(&broken).is_err());
        assert!(check(&header()[..HEADER_LEN - 1]).is_err());
    }
}
