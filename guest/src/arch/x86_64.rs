use super::Arch;

/// The processors of PCs, with 64 bits.
pub const X86_64: Arch = Arch {
    name: "x86_64",
    names: &["x86-64", "amd64", "x86_64"],
    target: "x86_64-unknown-linux-gnu",
    linker: None,
    debian: "amd64",
    debian_index: "main/binary-amd64/Packages",
    // The cloud flavour is a quarter of the size and has what a virtual machine needs.
    debian_flavours: ["cloud-amd64", "amd64"],
    debian_libraries: ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"],
    debian_loader: "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    qemu: "qemu-system-x86_64",
    qemu_tool: "qemu",
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
    busybox_tool: "busybox",
    machine: "pc",
    slots: None,
    // Newer models break old kernels: 3.8 to 3.12 built without CONFIG_X86_SMAP cannot run
    // `/init` (EFAULT) on a processor that has SMAP, as `-cpu max` does.
    //
    // CMPXCHG16B, which kernels do not need, is left out: as QEMU 7.2 emulates it, an
    // interrupt right behind it can find garbage in EFLAGS, and the kernel dies of a double
    // fault in its allocator. Of 40 boots of Debian's 6.12.95, four at a time, 16 were hit;
    // without it, none of 40.
    cpu: "qemu64,-cx16",
    kvm_cpu: "qemu64,-cx16",
    // No wire is slow here, but the UART counts in characters how long it may keep what has
    // come in.
    //
    // `no_timer_check`: under emulation on a loaded host, the test whether the timer
    // interrupts arrive can fail.
    command_line: &["console=ttyS0,115200", "no_timer_check"],
    console: "console=ttyS0",
    elf_machine: 62,
    elf_machine_32: Some(3),
    libraries: ["lib/x86_64-linux-gnu", "lib64", "lib"],
    libraries_32: ["lib/i386-linux-gnu", "lib32", "lib"],
    cross_root: "/usr/x86_64-linux-gnu",
    tree: "arch/x86",
    built_image: "bzImage",
    place: "RIP: ",
    interrupts: &["common_interrupt"],
    // No timer interrupt may arrive while the kernel waits for one
    // (arch/x86/kernel/apic/io_apic.c). `no_timer_check` turns that test off in most kernels.
    hosts_fault: Some("IO-APIC + timer doesn't work"),
};
