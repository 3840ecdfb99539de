//! The guest as bytes: the static program that is PID 1 of the kernel under test.
//!
//! The build script of this crate builds it, so a program that holds these bytes
//! needs neither the sources nor cargo when it boots a kernel.

/// An ELF program for x86-64, statically linked.
pub static GUEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/strata-guest"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_is_a_static_program() {
        // elf(5): magic, 64 bits, least significant byte first.
        assert_eq!(&GUEST[..6], b"\x7fELF\x02\x01");
        // A dynamic program names its loader.
        let loader = b"/lib64/ld-linux";
        assert!(!GUEST.windows(loader.len()).any(|bytes| bytes == loader));
    }
}
