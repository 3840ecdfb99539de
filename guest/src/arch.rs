//! What depends on the processor of the kernels under test; may use: nothing else.

/// An architecture: the value of every constant that differs between processors.
///
/// What is no constant but code stays where it is: the boot protocol of kernel
/// images, and the faults that need instructions or registers of one processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arch {
    /// What `uname -m` says, and the kernel's `arch/` calls it or its parent.
    pub name: &'static str,
    /// The target triple the guest is built for.
    pub target: &'static str,
    /// Debian's name of it, in packages and indices.
    pub debian: &'static str,
    /// The flavours of Debian's kernel packages, the preferred one first.
    pub debian_flavours: &'static [&'static str],
    /// Debian's directory of shared libraries, below `/lib` and `/usr/lib`.
    pub multiarch: &'static str,
    /// QEMU's program.
    pub qemu: &'static str,
    /// Debian's package of that program.
    pub qemu_package: &'static str,
    /// Firmware and option ROMs of QEMU's package that a machine may load; a
    /// directory, with a slash at its end, means what lies in it.
    pub qemu_files: &'static [&'static str],
    /// Debian's package of the machine's firmware.
    pub firmware_package: &'static str,
    /// QEMU's `-machine`.
    pub machine: &'static str,
    /// QEMU's `-cpu`. On x86-64 it is a plain old processor that QEMU emulates
    /// everywhere.
    ///
    /// Newer models break old kernels: 3.8 to 3.12 built without CONFIG_X86_SMAP
    /// cannot run `/init` (EFAULT) on a processor that has SMAP, as `-cpu max` does.
    ///
    /// CMPXCHG16B, which kernels do not need, is left out: as QEMU 7.2 emulates it,
    /// an interrupt right behind it can find garbage in EFLAGS, and the kernel dies
    /// of a double fault in its allocator. Of 40 boots of Debian's 6.12.95, four at
    /// a time, 16 were hit; without it, none of 40.
    pub cpu: &'static str,
    /// The serial port's name in the guest, below `/dev`.
    pub serial: &'static str,
    /// Words of the kernel's command line that this architecture needs, besides
    /// those that all share.
    ///
    /// - `console`: where the transcript comes from. No wire is slow here, but the
    ///   UART counts in characters how long it may keep what has come in.
    /// - `no_timer_check`: under emulation on a loaded host, the test whether the
    ///   timer interrupts arrive can fail ("IO-APIC + timer doesn't work!").
    pub command_line: &'static [&'static str],
    /// The name of a kernel image in the kernel's build tree.
    pub image: &'static str,
    /// Where that is in the build tree.
    pub image_path: &'static str,
    /// `e_machine` of its ELF files (elf(5)).
    pub elf_machine: u16,
    /// The dynamic linker that its programs name.
    pub interpreter: &'static str,
    /// Where glibc looks for libraries last: as Debian and its kin build it, and as
    /// the others.
    pub libraries: &'static [&'static str],
    /// `e_machine` of the 32-bit programs that its kernels run too.
    pub elf_machine_32: Option<u16>,
    /// The same as `libraries` for those.
    pub libraries_32: &'static [&'static str],
}

/// The processors of PCs, with 64 bits.
pub const X86_64: Arch = Arch {
    name: "x86_64",
    target: "x86_64-unknown-linux-gnu",
    debian: "amd64",
    debian_flavours: &["cloud-amd64", "amd64"],
    multiarch: "x86_64-linux-gnu",
    qemu: "qemu-system-x86_64",
    qemu_package: "qemu-system-x86",
    qemu_files: &[
        "usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so",
        "usr/share/qemu/bios-microvm.bin",
        "usr/share/qemu/kvmvapic.bin",
        "usr/share/qemu/linuxboot.bin",
        "usr/share/qemu/linuxboot_dma.bin",
        "usr/share/qemu/multiboot.bin",
        "usr/share/qemu/multiboot_dma.bin",
        "usr/share/qemu/pvh.bin",
        "usr/share/qemu/qboot.rom",
        "usr/share/seabios/",
    ],
    firmware_package: "seabios",
    machine: "pc",
    cpu: "qemu64,-cx16",
    serial: "ttyS0",
    command_line: &["console=ttyS0,115200", "no_timer_check"],
    image: "bzImage",
    image_path: "arch/x86/boot/bzImage",
    elf_machine: 62,
    interpreter: "/lib64/ld-linux-x86-64.so.2",
    libraries: &[
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/lib",
        "/usr/lib",
    ],
    elf_machine_32: Some(3),
    libraries_32: &[
        "/lib/i386-linux-gnu",
        "/usr/lib/i386-linux-gnu",
        "/lib32",
        "/usr/lib32",
        "/lib",
        "/usr/lib",
    ],
};
