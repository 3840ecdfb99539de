//! What depends on the processor of the kernels under test; may use: nothing else.

/// An architecture: the value of every constant that differs between processors.
///
/// What is no constant but code stays where it is: the boot protocol of kernel
/// images, and the faults that need instructions or registers of one processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arch {
    /// What `uname -m` says, and what stands in lock files and in the cache.
    pub name: &'static str,
    /// The target triple the guest is built for.
    pub target: &'static str,
    /// Debian's name of it.
    pub debian: &'static str,
    /// The index of a suite's packages, from the release file's directory, without the
    /// suffix of its compression.
    pub debian_index: &'static str,
    /// The flavours of Debian's kernel packages, the preferred one first.
    pub debian_flavours: [&'static str; 2],
    /// Where Debian's packages have their shared libraries.
    pub debian_libraries: [&'static str; 2],
    /// The loader of programs in Debian's packages. The link to it in `lib64` is
    /// absolute, and would be the host's.
    pub debian_loader: &'static str,
    /// QEMU's program.
    pub qemu: &'static str,
    /// Debian's packages of that program and its firmware.
    pub qemu_packages: &'static [&'static str],
    /// What QEMU needs: its program, and its files besides libraries; a directory,
    /// with a slash at its end, means what lies in it.
    pub qemu_files: &'static [&'static str],
    /// Where QEMU's modules are.
    pub qemu_modules: &'static str,
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
    /// The word of the kernel's command line that names the console.
    pub console: &'static str,
    /// The directories in which glibc looks last, each in `/` and in `/usr`: Debian's
    /// first, then those of other distributions.
    pub libraries: [&'static str; 3],
    /// The same directories for the 32-bit programs that its kernels run too.
    pub libraries_32: [&'static str; 3],
}

/// The processors of PCs, with 64 bits.
pub const X86_64: Arch = Arch {
    name: "x86_64",
    target: "x86_64-unknown-linux-gnu",
    debian: "amd64",
    debian_index: "main/binary-amd64/Packages",
    // The cloud flavour is a quarter of the size and has what a virtual machine needs.
    debian_flavours: ["cloud-amd64", "amd64"],
    debian_libraries: ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"],
    debian_loader: "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    qemu: "qemu-system-x86_64",
    qemu_packages: &[
        "qemu-system-x86",
        "qemu-system-common",
        "qemu-system-data",
        "seabios",
    ],
    qemu_files: &[
        "usr/bin/qemu-system-x86_64",
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
    qemu_modules: "usr/lib/x86_64-linux-gnu/qemu",
    machine: "pc",
    cpu: "qemu64,-cx16",
    console: "console=ttyS0,115200",
    libraries: ["lib/x86_64-linux-gnu", "lib64", "lib"],
    libraries_32: ["lib/i386-linux-gnu", "lib32", "lib"],
};
