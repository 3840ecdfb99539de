//! The guest as bytes: the static program that is PID 1 of the kernel under test.
//!
//! The build script of this crate builds it, so a program that holds these bytes
//! needs neither the sources nor cargo when it boots a kernel.

use guest::arch::Arch;

/// For each architecture by its name: a static ELF program, or why there is none.
static GUESTS: &[(&str, Result<&[u8], &str>)] = include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The guest for kernels of an architecture.
///
/// # Errors
/// Where this program was built without it: why, and what to do.
pub fn guest(arch: &Arch) -> Result<&'static [u8], &'static str> {
    let found = GUESTS.iter().find(|(name, _)| *name == arch.name);
    found.map_or(Err("it is not known to this Strata"), |(_, guest)| *guest)
}

#[cfg(test)]
mod tests {
    use guest::arch;

    use super::*;

    #[test]
    fn the_guest_of_the_host_is_always_there() {
        assert!(guest(arch::HOST).is_ok());
    }

    #[test]
    fn a_guest_is_a_static_program_of_its_architecture() {
        for arch in arch::ALL {
            let guest = match guest(arch) {
                Ok(guest) => guest,
                Err(why) => {
                    assert!(why.contains(arch.target), "{why}");
                    continue;
                }
            };
            // elf(5): magic, 64 bits, least significant byte first; and `e_machine`.
            assert_eq!(&guest[..6], b"\x7fELF\x02\x01", "{arch}");
            assert_eq!(guest[18..20], arch.elf_machine.to_le_bytes(), "{arch}");
            // A dynamic program names its loader.
            for loader in [&b"/lib64/ld-"[..], b"/lib/ld-"] {
                let found = guest.windows(loader.len()).any(|bytes| bytes == loader);
                assert!(!found, "{arch}");
            }
        }
    }
}
