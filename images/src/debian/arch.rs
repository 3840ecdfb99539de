//! What is particular to x86-64. All that depends on the architecture stands here.

/// What the kernel calls it, and what stands in lock files and in the cache.
pub(crate) const NAME: &str = "x86_64";
/// What Debian calls it.
pub(crate) const DEBIAN: &str = "amd64";
/// The index of a suite's packages, from the release file's directory, without the
/// suffix of its compression.
pub(crate) const INDEX: &str = "main/binary-amd64/Packages";
/// The flavours of a kernel that fit, the preferred first: the cloud one is a
/// quarter of the size and has what a virtual machine needs.
pub(crate) const FLAVOURS: [&str; 2] = ["cloud-amd64", "amd64"];
/// Where Debian's packages have their shared libraries.
pub(crate) const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
/// The loader of programs. The link to it in `lib64` is absolute, and would be the
/// host's.
pub(crate) const LOADER: &str = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";
/// Where QEMU's modules are.
pub(crate) const QEMU_MODULES: &str = "usr/lib/x86_64-linux-gnu/qemu";
/// What QEMU needs to emulate it: its program, and its files besides libraries; a
/// directory, with a slash at its end, means what lies in it.
pub(crate) const QEMU_FILES: [&str; 11] = [
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
];
