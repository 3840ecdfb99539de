//! The smallest init there can be: it prints one line and ends the machine.

use std::path::Path;

use anyhow::Result;
use images::Initramfs;

/// What it prints.
pub(crate) const TEXT: &str = "strata floor";
const LINE: &[u8] = b"strata floor\n";

/// Where the file is loaded.
const BASE: u64 = 0x40_0000;
/// The ELF header and one program header, which the code follows.
const HEADERS: u64 = 64 + 56;

/// write(1, LINE); reboot(RB_AUTOBOOT), which ends QEMU on every kernel, with
/// ACPI or without, as the guest's own end does.
const CODE: &[u8] = &[
    0xb8,
    1,
    0,
    0,
    0, // mov eax, 1 (write)
    0xbf,
    1,
    0,
    0,
    0, // mov edi, 1
    0x48,
    0x8d,
    0x35,
    35,
    0,
    0,
    0, // lea rsi, [rip + 35]: the line
    0xba,
    LINE.len() as u8,
    0,
    0,
    0, // mov edx, its length
    0x0f,
    0x05, // syscall
    0xb8,
    169,
    0,
    0,
    0, // mov eax, 169 (reboot)
    0xbf,
    0xad,
    0xde,
    0xe1,
    0xfe, // mov edi, LINUX_REBOOT_MAGIC1
    0xbe,
    0x69,
    0x19,
    0x12,
    0x28, // mov esi, LINUX_REBOOT_MAGIC2
    0xba,
    0x67,
    0x45,
    0x23,
    0x01, // mov edx, LINUX_REBOOT_CMD_RESTART
    0x0f,
    0x05, // syscall
    0xeb,
    0xfe, // jmp to itself: PID 1 must not end
    0x90,
    0x90,
    0x90,
    0x90, // what makes the distance to the line 35
];

/// An initramfs with nothing but it.
pub(crate) fn pack(path: &Path) -> Result<()> {
    Initramfs::new()
        .dir("/dev", 0o755)
        .char_device("/dev/console", 5, 1, 0o600)
        .file("/init", elf(), 0o755)
        .write_to(path)
}

/// A static executable of one segment (elf(5)).
fn elf() -> Vec<u8> {
    let mut elf = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
    elf.resize(16, 0);
    let size = HEADERS + (CODE.len() + LINE.len()) as u64;
    let half = |words: &[u16], elf: &mut Vec<u8>| {
        elf.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    half(&[2, 62], &mut elf); // ET_EXEC, EM_X86_64
    elf.extend(1_u32.to_le_bytes()); // EV_CURRENT
    for word in [BASE + HEADERS, 64, 0] {
        elf.extend(word.to_le_bytes()); // entry, program headers, no sections
    }
    elf.extend(0_u32.to_le_bytes());
    half(&[64, 56, 1, 0, 0, 0], &mut elf); // sizes and numbers of headers
    elf.extend(1_u32.to_le_bytes()); // PT_LOAD
    elf.extend(5_u32.to_le_bytes()); // readable, executable
    for word in [0, BASE, BASE, size, size, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(CODE);
    elf.extend(LINE);
    elf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_finds_its_line() {
        // The instruction that takes the address ends 17 bytes into the code.
        let distance = usize::from(CODE[13]);
        assert_eq!(17 + distance, CODE.len());
        let elf = elf();
        let entry = usize::try_from(HEADERS).unwrap();
        assert_eq!(elf[entry..], [CODE, LINE].concat());
    }
}
